"""Sheets of sample images: inputs above what the model makes of them."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gan_jax import images
from gan_jax.evaluation import Batches, Network

_PARTNER = {"target": "source", "source": "target"}
_COLUMNS = 16


def evaluate(
    apply: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]],
    batches: Batches,
    networks: Mapping[str, Network],
) -> dict[str, Any]:
    """One sheet of the first batch: for a translation each row of inputs above its row of outputs.

    Returns:
      `sheet`, uint8 [H, W, 3].
    """
    del networks
    batch = next(iter(batches))
    rows: list[np.ndarray] = []
    for role, made in apply(batch).items():
        given = batch.get(_PARTNER.get(role, ""))
        for first in range(0, len(made), _COLUMNS):
            part = slice(first, first + _COLUMNS)
            if given is not None:
                rows.append(_row(given[part]))
            rows.append(_row(made[part]))
    width = max(row.shape[1] for row in rows)
    return {"sheet": np.concatenate([_pad(row, width) for row in rows])}


def _row(pictures: np.ndarray) -> np.ndarray:
    """Images [N, H, W, C], uint8 or float in [-1, 1], side by side: uint8 [H, N W, 3]."""
    if pictures.dtype != np.uint8:
        pictures = images.to_uint8(pictures)
    if pictures.shape[-1] == 1:
        pictures = np.repeat(pictures, 3, axis=-1)
    return np.concatenate(list(pictures), axis=1)


def _pad(row: np.ndarray, width: int) -> np.ndarray:
    return np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0)))
