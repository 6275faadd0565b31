"""Rows of an earlier file of results that today's configurations would give again."""

import json
from collections.abc import Callable, Collection
from typing import Any

import tables

from gan_jax.errors import WorkdirError
from gan_jax.runs import stored


def what_it_is(config: Any) -> Any:
    """A configuration's name and what it computes, not where its files are or how it reports."""
    return config["name"], stored.comparable(config)


def rows(
    place: str, known: Collection[str], changed: Callable[[str, Any], str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Rows of OUT.json with an unchanged configuration, and the reason for each row that is dropped.

    Args:
      place: the field of the file that has the rows. Each row has `name` and `config`.
      known: names of all rows that the experiment has.
      changed: a row's name and its stored `config` -> how it differs from today's; '' if it does not.

    Raises:
      WorkdirError: OUT.json is not a file of this experiment.
    """
    path = tables.out().with_name(f"{tables.out().name}.json")
    kept: dict[str, Any] = {}
    if not path.exists():
        return kept, {}
    try:
        held = {row["name"]: (row, row["config"]) for row in json.loads(path.read_text())[place]}
    except (ValueError, KeyError, TypeError) as error:
        raise WorkdirError(f"{path} is not a table of this experiment: {error!r}; move it away") from error
    dropped: dict[str, str] = {}
    for name, (row, config) in held.items():
        why = changed(name, config) if name in known else "there is no row of this name"
        if why:
            dropped[name] = why
        else:
            kept[name] = row
    return kept, dropped
