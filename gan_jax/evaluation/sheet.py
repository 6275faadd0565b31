"""Sheets of sample images: inputs above what the model makes of them, or what it draws from noise."""

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from gan_jax import images
from gan_jax.errors import ConfigError
from gan_jax.evaluation import Batches, Network

_PARTNER = {"target": "source", "source": "target"}
_COLUMNS = 16


def evaluate(
    apply: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]],
    batches: Batches,
    networks: Mapping[str, Network],
    *,
    columns: int = 0,
    classes: int = 0,
) -> dict[str, Any]:
    """One sheet of the first batch.

    For a translation each row of inputs stands above its row of outputs. Images drawn from noise, as many
    as the batch has, fill a grid; of a conditional model the sheet may have a row for every class instead.

    Args:
      apply: batch -> images by role.
      batches: the first is drawn.
      networks: none is used.
      columns: images a row; 0 is 16 for translations, 10 for rows of classes, and otherwise what makes
        the grid as high as wide.
      classes: rows of a conditional model, row k asking for class k; 0 asks for none.

    Returns:
      `sheet`, uint8 [H, W, 3].

    Raises:
      ConfigError: the model is asked for classes and has none.
    """
    del networks
    if classes:
        return {"sheet": _classes(apply, classes, columns or 10)}
    batch = next(iter(batches))
    rows: list[np.ndarray] = []
    for role, made in apply(batch).items():
        if role.endswith("_label"):
            continue
        given = batch.get(_PARTNER.get(role, ""))
        wide = columns or (_COLUMNS if given is not None else math.ceil(math.sqrt(len(made))))
        for first in range(0, len(made), wide):
            part = slice(first, first + wide)
            if given is not None:
                rows.append(_row(given[part]))
            rows.append(_row(made[part]))
    width = max(row.shape[1] for row in rows)
    return {"sheet": np.concatenate([_pad(row, width) for row in rows])}


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, numbers of columns or classes that no sheet has.

    Raises:
      ConfigError: naming the field, its value and what is allowed.
    """
    del roles, requires
    for name in ("columns", "classes"):
        if not 0 <= options[name] <= 1000:
            raise ConfigError(f"{name}={options[name]} is not allowed; allowed: 0 to 1000")


def _classes(apply, classes, columns):
    """A row for every class: uint8 [classes H, columns W, 3]."""
    made = apply({"label": np.repeat(np.arange(classes, dtype=np.int32), columns)})
    if "image_label" not in made:
        raise ConfigError(f"classes={classes} is not allowed; allowed: 0, the model is not conditional")
    return np.concatenate([_row(row) for row in np.split(made["image"], classes)])


def _row(pictures: np.ndarray) -> np.ndarray:
    """Images [N, H, W, C], uint8 or float in [-1, 1], side by side: uint8 [H, N W, 3]."""
    if pictures.dtype != np.uint8:
        pictures = images.to_uint8(pictures)
    if pictures.shape[-1] == 1:
        pictures = np.repeat(pictures, 3, axis=-1)
    return np.concatenate(list(pictures), axis=1)


def _pad(row: np.ndarray, width: int) -> np.ndarray:
    return np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0)))
