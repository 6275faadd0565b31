"""Styles of a run whose model has a mapping network: drawn from a seed, or read from a file."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from gan_jax import models, paths
from gan_jax.errors import ConfigError
from gan_jax.files import reading
from gan_jax.inference import generators, output
from gan_jax.ops.pixels import to_uint8
from gan_jax.runs import functions, restore

_PART = 1024  # images in one part, since they are floats before rounding


def model(workdir: Path | str, place: output.Output) -> Any:
    """The model of the run in a folder, if it draws images from styles.

    Raises:
      ConfigError, WorkdirError: as for `generators.model`; or the model has no styles.
    """
    found = generators.model(workdir, place)
    require(found, "this mode")
    return found


def require(found: Any, what: str) -> None:
    """Refuses a model without styles.

    Raises:
      ConfigError: naming what needs styles, and the models that have them.
    """
    if not found.has_styles:
        known = ", ".join(name for name in models.known() if models.model_class(name).has_styles)
        raise ConfigError(f"{what} needs a model with styles, such as {known}; this run's model has none")


def require_layers(found: Any, mode: str) -> None:
    """Refuses a model whose layers take no styles, such as a row of a table that leaves them out.

    Raises:
      ConfigError: naming the mode.
    """
    if not found.styled_sides:
        raise ConfigError(
            f"mode={mode} needs a generator whose layers take styles; those of this run take none"
        )


def drawn(
    run: restore.Run,
    seed: int,
    numbers: Sequence[int] | np.ndarray,
    classes: Sequence[int],
    truncation: float,
) -> np.ndarray:
    """The styles float32 [n, L, d] of the numbered latents of a seed.

    Args:
      run: a run whose model has styles.
      seed: seed of the latents.
      numbers: numbers of the latents, as in `--mode=sample`.
      classes: classes of a conditional model, used in turn.
      truncation: see `functions.styler`.
    """
    z = generators.latents(run.model, seed, numbers)
    label = np.resize(np.array(classes, np.int32), len(z)) if classes else None
    return functions.styler(run, truncation)(z, label)


def read(file: str, found: Any) -> np.ndarray:
    """The styles float32 [n, L, d] of an `.npz` that `--mode=sample` or `--mode=project` wrote.

    Raises:
      ConfigError: the file is missing or damaged, or its styles do not fit the model.
    """
    try:
        with reading.Arrays(paths.given("latents", file)) as arrays:
            ws = arrays["w"]
    except KeyError as error:
        raise ConfigError(f"latents={file!r} has no array 'w' of styles") from error
    except OSError as error:
        raise ConfigError(f"latents={file!r} is no readable .npz: {reading.reason(error)}") from error
    shape = (found.num_styles, found.w_dim)
    if ws.ndim != 3 or ws.shape[1:] != shape or ws.dtype.kind != "f" or not len(ws):
        wanted = f"floats [n, {shape[0]}, {shape[1]}]"
        raise ConfigError(f"latents={file!r}: w is {ws.dtype} {list(ws.shape)}; this run takes {wanted}")
    if not np.isfinite(ws).all():
        raise ConfigError(f"latents={file!r}: w is not finite")
    return ws.astype(np.float32)


def check_latents(latents: str, **others: Any) -> None:
    """Refuses flags of random latents beside a file of styles, on which they have no effect.

    Args:
      latents: the file; '' for random latents.
      others: the values of the flags; None is that of a flag that is not given.

    Raises:
      ConfigError: naming the flag.
    """
    for flag, value in others.items() if latents else ():
        if value is not None:
            raise ConfigError(f"--{flag} is for random latents; latents={latents!r} has styles")


def source(
    run: restore.Run, latents: str, seed: int, classes: Sequence[int], truncation: float
) -> Callable[[Any], np.ndarray]:
    """The styles by number: rows of a file if `latents` names one, else those of a seed.

    The result raises ConfigError for a number that the file does not have.
    """
    if not latents:
        return lambda numbers: drawn(run, seed, numbers, classes, truncation)
    ws = read(latents, run.model)

    def rows(numbers: Any) -> np.ndarray:
        if len(numbers) and max(numbers) >= len(ws):
            raise ConfigError(
                f"latents={latents!r} has the rows 0 to {len(ws) - 1}; {max(numbers)} is asked for"
            )
        return ws[np.asarray(numbers)]

    return rows


def images(run: restore.Run, ws: np.ndarray, noise: Sequence[np.ndarray] | None = None) -> np.ndarray:
    """Images uint8 [n, S, S, C] of styles [n, L, d] and noise maps [n, r, r]; None takes the fixed maps.

    A terminal shows a progress bar.
    """
    made, synthesise = [], functions.synthesiser(run)
    parts, quiet = range(0, len(ws), _PART), not sys.stderr.isatty()
    for first in track(parts, "images", console=Console(stderr=True), disable=quiet, transient=True):
        part = slice(first, first + _PART)
        maps = None if noise is None else [level[part] for level in noise]
        made.append(to_uint8(synthesise(ws[part], maps)))
    return np.concatenate(made)


def layers(given: str, count: int) -> slice:
    """The layers that `--layers` names, such as 4-7 or 3; '' names all.

    Raises:
      ConfigError: the text is no range of 0 to count - 1.
    """
    first, _, last = (given or f"0-{count - 1}").partition("-")
    last = last or first
    if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last) < count):
        raise ConfigError(f"layers={given!r} is not allowed; allowed: such as 2-3, within 0-{count - 1}")
    return slice(int(first), int(last) + 1)


def check_truncation(value: float, found: Any) -> None:
    """Refuses values of truncation outside -2 to 2, and other values than 1 for a model without styles.

    Raises:
      ConfigError: naming the value.
    """
    if value != 1.0:
        require(found, f"truncation={value:g}")
    if not -2 <= value <= 2:
        raise ConfigError(f"truncation={value:g} is not allowed; allowed: -2 to 2")
