"""Configurations as runs store them: read whatever version wrote them, and compared by what they compute."""

import json
import re
from collections.abc import Mapping
from typing import Any

from ml_collections import ConfigDict

from gan_jax import models
from gan_jax.config import FREE, default, resolved
from gan_jax.config import model as model_fields
from gan_jax.data.roles import DEFAULTS

# Fields of models that had another name, by model: old name -> the new names, none for a field that went.
RENAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "cyclegan": {"width": ("g_width",)},
    "discogan": {"width": ("g_width", "d_width")},
    "pix2pix": {"width": ("g_width",)},
    "vae": {"num_classes": ()},
}
# Players of models that had another name: old name -> new name.
PLAYERS = {"dtn": {"g": "gen"}}

# Fields that no figure of a run depends on. Unlike FREE they do not have those of `key` that decide which
# parameters a required run hands over.
DISPLAY = tuple(set(FREE) - {"steps", "evals", "best", "checkpoint_rule"})


def renamed(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A stored configuration in whose models, required runs' too, fields have the names of this version."""
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
    """Beginnings of the names of a checkpoint's leaves that an earlier version used, old -> new."""
    return {f"players.{old}.": f"players.{new}." for old, new in PLAYERS.get(model, {}).items()}


def metric_prefixes(model: str) -> dict[str, str]:
    """Beginnings of the names of losses that an earlier version used, old -> new."""
    return {f"{old}/": f"{new}/" for old, new in PLAYERS.get(model, {}).items()}


def completed(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A stored configuration with what came later than its version: names of fields, and new fields.

    New fields have their defaults: that of a new field is what was done before there was one.
    """
    config = {**default().to_dict(), **renamed(stored)}
    config["data"] = {**default().data.to_dict(), **config["data"]}
    kind = config["model"].get("name", "")
    if kind in models.known():
        config["model"] = {**model_fields(kind).to_dict(), **config["model"]}
    config["requires"] = {name: completed(needed) for name, needed in config["requires"].items()}
    return config


def whole(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A completed configuration in which every role says by itself where its images are, by all fields."""
    return _with_roles(resolved(ConfigDict(completed(stored))).to_dict())


def comparable(stored: Mapping[str, Any]) -> dict[str, Any]:
    """What a configuration computes, as JSON: two that compute the same are equal, whatever they are called.

    It is `whole` without names of runs and sets, places of files, and ways of reporting. The split of images
    by files is made of their paths, whatever the splits are called.
    """
    return json.loads(json.dumps(_computing(whole(stored))))


def canonical(stored: Mapping[str, Any]) -> dict[str, Any]:
    """`comparable` without the fields that have their defaults, so that a new field changes nothing."""
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
        place["roles"] = {name: _by_paths(spec) for name, spec in place["roles"].items()}
    kept["requires"] = {name: _computing(needed) for name, needed in config["requires"].items()}
    return kept


def _by_paths(role: dict[str, Any]) -> dict[str, Any]:
    """A role whose split, where its images are files, is made of their paths; of label maps alike."""
    if not role["files"]:
        return role

    def slices(paths):
        def path(found):
            return paths.get(found[1], found[1]) + found[2]

        return "+".join(re.sub(r"^(\w+)(.*)$", path, part.strip()) for part in role["split"].split("+"))

    maps = slices(role["label_maps"]) if role["label_maps"] else ""
    return {**role, "files": "", "split": slices(role["files"]), "label_maps": maps}


def _without_defaults(config: dict[str, Any]) -> dict[str, Any]:
    plain = json.loads(json.dumps(default().to_dict()))
    kind = config["model"].get("name", "")
    own = model_fields(kind).to_dict() if kind in models.known() else {}
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
