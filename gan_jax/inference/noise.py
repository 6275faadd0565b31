"""`--mode=noise`: what the noise maps of a run with styles change in its images."""

from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.errors import ConfigError
from gan_jax.inference import output, styles
from gan_jax.runs import restore

_DRAWS = 16  # draws of the noise, for the deviation


def run(
    workdir: Path | str,
    *,
    out: str,
    seed: int = 0,
    num: int = 6,
    truncation: float | None = None,
    latents: str = "",
    labels: list[str] | None = None,
) -> dict[str, Any]:
    """Writes a sheet of images with and without noise (Karras et al. 2019, Figs. 4 and 5).

    A row has one image: without noise, with the fixed maps, with two draws of the noise, and the standard
    deviation of each pixel over 16 draws, which is scaled so that the largest of the sheet is white.

    Args:
      workdir: folder of a run whose model has styles, finished or not.
      out: see `output.check`. An `.npz` holds `image` uint8 [num * 5, S, S, C], row by row, and `deviation`
        [num, S, S], in grey levels.
      seed: seed of the latents and of the noise.
      num: number of rows.
      truncation: moves random styles towards their mean; 1 leaves them as they are. None is 0.7.
      latents: an `.npz` with styles `w`; its first rows are used instead of random latents.
      labels: classes of a conditional model, used in turn; None uses all classes.

    Returns:
      Values to print.

    Raises:
      ConfigError, WorkdirError: see `output.check` and `styles`; or the run has no noise.
    """
    place = output.check(out, [latents])
    model = styles.model(workdir, place)
    if not model.noise_sides:
        raise ConfigError("mode=noise needs a generator that adds noise; that of this run adds none")
    classes = styles.generators.labels(model, labels)
    styles.check_latents(latents, truncation=truncation, labels=labels)
    truncation = 0.7 if truncation is None else truncation
    styles.check_truncation(truncation, model)
    trained = restore.load(workdir)
    ws = styles.source(trained, latents, seed, classes, truncation)(np.arange(num))
    # An image has draws of its own, so that it does not depend on `num`.
    rngs = [np.random.default_rng((seed, number)) for number in range(num)]
    silent = styles.images(trained, ws, [np.zeros((num, r, r), np.float32) for r in model.noise_sides])
    fixed = styles.images(trained, ws)
    draws = [
        styles.images(trained, ws, [_drawn(rngs, side) for side in model.noise_sides]) for _ in range(_DRAWS)
    ]
    deviation = np.std(np.stack(draws).astype(np.float32).mean(-1), 0)
    bright = (255 * deviation / max(float(deviation.max()), 1e-6)).round().astype(np.uint8)
    last = np.repeat(bright[..., None], fixed.shape[-1], -1)
    rows = np.stack([silent, fixed, *draws[:2], last], 1)
    pictures = rows.reshape(-1, *fixed.shape[1:])
    kinds = ("none", "fixed", "draw_0", "draw_1", "deviation")
    names = [f"{i:04}_{kind}" for i in range(num) for kind in kinds]
    arrays = {"image": pictures, "deviation": deviation}
    place.write(pictures, columns=len(kinds), names=names, arrays=arrays)
    return {"mean deviation, grey levels": float(deviation.mean()), "noise": place.path}


def _drawn(rngs, side):
    return np.stack([rng.standard_normal((side, side), np.float32) for rng in rngs])
