"""The leaves of a state as a flat dict of host arrays by readable names, and back."""

import zlib
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from gan_jax.errors import CheckpointError

PyTree = Any
Leaves = dict[str, np.ndarray]


def flatten(tree: PyTree) -> Leaves:
    """Leaves of a pytree as host arrays by name, the parts of a name joined by dots."""
    pairs, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {_name(path): np.asarray(leaf) for path, leaf in pairs}


def _name(path) -> str:
    return ".".join(jax.tree_util.keystr((key,), simple=True) for key in path)


def checksum(leaf: np.ndarray) -> list[Any]:
    """CRC-32 of the bytes, dtype and shape of one leaf, as JSON."""
    return [zlib.crc32(np.ascontiguousarray(leaf)), str(leaf.dtype), list(leaf.shape)]


def renamed(named: Mapping[str, Any], prefixes: Mapping[str, str]) -> dict[str, Any]:
    """The same values with the beginnings of their names replaced, old -> new."""

    def rename(name: str) -> str:
        for old, new in prefixes.items():
            if name.startswith(old):
                return new + name.removeprefix(old)
        return name

    return {rename(name): value for name, value in named.items()}


def fit(flat: Mapping[str, np.ndarray], target: PyTree) -> PyTree:
    """The leaves of `flat` in the structure of `target`, a pytree of anything with shape and dtype.

    Raises:
      CheckpointError: naming a leaf that is missing, left over, or of another shape or dtype.
    """
    pairs, treedef = jax.tree_util.tree_flatten_with_path(target)
    wanted = {_name(path): leaf for path, leaf in pairs}
    for name in [*wanted, *flat]:
        if name not in flat:
            raise CheckpointError(f"the checkpoint has no {name}, which this model has")
        if name not in wanted:
            raise CheckpointError(f"the checkpoint has {name}, which this model has not")
        have, want = flat[name], wanted[name]
        if have.shape != want.shape or have.dtype != want.dtype:
            raise CheckpointError(
                f"{name} is {have.dtype} {list(have.shape)} in the checkpoint, "
                f"{want.dtype} {list(want.shape)} in this model"
            )
    return jax.tree_util.tree_unflatten(treedef, [flat[name] for name in wanted])
