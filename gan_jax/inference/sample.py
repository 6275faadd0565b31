"""`--mode=sample`: images of a noise-to-image run, each beside the training images that are nearest to it."""

from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.errors import ConfigError
from gan_jax.inference import generators, output
from gan_jax.inference import nearest as memories
from gan_jax.runs import restore

_CLASS_ROWS = 32  # classes that still are rows of a sheet, unless one asks for it


def run(
    workdir: Path | str,
    *,
    out: str,
    num: int = 64,
    seed: int = 0,
    labels: list[str] | None = None,
    hold_z: bool | None = None,
    columns: int = 0,
    nearest: int = 0,
    features: str = memories.PIXELS,
) -> dict[str, Any]:
    """Writes images of a run, from its folder alone; nothing there changes.

    Image i of a seed is the same whatever `num` is. The sheet of a conditional model has a row for each class
    and one latent for each column, so that down a column nothing but the class differs.

    Args:
      workdir: of a run whose model makes images of noise, finished or not.
      out: see `output.check`. An `.npz` holds `image` uint8 [N, S, S, C], `z` [N, d], `label` int32 [N]
        where conditional, and, with `nearest`, `neighbour` int [N, k], rows of the training role, and
        `distance` [N, k]: a data set that a role's `files` can name.
      num: how many images.
      seed: of the latents.
      labels: classes of a conditional model, which the images take in turn; None for all of them.
      hold_z: one latent for all classes in turn; None for such sheets alone, elsewhere each has its own.
      columns: of a sheet whose images follow one another in turn; 0 for a row a class, or where there are
        no classes, more than 32 of them, or neighbours shown, as many as make it square.
      nearest: how many of the nearest training images to show beside each image.
      features: by what they are nearest, see `nearest.load`.

    Returns:
      Values to print.

    Raises:
      ConfigError, WorkdirError, DataError: see `output.check`, `generators`, `nearest`.
    """
    place = output.check(out)
    model = generators.model(workdir, place)
    classes = generators.labels(model, labels)
    _check(hold_z, columns, classes)
    memory = memories.load(workdir, nearest, features) if nearest else None

    by_class = place.kind == "sheet" and not (columns or nearest) and _are_rows(classes, hold_z)
    z, label = _asked(model, seed, classes, num, by_class if hold_z is None else hold_z)
    pictures = generators.decode(restore.load(workdir), z, label)
    arrays = {"image": pictures, "z": z} | ({} if label is None else {"label": label})
    told: dict[str, Any] = {"images": num}
    across = output.square(num)
    if by_class:
        pictures, across = _in_rows(pictures, len(classes)), -(-num // len(classes))
    if memory:
        found = memory.find(pictures)
        arrays |= {"neighbour": found.rows, "distance": found.distances}
        told[f"median distance of the nearest, {memory.unit}"] = float(np.median(found.distances[:, 0]))
        pictures = memories.strips(pictures, found.images)
        across = output.square(-(-num // (nearest + 1)))
    place.write(pictures, columns=columns or across, names=output.numbered(num), arrays=arrays)
    return {**told, "samples": place.path}


def _check(hold_z, columns, classes):
    if hold_z and (columns or not classes):
        why = "its columns are the latents" if classes else "this one knows no classes"
        raise ConfigError(f"hold_z={hold_z} is for sheets of conditional models; {why}")


def _are_rows(classes, hold_z):
    return bool(hold_z) or 1 < len(classes) <= _CLASS_ROWS


def _asked(model, seed, classes, num, held):
    """Latents, `held` while the classes take their turn, and labels, None where there are no classes."""
    numbers = np.arange(num)
    z = generators.latents(model, seed, numbers // len(classes) if held else numbers)
    return z, np.resize(np.array(classes, np.int32), num) if classes else None


def _in_rows(pictures, classes):
    """Images of the classes in turn, put class after class; white where the last turn is not complete."""
    white = np.full((-len(pictures) % classes, *pictures.shape[1:]), 255, np.uint8)
    turns = np.concatenate([pictures, white]).reshape(-1, classes, *pictures.shape[1:])
    return turns.swapaxes(0, 1).reshape(-1, *pictures.shape[1:])
