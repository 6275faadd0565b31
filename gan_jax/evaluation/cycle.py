"""How close images come back after translation there and back: the cycle of CycleGAN and DiscoGAN."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from gan_jax.errors import ConfigError
from gan_jax.evaluation import Apply, Batches, Network
from gan_jax.evaluation.sheet import COLUMNS, row, stack
from gan_jax.metrics import similarity
from gan_jax.ops.pixels import to_uint8


def evaluate(
    apply: Apply,
    batches: Batches,
    networks: Mapping[str, Network],
) -> dict[str, Any]:
    """Translates `source` and `target` images to the other domain and back.

    Returns:
      `cycle_source` and `cycle_target`, mean absolute differences between images and what came back, over
      images, pixels and channels, in grey levels of 255. `change_source` and `change_target`, the same
      between images and their translations, both as grey images if the channels differ. `examples`, the
      number of images of the first role; images of the other role are repeated up to this number. `cycles`,
      uint8 [H, W, 3]: images, translations and returned images of each domain.
    """
    del networks
    given, drawn, back = [], [], []
    for batch in batches:
        there = apply(batch)
        again = apply({role: there[role] for role in ("source", "target")})
        given.append({role: as_bytes(batch[role]) for role in ("source", "target")})
        drawn.append({"source": as_bytes(there["target"]), "target": as_bytes(there["source"])})
        back.append({role: as_bytes(again[role]) for role in ("source", "target")})
    first, rows = slice(0, COLUMNS), []
    values: dict[str, Any] = {}
    for role in ("source", "target"):
        x, y, z = (np.concatenate([part[role] for part in parts]) for parts in (given, drawn, back))
        values |= {f"cycle_{role}": difference(x, z), f"change_{role}": difference(x, y)}
        rows += [row(pictures[first]) for pictures in (x, y, z)]
    return {**values, "examples": len(x), "cycles": stack(rows)}


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, an evaluation without images of both domains.

    Raises:
      ConfigError: naming the missing role.
    """
    del options, requires
    for role in ("source", "target"):
        if role not in roles:
            raise ConfigError(f"roles.{role} is missing; both domains are compared")


def as_bytes(pictures: np.ndarray) -> np.ndarray:
    """Images as uint8; floats in [-1, 1] are rounded."""
    return pictures if pictures.dtype == np.uint8 else to_uint8(pictures)


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Mean absolute difference of images uint8 [N, H, W, 1 or 3], as grey images if the channels differ."""
    if a.shape != b.shape:
        a, b = a.mean(-1, dtype=np.float32), b.mean(-1, dtype=np.float32)
    return similarity.l1(a, b)
