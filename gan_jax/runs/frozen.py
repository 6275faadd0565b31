"""Frozen variables, which no step changes: one file for all checkpoints of a run, named by a hash.

A checkpoint stores the name of the file, and the checksums of these leaves beside those of its own.
"""

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gan_jax.files import reading
from gan_jax.runs.leaves import Leaves
from gan_jax.runs.provenance import sha256
from gan_jax.runs.workdir import Workdir

FOLDER = "frozen"

_PREFIX = "frozen."


def split(flat: Mapping[str, np.ndarray]) -> tuple[Leaves, Leaves]:
    """The leaves that steps may change, and the frozen leaves."""
    frozen = {name: leaf for name, leaf in flat.items() if name.startswith(_PREFIX)}
    return {name: leaf for name, leaf in flat.items() if name not in frozen}, frozen


def write(directory: Path, leaves: Leaves) -> str:
    """Writes frozen leaves below `directory` unless they exist; returns the file's name, '' for no leaves."""
    if not leaves:
        return ""
    name = f"{sha256(leaves)[:16]}.npz"
    folder = directory / FOLDER
    if not (folder / name).exists():
        content = io.BytesIO()
        # Leaves are stored as bytes, since numpy's format does not know every dtype of jax.
        np.savez(content, **{key: _bytes(leaf) for key, leaf in leaves.items()})  # type: ignore[arg-type]
        Workdir(folder).write(name, content.getvalue())
    return name


def read(directory: Path, name: str, like: Mapping[str, np.ndarray]) -> Leaves:
    """The frozen leaves of a file, with the dtypes and shapes of `like`; none if the name is ''.

    Raises:
      OSError, ValueError, KeyError: the file is missing, cut or changed, or is not in that folder.
    """
    if not name:
        return {}
    if Path(name).name != name:
        raise ValueError(f"frozen={name!r} is not the name of a file")
    with reading.Arrays(directory / FOLDER / name) as stored:
        return {
            key: stored[key].view(leaf.dtype).reshape(leaf.shape)
            for key, leaf in like.items()
            if key.startswith(_PREFIX)
        }


def _bytes(leaf):
    return np.ascontiguousarray(leaf).reshape(-1).view(np.uint8)
