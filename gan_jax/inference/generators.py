"""Noise-to-image runs by their folder: their model, numbered latents, class labels, images."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from rich.console import Console
from rich.progress import track

from gan_jax import models
from gan_jax.errors import ConfigError, WorkdirError
from gan_jax.inference import output
from gan_jax.ops.pixels import to_uint8
from gan_jax.runs import functions, restore

_PART = 4096  # images that are floats at a time


def model(workdir: Path | str, place: output.Output) -> Any:
    """The model of the run in a folder, from its configuration alone.

    Raises:
      WorkdirError: no run lives there, or its model makes no images of noise.
      ConfigError: pictures are wanted of a model whose images are none.
    """
    config = restore.load_config(workdir)
    found: Any = models.create(config.model)
    if found.draws_from_noise:
        if place.kind != "arrays" and found.channels not in (1, 3):
            message = f"out={place.path.name!r} shows no images of {found.channels} channels; allowed: .npz"
            raise ConfigError(message)
        return found
    what = "turns images into images" if found.translates else "tells labels of images"
    known = (name for name in models.known() if models.model_class(name).draws_from_noise)
    raise WorkdirError(
        f"{workdir} holds the run {config.name!r} of model {config.model.name!r}, which {what}; "
        f"this mode needs one that makes images of noise: {', '.join(known) or 'none is known'}"
    )


def latents(found: Any, seed: int, numbers: Sequence[int] | np.ndarray) -> np.ndarray:
    """The latent vectors of a seed that have these numbers, float32 [n, d].

    Each follows from (seed, its number) alone, so 64 samples begin with the first 16 of the same seed.
    """
    key = jax.random.key(seed)
    draw = jax.vmap(lambda number: found.latents(jax.random.fold_in(key, number), 1)[0])
    return np.asarray(jax.jit(draw)(jnp.asarray(numbers, jnp.uint32)))


def labels(found: Any, chosen: Sequence[str] | None) -> list[int]:
    """The classes that `--labels` names, all of them where it is not given; [] for an unconditional model.

    Raises:
      ConfigError: labels of an unconditional model, or one that is no class.
    """
    count = found.num_classes
    if not count and chosen is not None:
        raise ConfigError(f"labels={','.join(chosen)} is for conditional models; this one knows no classes")
    wrong = [label for label in chosen or () if not (label.isdecimal() and int(label) < count)]
    if wrong or chosen == []:
        raise ConfigError(f"labels={','.join(wrong)!r} is not allowed; allowed: 0 to {count - 1}, by commas")
    return [int(label) for label in (range(count) if chosen is None else chosen)]


def decode(run: restore.Run, z: np.ndarray, label: np.ndarray | None = None) -> np.ndarray:
    """Images uint8 [n, S, S, C] of latents [n, d] (and labels int32 [n]), with a bar on a terminal."""
    made, decoder = [], functions.decoder(run)
    parts, quiet = range(0, len(z), _PART), not sys.stderr.isatty()
    for first in track(parts, "images", console=Console(stderr=True), disable=quiet, transient=True):
        part = slice(first, first + _PART)
        made.append(to_uint8(decoder(z[part], None if label is None else label[part])))
    return np.concatenate(made)
