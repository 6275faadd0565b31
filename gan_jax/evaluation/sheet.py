"""Sheets of sample images: translations below their inputs, or images drawn from noise."""

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from gan_jax.drawing.sheets import COLUMNS, labelled
from gan_jax.errors import ConfigError
from gan_jax.evaluation import Apply, Batches, Network
from gan_jax.ops.directions import DIRECTIONS, OTHER
from gan_jax.ops.pixels import to_uint8

METRICS = ()
METHOD = "generate"

_ORDER = [made for _, made in DIRECTIONS.values()]  # the first direction comes first


def evaluate(
    apply: Apply,
    batches: Batches,
    networks: Mapping[str, Network],
    *,
    columns: int = 0,
    classes: int = 0,
    truth: bool = False,
) -> dict[str, Any]:
    """One sheet of the first batch.

    For a translation, each row of inputs stands above the row of outputs, and sources come first. Each row
    has its title. Images drawn from noise fill a grid, as many as the batch has. A conditional model may
    instead have one row for every class and one latent for each column, so that only the class changes down
    a column.

    Args:
      apply: batch -> images by role; it also draws the latents for rows of classes.
      batches: only the first batch is used.
      networks: not used.
      columns: images in each row. 0 means 16 for translations, 10 for rows of classes, and otherwise as many
        as make the grid square.
      classes: number of rows of a conditional model; row k asks for class k. 0 asks for no class.
      truth: for pairs, whether the true images stand below the translations.

    Returns:
      `sheet`, uint8 [H, W, 3].

    Raises:
      ConfigError: `classes` is above 0 and the model has no classes.
    """
    del networks
    if classes:
        return {"sheet": _classes(apply, classes, columns or 10)}
    batch = next(iter(batches))
    drawn = apply(batch)
    blocks: list[list[tuple[str, np.ndarray]]] = []
    for role in sorted(drawn, key=lambda role: role in OTHER and _ORDER.index(role)):
        if role.endswith("_label"):  # a conditional model also returns the labels that it drew
            continue
        made, start = to_uint8(drawn[role]), OTHER.get(role, "")
        given = batch.get(start)
        wide = columns or (COLUMNS if given is not None else math.ceil(math.sqrt(len(made))))
        parts = [slice(first, first + wide) for first in range(0, len(made), wide)]
        if given is None:
            blocks.append([("", made[part]) for part in parts])
        else:
            rows = [(start, to_uint8(given)), (f"{start} to {role}", made)]
            if truth and role in batch:
                rows.append((f"true {role}", to_uint8(batch[role])))
            blocks += [[(title, images[part]) for title, images in rows] for part in parts]
    return {"sheet": labelled(blocks)}


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, numbers of columns or classes that are out of range.

    Raises:
      ConfigError: naming the field, its value and what is allowed.
    """
    del roles, requires
    for name in ("columns", "classes"):
        if not 0 <= options[name] <= 1000:
            raise ConfigError(f"{name}={options[name]} is not allowed; allowed: 0 to 1000")


def check_model(model: Any, options: Mapping[str, Any]) -> None:
    """Refuses more rows of classes than the model has classes.

    Raises:
      ConfigError: naming the number and what is allowed.
    """
    known = getattr(model, "num_classes", 0) if model.draws_from_noise else 0
    if options["classes"] > known:
        raise ConfigError(
            f"classes={options['classes']} is not allowed; allowed: 0 to {known}, the model's classes"
        )


def _classes(apply, classes, columns):
    """A row for every class and a column for every latent."""
    z = np.tile(apply.latents(columns), (classes, 1))
    made = apply({"z": z, "label": np.repeat(np.arange(classes, dtype=np.int32), columns)})
    if "image_label" not in made:
        raise ConfigError(f"classes={classes} is not allowed; allowed: 0, since the model is not conditional")
    rows = np.split(to_uint8(made["image"]), classes)
    known = dict(enumerate(apply.class_names()))
    return labelled([[(known.get(k, f"class {k}"), images) for k, images in enumerate(rows)]])
