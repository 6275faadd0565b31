"""`--mode=sample`: images of a noise-to-image run, on request with the nearest training images."""

from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.errors import ConfigError
from gan_jax.inference import generators, output, styles
from gan_jax.inference import nearest as memories
from gan_jax.runs import functions, restore

_CLASS_ROWS = 32  # most classes that get a row each without --hold_z


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
    truncation: float = 1.0,
) -> dict[str, Any]:
    """Writes images of a run, using its folder only; the folder is not changed.

    Image i of a seed does not depend on `num`. The sheet of a conditional model has a row for each class and
    one latent for each column, so that only the class changes down a column.

    Args:
      workdir: folder of a run whose model makes images from noise, finished or not.
      out: see `output.check`. An `.npz` holds `image` uint8 [N, S, S, C], `z` [N, d], `label` int32 [N] for
        conditional models, `w` [N, L, d] for models with styles and, with `nearest`, `neighbour` int [N, k],
        rows of the training role, and `distance` [N, k]. A role's `files` can name it as a data set.
      num: number of images.
      seed: seed of the latents.
      labels: classes of a conditional model, used by the images in turn; None uses all classes.
      hold_z: use one latent for all classes in turn. None does so only for sheets with a row for each class;
        otherwise each image has its own latent.
      columns: images in each row of a sheet; only sheets have columns. 0 gives a row for each class; without
        classes, with more than 32, or with neighbours, 0 makes the sheet square.
      nearest: number of nearest training images to show beside each image.
      features: what to compare by, see `nearest.load`; it needs `nearest`.
      truncation: for a model with styles, moves the styles towards their mean; 1 leaves them as they are.

    Returns:
      Values to print.

    Raises:
      ConfigError, WorkdirError, DataError: see `output.check`, `generators`, `nearest`.
    """
    place = output.check(out)
    model = generators.model(workdir, place)
    classes = generators.labels(model, labels)
    _check(place, hold_z, columns, classes, nearest, features)
    styles.check_truncation(truncation, model)
    memory = memories.load(workdir, nearest, features) if nearest else None

    by_class = place.kind == "sheet" and not (columns or nearest) and _are_rows(classes, hold_z)
    z, label = generators.asked(model, seed, classes, num, by_class if hold_z is None else hold_z)
    pictures, arrays = _drawn(restore.load(workdir), place, z, label, truncation)
    told: dict[str, Any] = {"images": num}
    across, titles = output.square(num), generators.class_titles(workdir, classes) if by_class else []
    if by_class:
        pictures, across = _in_rows(pictures, len(classes)), -(-num // len(classes))
    if memory:
        pictures, more = _beside_nearest(memory, pictures, told)
        arrays, across = {**arrays, **more}, output.square(-(-num // (nearest + 1)))
    names = output.numbered(num)
    place.write(pictures, columns=columns or across, names=names, arrays=arrays, titles=titles)
    return {**told, "samples": place.path}


def _beside_nearest(memory, pictures, told):
    """Images with their neighbours, and the arrays of a file; adds the median distance to `told`."""
    found = memory.find(pictures)
    told[f"median distance of the nearest, {memory.unit}"] = float(np.median(found.distances[:, 0]))
    arrays = {"neighbour": found.rows, "distance": found.distances}
    return memories.strips(pictures, found.images), arrays


def _drawn(trained, place, z, label, truncation):
    """Images of the latents, and the arrays of a file; styles are computed only if a file takes them."""
    pictures = generators.decode(trained, z, label, truncation)
    arrays = {"image": pictures, "z": z} | ({} if label is None else {"label": label})
    if trained.model.has_styles and place.kind == "arrays":
        arrays["w"] = functions.styler(trained, truncation)(z, label)
    return pictures, arrays


def _check(place, hold_z, columns, classes, nearest, features):
    if columns and place.kind != "sheet":
        raise ConfigError(f"columns={columns} is for a sheet; out={str(place.path)!r} is none")
    if features != memories.PIXELS and not nearest:
        raise ConfigError(f"features={features!r} needs nearest, the number of training images to show")
    if hold_z and (columns or not classes):
        why = "its columns are the latents" if classes else "this one has no classes"
        raise ConfigError(f"hold_z={hold_z} is for sheets of conditional models; {why}")


def _are_rows(classes, hold_z):
    return bool(hold_z) or 1 < len(classes) <= _CLASS_ROWS


def _in_rows(pictures, classes):
    """Sorts images whose classes take turns by class; white images complete the last turn."""
    white = np.full((-len(pictures) % classes, *pictures.shape[1:]), 255, np.uint8)
    turns = np.concatenate([pictures, white]).reshape(-1, classes, *pictures.shape[1:])
    return turns.swapaxes(0, 1).reshape(-1, *pictures.shape[1:])
