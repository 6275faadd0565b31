"""`--mode=edit`: images along the directions in which a style changes them most."""

from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.errors import ConfigError
from gan_jax.inference import output, styles
from gan_jax.ops.latents import factorised_directions
from gan_jax.runs import restore


def run(
    workdir: Path | str,
    *,
    out: str,
    seed: int = 0,
    num: int = 2,
    directions: int = 4,
    columns: int = 7,
    strength: float = 3.0,
    layers: str = "",
    truncation: float | None = None,
    latents: str = "",
    labels: list[str] | None = None,
) -> dict[str, Any]:
    """Writes images along semantic directions of a run; the run's folder is not changed.

    The directions come from the weights alone (Shen and Zhou 2021, closed-form factorisation). Each image has
    a row for each direction, from -strength on the left to strength on the right.

    Args:
      workdir: folder of a run whose model has styles, finished or not.
      out: see `output.check`. An `.npz` holds `image` uint8 [num * directions * columns, S, S, C], the edited
        styles `w` [num * directions * columns, L, d], and `direction` [directions, d].
      seed: seed of the latents.
      num: number of images to edit.
      directions: number of directions, the strongest first.
      columns: images in each row.
      strength: length of the longest step along a direction, from -1000 to 1000.
      layers: layers whose styles are edited and whose weights give the directions, such as 0-3; '' takes all.
      truncation: moves random styles towards their mean; 1 leaves them as they are. None is 0.7.
      latents: an `.npz` with styles `w`; its first rows are edited instead of random latents.
      labels: classes of a conditional model, used in turn; None uses all classes.

    Returns:
      Values to print.

    Raises:
      ConfigError, WorkdirError: see `output.check` and `styles`; or there are fewer directions.
    """
    place = output.check(out, [latents])
    model = styles.model(workdir, place)
    styles.require_layers(model, "edit")
    classes = styles.generators.labels(model, labels)
    styles.check_latents(latents, seed=seed or None, truncation=truncation, labels=labels)
    truncation = 0.7 if truncation is None else truncation
    styles.check_truncation(truncation, model)
    chosen = styles.layers(layers, model.num_styles)
    _check(directions, columns, strength, model)

    trained = restore.load(workdir)
    kernels = [kernel for layer in model.affine_kernels(trained.state)[chosen] for kernel in layer]
    found = factorised_directions(kernels, directions)
    given = styles.source(trained, latents, seed, classes, truncation)(np.arange(num))
    flat = _edited(given, found, np.linspace(-strength, strength, columns, dtype=np.float32), chosen)
    pictures = styles.images(trained, flat)
    names = [f"{i:04}_{j:02}_{k:02}" for i in range(num) for j in range(directions) for k in range(columns)]
    arrays = {"image": pictures, "w": flat, "direction": found}
    place.write(pictures, columns=columns, names=names, arrays=arrays)
    return {"layers": f"{chosen.start}-{chosen.stop - 1}", "edits": place.path}


def _check(directions, columns, strength, model):
    """Refuses values outside their ranges."""
    if not 1 <= directions <= model.w_dim:
        raise ConfigError(f"directions={directions} is not allowed; allowed: 1 to {model.w_dim}")
    if columns < 2:
        raise ConfigError(f"columns={columns} is not allowed; allowed: 2 or more")
    if not -1000 <= strength <= 1000:
        raise ConfigError(f"strength={strength:g} is not allowed; allowed: -1000 to 1000")


def _edited(given, found, steps, chosen):
    """Styles [n * directions * columns, L, d]: each style moved by each step along each direction [d]."""
    moves = steps[:, None] * found[:, None]  # [directions, columns, d]
    edited = np.tile(given[:, None, None], (1, *moves.shape[:2], 1, 1))
    edited[..., chosen, :] += moves[None, :, :, None]
    return edited.reshape(-1, *given.shape[1:])
