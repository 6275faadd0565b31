"""Learning-rate schedules of a run that goes on: which fields may be extended, and the record of that."""

import logging
from collections.abc import Mapping
from typing import Any

from gan_jax import models
from gan_jax.errors import WorkdirError
from gan_jax.runs.workdir import Workdir

_log = logging.getLogger(__name__)

FILE = "extended.json"


def extended(stored: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """The fields by which a configuration extends the schedule of a stored one, as (stored, new).

    A schedule is extended if it ends later by the same field, and if it starts to fall as late or later. A
    schedule without an end cannot replace it, since the optimiser then has another state.

    Returns:
      Dotted fields, such as `model.decay_end`; none if the schedule is not extended.
    """
    old, new = stored["model"], config["model"]
    if old == new or old.get("name") != new.get("name"):
        return {}
    before, after = (models.create(fields).rate_ends for fields in (old, new))
    if before.keys() != after.keys() or not any(after[field] > before[field] for field in before):
        return {}
    fields = [field for field in (*before, "decay_start") if field in old and field in new]
    if any(new[field] < old[field] for field in fields):
        return {}
    return {f"model.{field}": (old[field], new[field]) for field in fields if new[field] != old[field]}


def record(folder: Workdir, changes: Mapping[str, tuple[int, int]], step: int) -> None:
    """Adds changed fields of a run's schedule, and the step of the change, to `extended.json`, once."""
    known, found = history(folder), {"step": step, **{name: list(both) for name, both in changes.items()}}
    if changes and found not in known:  # a run that was killed here comes here again
        folder.write_json(FILE, {"extended": [*known, found]})
        listed = ", ".join(f"{name}: {old} so far, {new} from now on" for name, (old, new) in changes.items())
        _log.info("the learning rate's schedule is extended at step %d: %s", step, listed)


def history(folder: Workdir) -> list[Any]:
    """What `record` has recorded in a folder, in order: `step`, and field -> [old value, new value].

    Raises:
      WorkdirError: the file is damaged.
    """
    found = (folder.read_json(FILE) or {"extended": []}).get("extended")
    if not isinstance(found, list):
        raise WorkdirError(f"{folder.path / FILE} cannot be read: it has no list 'extended'")
    return found
