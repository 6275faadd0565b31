"""The numbers of classes that are folders: training's classes number every role of a run."""

from collections.abc import Mapping, Sequence
from typing import Any

from ml_collections import ConfigDict

from gan_jax import data
from gan_jax.config import resolve
from gan_jax.errors import DataError
from gan_jax.runs import required
from gan_jax.runs.workdir import Workdir

FILE = "classes.json"

Names = tuple[str, ...]


def training(config: ConfigDict) -> dict[str, Names]:
    """Training role -> the classes of its folders, in the order of their numbers; only roles with such.

    Roles that share a class number it alike: their classes are put together. A role that names its classes
    itself keeps them, and numbers the other roles.

    Raises:
      ConfigError, DataError: as for `data.classes`.
    """
    specs = {name: _resolved(config, spec) for name, spec in config.data.roles.items()}
    found = {name: _found(config, spec) for name, spec in specs.items()}
    groups: list[set[str]] = []
    for names in found.values():
        joined = set(names).union(*(group for group in groups if group & set(names)))
        groups = [group for group in groups if not group & joined] + [joined]
    given = [names for name, names in found.items() if specs[name]["class_names"]]

    def number(name: str, names: Names) -> Names:
        own = [names] if specs[name]["class_names"] else []
        shared = [one for one in (*own, *given) if set(one) & set(names)]
        return shared[0] if shared else data.in_order(next(group for group in groups if group >= set(names)))

    return {name: number(name, names) for name, names in found.items() if names}


def numbered(
    config: ConfigDict, specs: Mapping[str, Mapping[str, Any]], known: Sequence[Names]
) -> dict[str, Mapping[str, Any]]:
    """Roles whose field `class_names` has the names of the classes that number them. Others stay as they are.

    Args:
      config: the run's configuration.
      specs: the roles of an evaluation.
      known: lists of classes, training's first. A role is numbered by the first list with one of its classes.
    """
    resolved: dict[str, Mapping[str, Any]] = {}
    for name, spec in specs.items():
        full = _resolved(config, spec)
        found = set(_found(config, full)) if not full["class_names"] and known else ()
        if found:
            spec = {**full, "class_names": next((names for names in known if found & set(names)), known[0])}
        resolved[name] = spec
    return resolved


def of_run(config: ConfigDict) -> list[Names]:
    """All lists of classes that a run's evaluations may have: of its training, then of its required runs.

    Raises:
      DataError: a required run gives a class another number.
    """
    own = training(config)
    lists = list(own.values())
    for name, needed in config.requires.items():
        for names in training(required.inherit(config, needed)).values():
            for role, mine in own.items():
                if set(mine) & set(names) and mine != names:
                    raise DataError(
                        f"data.roles.{role} has the classes {', '.join(mine)}, and requires.{name} "
                        f"{', '.join(names)}: their numbers differ; give both the same class_names"
                    )
            lists.append(names)
    return list(dict.fromkeys(lists))


def keep(config: ConfigDict, folder: Workdir, reached: int) -> None:
    """Writes the names of a run's classes to `classes.json`, in the order of their numbers, by training role.

    Args:
      config: the run's configuration.
      folder: the run's folder.
      reached: the step that the run has reached.

    Raises:
      DataError: the folder's run has given the classes other numbers.
    """
    names = {role: list(found) for role, found in training(config).items()}
    stored = folder.read_json(FILE) if reached or folder.begun else None
    if stored is None and reached:  # earlier versions put 10 before 2
        stored = {role: found if config.data.roles[role].get("class_names") else sorted(found)
                  for role, found in names.items()}  # fmt: skip
    for role, found in names.items():
        if stored is not None and stored.get(role, found) != found:
            raise DataError(
                f"data.roles.{role} has the classes {', '.join(found)}, but the run in {folder.path} "
                f"numbered {', '.join(map(str, stored[role]))}; restore the folders or take another --workdir"
            )
    if names:
        folder.write_json(FILE, names)
    else:
        folder.remove(FILE)  # of a start that failed


def _resolved(config, spec):
    return {"classes": False, "class_names": (), **resolve(spec, config.data.sets)}


def _found(config, spec) -> Names:
    """The classes of a role's folders; () if no label of the role is read."""
    if not (spec["classes"] and (spec.get("labels", True) or spec.get("exclude"))):
        return ()
    return data.classes(spec, manual_dir=config.data.manual_dir)
