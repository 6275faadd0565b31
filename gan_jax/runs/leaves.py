"""Converts a state to a flat dict of host arrays by readable names, and back."""

import zlib
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from gan_jax.errors import CheckpointError

PyTree = Any
Leaves = dict[str, np.ndarray]


def flatten(tree: PyTree) -> Leaves:
    """The leaves of a pytree as host arrays by name. Dots join the parts of a name."""
    return {name: np.asarray(leaf) for name, leaf in named(tree).items()}


def named(tree: PyTree) -> dict[str, Any]:
    """The leaves of a pytree as they are, by the names that `flatten` gives them."""
    pairs, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {_name(path): leaf for path, leaf in pairs}


def _name(path) -> str:
    return ".".join(jax.tree_util.keystr((key,), simple=True) for key in path)


def checksum(leaf: np.ndarray) -> list[Any]:
    """The CRC-32 of a leaf's bytes, its dtype and its shape, as a JSON list."""
    return [zlib.crc32(np.ascontiguousarray(leaf)), str(leaf.dtype), list(leaf.shape)]


def renamed(values: Mapping[str, Any], prefixes: Mapping[str, str]) -> dict[str, Any]:
    """The same values under names whose beginnings are replaced, old -> new."""

    def rename(name: str) -> str:
        for old, new in prefixes.items():
            if name.startswith(old):
                return new + name.removeprefix(old)
        return name

    return {rename(name): value for name, value in values.items()}


def fit(flat: Mapping[str, np.ndarray], target: PyTree) -> PyTree:
    """The leaves of `flat` in the structure of `target`, whose leaves have a shape and a dtype.

    Raises:
      CheckpointError: a leaf is missing, is not in `target`, or has another shape or dtype; the message names
        it.
    """
    pairs, treedef = jax.tree_util.tree_flatten_with_path(target)
    wanted = {_name(path): leaf for path, leaf in pairs}
    for name in [*wanted, *flat]:
        if name not in flat:
            raise CheckpointError(f"the checkpoint has no {name}, which this model has")
        if name not in wanted:
            raise CheckpointError(f"the checkpoint has {name}, which this model does not have")
        have, want = flat[name], wanted[name]
        if have.shape != want.shape or have.dtype != want.dtype:
            raise CheckpointError(
                f"{name} is {have.dtype} {list(have.shape)} in the checkpoint, "
                f"{want.dtype} {list(want.shape)} in this model"
            )
    return jax.tree_util.tree_unflatten(treedef, [flat[name] for name in wanted])
