"""The fields of a configuration's role: their defaults, and which of them do not go together."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gan_jax.data import digits, emoji
from gan_jax.data.examples import Examples
from gan_jax.data.framing import Framing
from gan_jax.data.views import View
from gan_jax.errors import ConfigError

DEFAULTS: Mapping[str, Any] = {
    "name": "",
    "files": {},
    "split": "train",
    "exclude": (),
    "labels": True,
    "classes": False,
    "attributes": (),
    "having": (),
    "lacking": (),
    "attributes_file": "",
    "features": "",
    "side": "",
    "crop": (),
    "resize": "square",
    "derive": "",
    "channels": 0,
}


def complete(spec: Mapping[str, Any]) -> dict[str, Any]:
    """All fields of a role: those given, and defaults.

    Raises:
      ConfigError: an unknown field, a value that is not allowed, not exactly one of `name` and `files`, or
        fields that do not go together.
    """
    unknown = sorted(set(spec) - set(DEFAULTS))
    if unknown:
        raise ConfigError(f"a role's field {unknown[0]!r} is not known: {', '.join(DEFAULTS)}")
    full = {**DEFAULTS, **spec}
    if bool(full["name"]) == bool(full["files"]):
        found = f"name={full['name']!r} and files={dict(full['files'])}"
        raise ConfigError(f"a role has {found}; expected exactly one of them")
    _check_labels(full)
    framing(full, 1)
    view(full, 1)
    return full


def framing(spec: Mapping[str, Any], size: int) -> Framing:
    """How images of a role, all of whose fields are given, become squares of `size` pixels a side."""
    return Framing(size, spec["side"], spec["crop"], spec["resize"])


def view(spec: Mapping[str, Any], size: int, flip: bool = False) -> View:
    """What is then made of them each time they are drawn."""
    return View(size, flip, spec["derive"], spec["channels"])


def reading(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with all attributes that reading a role needs, those of its label first."""
    needed = (*spec["attributes"], *spec["having"], *spec["lacking"])
    return {**spec, "attributes": tuple(dict.fromkeys(needed))}


def chosen(spec: Mapping[str, Any], examples: Examples) -> Examples:
    """Those examples, read by `reading`, that `having` and `lacking` ask for; the label is the role's own."""
    if not (spec["having"] or spec["lacking"]):
        return examples
    columns = dict(zip(reading(spec)["attributes"], examples.columns["label"].T, strict=True))
    wanted = {**dict.fromkeys(spec["having"], 1), **dict.fromkeys(spec["lacking"], 0)}
    kept = examples.subset(np.all([columns[name] == value for name, value in wanted.items()], axis=0))
    if not spec["attributes"]:
        return kept.without("label")
    return kept.with_columns(label=kept.columns["label"][:, : len(spec["attributes"])])


def _check_labels(spec: Mapping[str, Any]) -> None:
    """Refuses fields on labels that do not go together, or not with this kind of source."""
    names = spec["attributes"]
    if isinstance(names, str) or len(set(names)) != len(names):
        raise ConfigError(f"attributes={names!r} is not allowed; allowed: names, each once")
    _check_conditions(spec)
    if spec["classes"] and names:
        raise ConfigError(f"classes=True and attributes={tuple(names)}: a label is either; give one of them")
    if spec["exclude"] and (names or spec["name"] == emoji.NAME):
        raise ConfigError(f"exclude={tuple(spec['exclude'])} is for classes; these labels are attributes")
    if spec["attributes_file"] and not reading(spec)["attributes"]:
        raise ConfigError(f"attributes_file={spec['attributes_file']!r} needs attributes, names to keep")
    for field in ("classes", "attributes_file", "features"):
        if spec["name"] and spec[field]:
            raise ConfigError(f"{field}={spec[field]!r} is for images by files; name={spec['name']!r}")
    if spec["name"] in digits.NAMES and names:
        raise ConfigError(f"attributes={names!r}: name={spec['name']!r} has none, its labels are classes")


def _check_conditions(spec: Mapping[str, Any]) -> None:
    """Refuses `having` and `lacking` that are no names, contradict each other, or have nothing to ask."""
    for field in ("having", "lacking"):
        names = spec[field]
        if isinstance(names, str) or set(names) & set(spec["lacking" if field == "having" else "having"]):
            raise ConfigError(f"{field}={names!r} is not allowed; allowed: names, each in one of the fields")
        if names and (spec["classes"] or spec["name"] in digits.NAMES):
            raise ConfigError(f"{field}={tuple(names)} needs attributes; these images have classes")
