"""Data sets of one's own: a module with `SPLITS` and `read(split)`, see `gan_jax.plugins`."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from gan_jax import plugins
from gan_jax.data import splits
from gan_jax.data.examples import Examples, concatenate
from gan_jax.data.sources.arrays import checked
from gan_jax.errors import ConfigError, DataError


def is_own(name: str) -> bool:
    """Whether the name of a data set stands for code of one's own."""
    return plugins.is_own(name, plugins.DATA)


def read(spec: Mapping[str, Any]) -> Examples:
    """The rows of a role.

    The module's `SPLITS` are the names of its splits. Its `read(split)` returns the columns of one of them:
    `image` uint8 [N, H, W, 1 or 3] and, optionally, `label`, integers [N] or label maps [N, H, W].

    Args:
      spec: all fields of the role.

    Raises:
      ConfigError, DataError: as for `check`, or a column has another shape or type.
    """
    module = check(spec)
    name, split = spec["name"], spec["split"]
    wanted = splits.names(split)
    parts = {}
    for one in module.SPLITS:
        if one in wanted or "all" in wanted:
            columns = module.read(one)
            if "image" not in columns:
                raise DataError(f"{name}[{one}]: has the columns {', '.join(columns)}; expected image")
            label = columns.get("label")
            parts[one] = checked(
                f"{name}[{one}]", np.asarray(columns["image"]), None if label is None else np.asarray(label)
            )
    chosen = splits.parse(split, {one: len(part) for one, part in parts.items()}, name)
    return concatenate([Examples(parts[one].gather(rows)) for one, rows in chosen])


def check(spec: Mapping[str, Any]) -> ModuleType:
    """The module of a role's data set.

    Raises:
      ConfigError: there is no such module, or the role asks for attributes.
      DataError: there is no such split.
    """
    module = plugins.module("name", spec["name"], plugins.DATA, "read")
    if not hasattr(module, "SPLITS"):
        raise ConfigError(f"name={spec['name']!r} defines no SPLITS, the names of its splits")
    if spec["attributes"]:
        raise ConfigError(
            f"attributes={tuple(spec['attributes'])!r}: name={spec['name']!r} has no attributes"
        )
    for one in sorted(splits.names(spec["split"]) - {*module.SPLITS, "all"}):
        there = ", ".join(module.SPLITS)
        raise DataError(f"split {spec['split']!r} of {spec['name']}: no split {one!r}; splits there: {there}")
    return module
