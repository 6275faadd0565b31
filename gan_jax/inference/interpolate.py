"""`--mode=interpolate`: images along paths between pairs of latents of a noise-to-image run."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.errors import ConfigError
from gan_jax.inference import generators, output
from gan_jax.ops import latents
from gan_jax.runs import restore

_PAIRS = 8  # the number of pairs if none are given


def run(
    workdir: Path | str,
    *,
    out: str,
    seed: int = 0,
    pairs: list[str] | None = None,
    rows: int = 0,
    columns: int = 10,
    path: str = "",
    labels: list[str] | None = None,
) -> dict[str, Any]:
    """Writes images between pairs of samples of a run, using its folder only; the folder is not changed.

    Args:
      workdir: folder of a run whose model makes images from noise, finished or not.
      out: see `output.check`. An `.npz` holds `image` uint8 [rows * columns, S, S, C], row by row, `z`, and,
        for conditional models, `label`.
      seed: seed of the latents.
      pairs: such as 3-17, the numbers of the two ends in `sample` with the same seed; None gives 0-1, 2-3 and
        so on.
      rows: number of pairs, if `pairs` is None; 0 gives 8.
      columns: images in each row, with both ends.
      path: 'spherical', 'linear', or '' for the kind that suits the model's prior.
      labels: classes of a conditional model, used by the rows in turn; None uses all classes.

    Returns:
      Values to print.

    Raises:
      ConfigError, WorkdirError: see `output.check` and `generators`; or a pair is not valid.
    """
    place = output.check(out)
    model = generators.model(workdir, place)
    classes = generators.labels(model, labels)
    ends = _ends(pairs, rows)
    if columns < 2:
        raise ConfigError(f"columns={columns} is not allowed; allowed: 2 or more, both ends among them")
    path = path or ("linear" if model.straight_paths else "spherical")

    first, last = (generators.latents(model, seed, numbers) for numbers in ends.T)
    z = latents.path(first, last, columns, path).reshape(-1, first.shape[-1])
    label = np.repeat(np.resize(np.array(classes, np.int32), len(ends)), columns) if classes else None
    pictures = generators.decode(restore.load(workdir), z, label)
    arrays = {"image": pictures, "z": z} | ({} if label is None else {"label": label})
    names = [f"{a}-{b}_{i:0{len(str(columns - 1))}d}" for a, b in ends for i in range(columns)]
    place.write(pictures, columns=columns, names=names, arrays=arrays)
    return {"pairs": len(ends), "path": path, "interpolations": place.path}


def _ends(pairs, rows):
    if pairs is None:
        return np.arange(2 * (rows or _PAIRS)).reshape(-1, 2)
    if rows:
        raise ConfigError(
            f"rows={rows} and pairs={','.join(pairs)}: every pair is a row; give only one of both"
        )
    if not pairs or not all(re.fullmatch(r"\d{1,9}-\d{1,9}", pair) for pair in pairs):
        raise ConfigError(f"pairs={','.join(pairs)!r} is not allowed; allowed: such as 0-1,3-17")
    if len(set(pairs)) != len(pairs):
        raise ConfigError(f"pairs={','.join(pairs)!r} is not allowed; allowed: each pair once")
    return np.array([pair.split("-") for pair in pairs], int)
