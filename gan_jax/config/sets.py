"""Data sets, which are described once, and roles. A role names a data set and a slice of a split."""

import re
from collections.abc import Mapping
from typing import Any

import ml_collections

from gan_jax.data.embedded import catalogue
from gan_jax.data.roles import DEFAULTS
from gan_jax.errors import ConfigError, nearest

_OF_ROLES = ("split", "exclude", "labels")  # fields of roles, never of data sets
_OF_TABLES = ("attributes", "attributes_file")  # fields that only labels and choices by attributes need


def dataset(name: str = "", **fields: Any) -> dict[str, Any]:
    """A data set for `config.data.sets`: where its images are and how they are read.

    Args:
      name: name of an embedded or tfds data set; '' if `files` are given.
      **fields: the fields of `data.roles.complete` except `split`, `exclude` and `labels`, which belong to
        roles. `embedded`: the name of the embedded set that replaces the data set in `quick`; '' for none.
        Its default is the data set's own name if the data set is embedded, otherwise ''.

    Raises:
      ConfigError: an unknown field.
    """
    known = {k: v for k, v in DEFAULTS.items() if k not in _OF_ROLES}
    known |= {"name": name, "embedded": name if name in catalogue.NAMES else ""}
    for field in set(fields) - set(known):
        raise ConfigError(f"a data set's field {field!r} {nearest(field, known)}")
    return {**known, **fields}


def role(place: str, **fields: Any) -> dict[str, Any]:
    """A role of images: `role("photos[train[:7000]]", labels=False)`.

    Args:
      place: name of a data set in `config.data.sets`, followed by a split or slices of splits in brackets.
        Without brackets the split is `train`.
      **fields: `labels`, `exclude`, and other fields of `data.roles.complete`. A role's field replaces the
        data set's field of the same name.

    Raises:
      ConfigError: an unknown field, or a `place` of another form.
    """
    found = re.fullmatch(r"(\w+)(?:\[(.+)\])?", place)
    if not found:
        raise ConfigError(
            f"role {place!r} is not understood; expected SET or SET[SPLIT], such as photos[train]"
        )
    for field in set(fields) - set(DEFAULTS):
        raise ConfigError(f"a role's field {field!r} {nearest(field, DEFAULTS)}")
    return {"set": found[1], "split": found[2] or "train", "labels": True, "exclude": (), **fields}


def inline(name: str = "", split: str = "train", **fields: Any) -> dict[str, Any]:
    """A role without a data set. An embedded or tfds `name` or `files` say where its images are."""
    return {"name": name, "split": split, "files": {}, "exclude": (), "labels": True, **fields}


def resolve(spec: Mapping[str, Any], sets: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A role's fields and the fields of the data set that it names, as `data.load` takes them.

    A role without `set` stays as it is. A role that keeps no labels and chooses no images by attributes gets
    no table of attributes.

    Args:
      spec: the role.
      sets: data sets by their names.

    Raises:
      ConfigError: an unknown data set; the message has the nearest name.
    """
    if "set" not in spec:
        return dict(spec)
    own = {field: value for field, value in spec.items() if field != "set"}
    if spec["set"] not in sets:
        raise ConfigError(f"set={spec['set']!r} {nearest(spec['set'], sets)}")
    fields = {field: value for field, value in sets[spec["set"]].items() if field != "embedded"}
    full = {**fields, **own}
    if not (full.get("labels", True) or full.get("having") or full.get("lacking")):
        full |= {field: DEFAULTS[field] for field in _OF_TABLES if field not in own}
    return full


def resolved(config: ml_collections.ConfigDict) -> ml_collections.ConfigDict:
    """A copy without data sets in which all roles are resolved, also of evaluations and required runs."""
    return ml_collections.ConfigDict(_resolved(config.to_dict(), {}))


def _resolved(config: dict[str, Any], outer: Mapping[str, Any]) -> dict[str, Any]:
    sets = {**outer, **config["data"].get("sets", {})}
    config["data"]["sets"] = {}
    for place in (config["data"], *config["evals"].values()):
        place["roles"] = {name: resolve(spec, sets) for name, spec in place["roles"].items()}
    config["requires"] = {name: _resolved(needed, sets) for name, needed in config["requires"].items()}
    return config


def used(config: ml_collections.ConfigDict) -> set[str]:
    """Names of the data sets that the roles of a run and of its required runs use."""
    roles = [*config.data.roles.values(), *(r for e in config.evals.values() for r in e.roles.values())]
    own = {spec["set"] for spec in roles if "set" in spec}
    return own.union(*(used(needed) for needed in config.requires.values()))


def inherit(config: ml_collections.ConfigDict, required: ml_collections.ConfigDict) -> None:
    """Copies the data sets that `required` uses but does not have itself from `config`."""
    with required.unlocked():
        for name in sorted(used(required) & set(config.data.sets) - set(required.data.sets)):
            required.data.sets[name] = config.data.sets[name].to_dict()
