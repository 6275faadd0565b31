"""Sheets of sample images: translations below their inputs, or images drawn from noise."""

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from gan_jax.drawing.sheets import COLUMNS, mosaic, row, stack
from gan_jax.errors import ConfigError
from gan_jax.evaluation import Apply, Batches, Network
from gan_jax.ops.directions import OTHER
from gan_jax.ops.pixels import to_uint8

METRICS = ()


def evaluate(
    apply: Apply,
    batches: Batches,
    networks: Mapping[str, Network],
    *,
    columns: int = 0,
    classes: int = 0,
) -> dict[str, Any]:
    """One sheet of the first batch.

    For a translation, each row of inputs stands above the row of outputs. Images drawn from noise fill a
    grid, as many as the batch has. A conditional model may instead have one row for every class and one
    latent for each column, so that only the class changes down a column.

    Args:
      apply: batch -> images by role; it also draws the latents for rows of classes.
      batches: only the first batch is used.
      networks: not used.
      columns: images in each row. 0 means 16 for translations, 10 for rows of classes, and otherwise as many
        as make the grid square.
      classes: number of rows of a conditional model; row k asks for class k. 0 asks for no class.

    Returns:
      `sheet`, uint8 [H, W, 3].

    Raises:
      ConfigError: `classes` is above 0 and the model has no classes.
    """
    del networks
    if classes:
        return {"sheet": _classes(apply, classes, columns or 10)}
    batch = next(iter(batches))
    rows: list[np.ndarray] = []
    for role, made in apply(batch).items():
        if role.endswith("_label"):  # a conditional model also returns the labels that it drew
            continue
        given = batch.get(OTHER.get(role, ""))
        wide = columns or (COLUMNS if given is not None else math.ceil(math.sqrt(len(made))))
        for first in range(0, len(made), wide):
            part = slice(first, first + wide)
            if given is not None:
                rows.append(row(to_uint8(given[part])))
            rows.append(row(to_uint8(made[part])))
    return {"sheet": stack(rows)}


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, numbers of columns or classes that are out of range.

    Raises:
      ConfigError: naming the field, its value and what is allowed.
    """
    del roles, requires
    for name in ("columns", "classes"):
        if not 0 <= options[name] <= 1000:
            raise ConfigError(f"{name}={options[name]} is not allowed; allowed: 0 to 1000")


def _classes(apply, classes, columns):
    """A row for every class and a column for every latent: uint8 [classes H, columns W, 3]."""
    z = np.tile(apply.latents(columns), (classes, 1))
    made = apply({"z": z, "label": np.repeat(np.arange(classes, dtype=np.int32), columns)})
    if "image_label" not in made:
        raise ConfigError(f"classes={classes} is not allowed; allowed: 0, since the model is not conditional")
    return mosaic(to_uint8(made["image"]), columns)
