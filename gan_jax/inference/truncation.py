"""`--mode=truncation`: images whose styles move towards the mean style, and to its other side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.errors import ConfigError
from gan_jax.inference import output, styles
from gan_jax.ops.latents import lerp
from gan_jax.runs import restore

VALUES = ("1", "0.7", "0.5", "0", "-0.5", "-1")  # as in the paper's figure


def run(
    workdir: Path | str,
    *,
    out: str,
    seed: int = 0,
    num: int = 6,
    truncations: Sequence[str] = VALUES,
    labels: list[str] | None = None,
) -> dict[str, Any]:
    """Writes a sheet of images by truncation (Karras et al. 2019, Fig. 8); the run's folder is not changed.

    A row has the images of one latent, with one value of truncation in each column. 1 leaves the styles as
    they are, 0 gives the mean style, and negative values give the opposite of an image.

    Args:
      workdir: folder of a run whose model has styles, finished or not.
      out: see `output.check`. An `.npz` holds `image` uint8 [num * K, S, S, C], row by row, their styles `w`
        [num * K, L, d], and the K values `truncation`.
      seed: seed of the latents.
      num: number of rows.
      truncations: values of truncation, from -2 to 2.
      labels: classes of a conditional model, used in turn; None uses all classes.

    Returns:
      Values to print.

    Raises:
      ConfigError, WorkdirError: see `output.check` and `styles`; or a value is no number of that range.
    """
    place = output.check(out)
    model = styles.model(workdir, place)
    classes = styles.generators.labels(model, labels)
    values = _numbers(truncations)
    for value in values:
        styles.check_truncation(value, model)
    trained = restore.load(workdir)
    # Styles are linear in the truncation, so that two of its values give all others.
    mean, own = (styles.drawn(trained, seed, np.arange(num), classes, value) for value in (0.0, 1.0))
    ws = np.stack([lerp(mean, own, value) for value in values], 1).reshape(-1, *own.shape[1:])
    pictures = styles.images(trained, ws)
    # Each number in its shortest exact form, so that different values have different names.
    written = [np.format_float_positional(value, trim="-") for value in values]
    names = [f"{i:04}_{value}" for i in range(num) for value in written]
    arrays = {"image": pictures, "w": ws, "truncation": np.array(values)}
    place.write(pictures, columns=len(values), names=names, arrays=arrays)
    return {"truncations": ",".join(f"{value:g}" for value in values), "images": place.path}


def _numbers(given):
    """The values as numbers, each once.

    Raises:
      ConfigError: a value is no number, or there is none.
    """
    try:
        found = list(dict.fromkeys(float(value) for value in given))
    except ValueError as error:
        raise ConfigError(f"truncations={','.join(given)!r} is not allowed; allowed: numbers") from error
    if not found:
        raise ConfigError("truncations='' is not allowed; allowed: one or more numbers, by commas")
    return found
