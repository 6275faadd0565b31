"""`--mode=mix`: a grid of images that take some layers' styles from one image and the rest from another."""

from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.inference import output, styles
from gan_jax.runs import restore


def run(
    workdir: Path | str,
    *,
    out: str,
    seed: int = 0,
    rows: int = 6,
    columns: int = 6,
    layers: str = "",
    truncation: float | None = None,
    latents: str = "",
    labels: list[str] | None = None,
) -> dict[str, Any]:
    """Writes the style-mixing grid of a run (Karras et al. 2019, Fig. 3); the run's folder is not changed.

    The first row shows the images that give the styles of `layers`, the first column those that give the
    other styles. Low layers carry the pose and the shape, high layers the colours.

    Args:
      workdir: folder of a run whose model has styles, finished or not.
      out: see `output.check`. An `.npz` holds `image` uint8 [(rows + 1) * (columns + 1), S, S, C], row by
        row, with a white image in the corner, and `w` [rows * columns, L, d] of the mixed images.
      seed: seed of the latents.
      rows: number of images in the first column.
      columns: number of images in the first row.
      layers: layers whose styles come from the first row, such as 4-7; '' takes the upper half of them.
      truncation: moves random styles towards their mean; 1 leaves them as they are. None is 1.
      latents: an `.npz` with styles `w`; its first rows are used instead of random latents.
      labels: classes of a conditional model, used in turn; None uses all classes.

    Returns:
      Values to print.

    Raises:
      ConfigError, WorkdirError: see `output.check` and `styles`.
    """
    place = output.check(out, [latents])
    model = styles.model(workdir, place)
    styles.require_layers(model, "mix")
    classes = styles.generators.labels(model, labels)
    styles.check_latents(latents, seed=seed or None, truncation=truncation, labels=labels)
    truncation = 1.0 if truncation is None else truncation
    styles.check_truncation(truncation, model)
    chosen = styles.layers(layers or f"{model.num_styles // 2}-{model.num_styles - 1}", model.num_styles)
    trained = restore.load(workdir)
    given = styles.source(trained, latents, seed, classes, truncation)(np.arange(rows + columns))
    side, top = given[:rows], given[rows:]
    mixed = np.repeat(side[:, None], columns, 1)
    mixed[:, :, chosen] = top[None, :, chosen]
    flat = mixed.reshape(-1, *mixed.shape[2:])
    made = styles.images(trained, np.concatenate([given, flat]))
    column, row, inner = np.split(made, [rows, rows + columns])
    white = np.full_like(row[:1], 255)
    lines = [np.concatenate([white, row])]
    lines += [
        np.concatenate([column[i : i + 1], inner[i * columns : (i + 1) * columns]]) for i in range(rows)
    ]
    pictures = np.concatenate(lines)
    names = [f"{i:02}_{j:02}" for i in range(rows + 1) for j in range(columns + 1)]
    place.write(pictures, columns=columns + 1, names=names, arrays={"image": pictures, "w": flat})
    return {"layers": f"{chosen.start}-{chosen.stop - 1}", "mixes": place.path}
