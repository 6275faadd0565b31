"""`--mode=interpolate`: images along paths between two latents of a noise-to-image run, a row each."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.errors import ConfigError
from gan_jax.inference import generators, output
from gan_jax.ops import latents
from gan_jax.runs import restore

_PAIRS = 8  # where none are chosen


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
    """Writes images between pairs of samples of a run, from its folder alone; nothing there changes.

    Args:
      workdir: of a run whose model makes images of noise, finished or not.
      out: see `output.check`. An `.npz` holds `image` uint8 [rows * columns, S, S, C], row by row, `z`, and
        `label` where conditional.
      seed: of the latents.
      pairs: such as 3-17, the numbers that `sample` gives the two ends at the same seed; None for 0-1, 2-3
        and so on.
      rows: how many pairs, where they are not chosen; 0 for 8.
      columns: images in a row, both ends among them.
      path: 'spherical', 'linear', or '' for the one that suits the model's prior.
      labels: classes of a conditional model, which the rows take in turn; None for all of them.

    Returns:
      Values to print.

    Raises:
      ConfigError, WorkdirError: see `output.check` and `generators`; or pairs that are none.
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
        raise ConfigError(f"rows={rows} and pairs={','.join(pairs)}: every pair is a row; give one of them")
    if not pairs or not all(re.fullmatch(r"\d{1,9}-\d{1,9}", pair) for pair in pairs):
        raise ConfigError(f"pairs={','.join(pairs)!r} is not allowed; allowed: such as 0-1,3-17")
    if len(set(pairs)) != len(pairs):
        raise ConfigError(f"pairs={','.join(pairs)!r} is not allowed; allowed: every pair once")
    return np.array([pair.split("-") for pair in pairs], int)
