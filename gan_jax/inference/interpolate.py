"""`--mode=interpolate`: images along paths between pairs of latents of a noise-to-image run."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.drawing import sheets
from gan_jax.errors import ConfigError
from gan_jax.inference import generators, output, styles
from gan_jax.ops import latents as ops
from gan_jax.runs import restore

_PAIRS = 8  # the number of pairs if none are given
_COLUMNS, _FRAMES = 10, 48  # images of a pair on a sheet, and in an animation


def run(
    workdir: Path | str,
    *,
    out: str,
    seed: int = 0,
    pairs: list[str] | None = None,
    rows: int = 0,
    columns: int = 0,
    path: str = "",
    space: str = "",
    truncation: float | None = None,
    latents: str = "",
    labels: list[str] | None = None,
) -> dict[str, Any]:
    """Writes images between pairs of samples of a run, using its folder only; the folder is not changed.

    Args:
      workdir: folder of a run whose model makes images from noise, finished or not.
      out: see `output.check`. An `.npz` holds `image` uint8 [rows * columns, S, S, C], row by row, `z` or
        `w`, and, for conditional models, `label`. A `.gif` or `.mp4` shows all pairs beside each other:
        `columns` frames to the second end, and the same frames back.
      seed: seed of the latents.
      pairs: such as 3-17, the numbers of the two ends in `sample` with the same seed; None gives 0-1, 2-3 and
        so on.
      rows: number of pairs, if `pairs` is None; 0 gives 8.
      columns: images of each pair, with both ends; 0 gives 10, or 48 frames.
      path: 'spherical', 'linear', or '' for the kind that suits the space and the model's prior.
      space: 'z', the latents; 'w', the styles, with fixed noise; or '', 'w' for a model with styles.
      truncation: for a model with styles, moves random styles towards their mean; 1 leaves them as they are.
        None is 1.
      latents: an `.npz` with styles `w`, whose rows are the ends; '' takes the samples of the seed.
      labels: classes of a conditional model, used by the rows in turn; None uses all classes.

    Returns:
      Values to print.

    Raises:
      ConfigError, WorkdirError: see `output.check`, `generators` and `styles`; or a pair is not valid.
    """
    place = output.check(out, [latents], moving=True)
    model = generators.model(workdir, place)
    ends, columns = _ends(pairs, rows), _points(place, columns)
    styles.check_latents(latents, seed=seed or None, truncation=truncation, labels=labels)
    classes = [] if latents else generators.labels(model, labels)  # styles of a file may be of any class
    truncation = 1.0 if truncation is None else truncation
    space = _space(model, space, truncation, latents)
    path = path or ("linear" if space == "w" or model.straight_paths else "spherical")
    trained = restore.load(workdir)
    label = np.repeat(np.resize(np.array(classes, np.int32), len(ends)), columns) if classes else None
    if space == "w":
        draw = styles.source(trained, latents, seed, classes, truncation)
        along = _between(draw(ends[:, 0]), draw(ends[:, 1]), columns, path)
        pictures = styles.images(trained, along)
    else:
        first, last = (generators.latents(model, seed, numbers) for numbers in ends.T)
        along = _between(first, last, columns, path)
        pictures = generators.decode(trained, along, label, truncation)
    arrays = {"image": pictures, space: along} | ({} if label is None else {"label": label})
    _write(place, pictures, columns, ends, arrays)
    return {"pairs": len(ends), "path": path, "interpolations": place.path}


def _write(place, pictures, columns, ends, arrays):
    if place.moves:
        place.write_frames(_frames(pictures, len(ends)))
    else:
        names = [f"{a}-{b}_{i:0{len(str(columns - 1))}d}" for a, b in ends for i in range(columns)]
        place.write(pictures, columns=columns, names=names, arrays=arrays)


def _points(place, columns):
    columns = columns or (_FRAMES if place.moves else _COLUMNS)
    if columns < 2:
        raise ConfigError(f"columns={columns} is not allowed; allowed: 2 or more, both ends among them")
    return columns


def _space(model, space, truncation, latents):
    """'w' or 'z'. Refuses options of styles for a model without styles or for a path in z."""
    if latents or space == "w":
        styles.require(model, f"latents={latents!r} with space={space or 'w'!r}")
    styles.check_truncation(truncation, model)
    if latents and space == "z":
        raise ConfigError(f"latents={latents!r} has styles; allowed: --space=w")
    return space or ("w" if model.has_styles else "z")


def _between(first, last, columns, path):
    """Latents or styles [rows * columns, ...] from `first` to `last` [rows, ...], row by row."""
    flat = first.reshape(len(first), -1), last.reshape(len(last), -1)
    return ops.path(flat[0], flat[1], columns, path).reshape(-1, *first.shape[1:])


def _frames(pictures, rows):
    """Frames uint8 [H, W, 3]: all rows at one place of their paths, there and back."""
    moments = pictures.reshape(rows, -1, *pictures.shape[1:]).swapaxes(0, 1)
    there = [sheets.mosaic(moment, output.square(rows)) for moment in moments]
    return [*there, *there[-2:0:-1]]


def _ends(pairs, rows):
    if pairs is None:
        return np.arange(2 * (rows or _PAIRS)).reshape(-1, 2)
    if rows:
        raise ConfigError(
            f"rows={rows} and pairs={','.join(pairs)}: every pair is a row; give only one of both"
        )
    if not pairs or not all(re.fullmatch(r"\d{1,9}-\d{1,9}", pair) for pair in pairs):
        raise ConfigError(f"pairs={','.join(pairs)!r} is not allowed; allowed: such as 0-1,3-17")
    ends = np.array([pair.split("-") for pair in pairs], int)
    if len({*map(tuple, ends.tolist())}) != len(pairs):  # 0-1 and 00-1 are one pair
        raise ConfigError(f"pairs={','.join(pairs)!r} is not allowed; allowed: each pair once")
    return ends
