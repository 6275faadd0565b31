"""Stored configurations: reading those of earlier versions, and comparing what configurations compute."""

import json
import re
from collections.abc import Mapping
from typing import Any

from ml_collections import ConfigDict

from gan_jax import models
from gan_jax.config import FREE, default, resolved, types
from gan_jax.config import model as model_fields
from gan_jax.config.own_code import require_located
from gan_jax.data.roles import DEFAULTS, uses_maps

# Renamed fields of models: model -> old name -> new names. A removed field has no new name.
RENAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "cyclegan": {"width": ("g_width",)},
    "discogan": {"width": ("g_width", "d_width")},
    "pix2pix": {"width": ("g_width",)},
    "vae": {"num_classes": ()},
}
# Renamed players of models: model -> old name -> new name.
PLAYERS = {"dtn": {"g": "gen"}}

# Fields that change no figure of a run. FREE has more fields, because they decide which parameters a required
# run hands over.
DISPLAY = tuple(
    set(FREE) - {"steps", "evals", "best", "checkpoint_rule", "precision", "matmul_precision", "accumulate"}
)


_OF_MAPS = ("label_maps", "label_classes", "label_side", "label_colours", "class_names")


def renamed(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A stored configuration with this version's names of model fields, also in required runs."""
    config = dict(stored)
    fields = dict(stored.get("model", {}))
    for old, new in RENAMES.get(fields.get("name", ""), {}).items():
        if old in fields:
            fields |= dict.fromkeys(new, fields.pop(old))
    if "model" in stored:
        config["model"] = fields
    if "requires" in stored:
        config["requires"] = {name: renamed(needed) for name, needed in stored["requires"].items()}
    return config


def leaf_prefixes(model: str) -> dict[str, str]:
    """Prefixes of the names of a checkpoint's leaves: an earlier version's -> this version's."""
    return {f"players.{old}.": f"players.{new}." for old, new in PLAYERS.get(model, {}).items()}


def metric_prefixes(model: str) -> dict[str, str]:
    """Prefixes of the names of losses: an earlier version's -> this version's."""
    return {f"{old}/": f"{new}/" for old, new in PLAYERS.get(model, {}).items()}


def completed(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A stored configuration with this version's names of fields, and with the fields added since.

    An added field has its default. Versions without the field computed what the default says.

    Raises:
      ConfigError: a field has another type than it may have, or names a file of code by a relative path.
    """
    require_located(stored)
    types.check(stored, complete=False)  # renamed fields of earlier versions are not known here
    config = {**default().to_dict(), **renamed(stored)}
    config["data"] = {**default().data.to_dict(), **config["data"]}
    kind = config["model"].get("name", "")
    if models.exists(kind):
        config["model"] = {**model_fields(kind).to_dict(), **config["model"]}
    config["requires"] = {name: completed(needed) for name, needed in config["requires"].items()}
    return config


def whole(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A completed configuration whose roles have all fields and need no data sets."""
    return _with_roles(resolved(ConfigDict(completed(stored))).to_dict())


def comparable(stored: Mapping[str, Any]) -> dict[str, Any]:
    """What a configuration computes, as JSON. It is equal for two configurations that compute the same.

    It is `whole` without names of runs and data sets, folders of files, fields of reporting, and label maps
    of roles that do not read them. A split of images from files is written as the files' paths, so that the
    names of splits do not matter.
    """
    return json.loads(json.dumps(_computing(whole(stored))))


def canonical(stored: Mapping[str, Any]) -> dict[str, Any]:
    """`comparable` without fields that have their defaults, so that an added field changes nothing."""
    return _without_defaults(comparable(stored))


def _with_roles(config: dict[str, Any]) -> dict[str, Any]:
    for place in (config["data"], *config["evals"].values()):
        place["roles"] = {name: {**DEFAULTS, **spec} for name, spec in place["roles"].items()}
    config["requires"] = {name: _with_roles(needed) for name, needed in config["requires"].items()}
    return config


def _computing(config: dict[str, Any]) -> dict[str, Any]:
    dropped = (*DISPLAY, "name", "data.sets")
    kept = {name: value for name, value in config.items() if name not in dropped}
    kept["data"] = {name: value for name, value in config["data"].items() if f"data.{name}" not in dropped}
    for place in (kept["data"], *kept["evals"].values()):
        place["roles"] = {name: _by_paths(_without_unread(spec)) for name, spec in place["roles"].items()}
    kept["requires"] = {name: _computing(needed) for name, needed in config["requires"].items()}
    return kept


def _without_unread(role: dict[str, Any]) -> dict[str, Any]:
    """A role without the fields of label maps that it does not read. A data set may therefore get some."""
    if not role["label_maps"] or uses_maps(role):
        return role
    return {**role, **{field: DEFAULTS[field] for field in _OF_MAPS}}


def _by_paths(role: dict[str, Any]) -> dict[str, Any]:
    """A role of files whose `split`, `label_maps` and `label_lists` are written as the files' paths."""
    if not role["files"]:
        return role

    def slices(paths):
        def path(found):
            return paths.get(found[1], found[1]) + found[2]

        return "+".join(re.sub(r"^(\w+)(.*)$", path, part.strip()) for part in role["split"].split("+"))

    maps = slices(role["label_maps"]) if role["label_maps"] else ""
    # Lists that are not there keep their default, so that the form of earlier runs stays as it was.
    lists = {"label_lists": slices(role["label_lists"])} if role["label_lists"] else {}
    return {**role, "files": "", "split": slices(role["files"]), "label_maps": maps, **lists}


def _without_defaults(config: dict[str, Any]) -> dict[str, Any]:
    plain = json.loads(json.dumps(default().to_dict()))
    kind = config["model"].get("name", "")
    own = model_fields(kind).to_dict() if models.exists(kind) else {}
    kept = _differing(config, plain)
    kept["model"] = {"name": kind, **_differing(config["model"], json.loads(json.dumps(own)))}
    kept["data"] = _differing(config["data"], plain["data"])
    for place in (kept["data"], *kept.get("evals", {}).values()):
        roles = place.get("roles", {})
        place["roles"] = {name: _differing(spec, _ROLE) for name, spec in roles.items()}
    needed = config["requires"].items()
    return kept | {"requires": {name: _without_defaults(required) for name, required in needed}}


_ROLE = {**json.loads(json.dumps(DEFAULTS)), "files": "", "label_maps": ""}


def _differing(fields: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in fields.items() if k not in defaults or v != defaults[k]}
