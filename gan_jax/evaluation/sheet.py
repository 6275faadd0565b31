"""Sheets of sample images: inputs above what the model makes of them, or what it draws from noise."""

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from gan_jax.drawing.sheets import COLUMNS, mosaic, row, stack
from gan_jax.errors import ConfigError
from gan_jax.evaluation import Apply, Batches, Network
from gan_jax.ops.directions import OTHER
from gan_jax.ops.pixels import to_uint8


def evaluate(
    apply: Apply,
    batches: Batches,
    networks: Mapping[str, Network],
    *,
    columns: int = 0,
    classes: int = 0,
) -> dict[str, Any]:
    """One sheet of the first batch.

    For a translation each row of inputs stands above its row of outputs. Images drawn from noise, as many
    as the batch has, fill a grid; of a conditional model the sheet may have a row for every class instead,
    with one latent a column, so that down a column nothing but the class differs.

    Args:
      apply: batch -> images by role; its latents are drawn where there are rows of classes.
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
        given = batch.get(OTHER.get(role, ""))
        wide = columns or (COLUMNS if given is not None else math.ceil(math.sqrt(len(made))))
        for first in range(0, len(made), wide):
            part = slice(first, first + wide)
            if given is not None:
                rows.append(row(to_uint8(given[part])))
            rows.append(row(to_uint8(made[part])))
    return {"sheet": stack(rows)}


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
    """A row for every class, a column for every latent: uint8 [classes H, columns W, 3]."""
    z = np.tile(apply.latents(columns), (classes, 1))
    made = apply({"z": z, "label": np.repeat(np.arange(classes, dtype=np.int32), columns)})
    if "image_label" not in made:
        raise ConfigError(f"classes={classes} is not allowed; allowed: 0, the model is not conditional")
    return mosaic(to_uint8(made["image"]), columns)
