"""Noise-to-image runs by their folder: their model, numbered latents, class labels and images."""

import sys
from collections.abc import Callable, Sequence
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
from gan_jax.runs import classes, functions, restore
from gan_jax.runs.workdir import Workdir

_PART = 4096  # images in one part, since they are floats before rounding


def model(workdir: Path | str, place: output.Output | None = None) -> Any:
    """The model of the run in a folder, from its configuration only.

    Args:
      workdir: the run's folder.
      place: where its images are to be written; None if they are not written.

    Raises:
      WorkdirError: the folder holds no run, or its model does not make images from noise.
      ConfigError: pictures are wanted from a model whose output is not images.
    """
    config = restore.load_config(workdir)
    found: Any = models.create(config.model)
    if found.draws_from_noise:
        if place and place.kind != "arrays" and found.channels not in (1, 3):
            message = (
                f"out={place.path.name!r} cannot show images of {found.channels} channels; allowed: .npz"
            )
            raise ConfigError(message)
        return found
    turns = found.translates or found.takes_styles
    what = "turns images into images" if turns else "predicts labels of images"
    what = "holds one image" if found.holds_image else what
    known = (name for name in models.known() if models.model_class(name).draws_from_noise)
    raise WorkdirError(
        f"{workdir} holds the run {config.name!r} of model {config.model.name!r}, which {what}; "
        f"this mode needs one that makes images from noise: {', '.join(known) or 'none is known'}"
    )


def latents(found: Any, seed: int, numbers: Sequence[int] | np.ndarray) -> np.ndarray:
    """The latent vectors of a seed with these numbers, float32 [n, d].

    Each vector depends on (seed, its number) only, so 64 samples begin with the 16 samples of the same seed.
    """
    key = jax.random.key(seed)
    draw = jax.vmap(lambda number: found.latents(jax.random.fold_in(key, number), 1)[0])
    return np.asarray(jax.jit(draw)(jnp.asarray(numbers, jnp.uint32)))


def labels(found: Any, chosen: Sequence[str] | None) -> list[int]:
    """The classes that `--labels` names; all classes without the flag, and [] for an unconditional model.

    Raises:
      ConfigError: the model is unconditional, or a label is not a class.
    """
    count = found.num_classes
    if not count and chosen is not None:
        raise ConfigError(f"labels={','.join(chosen)} is for conditional models; this one has no classes")
    wrong = [label for label in chosen or () if not (label.isdecimal() and int(label) < count)]
    if wrong or chosen == []:
        raise ConfigError(f"labels={','.join(wrong)!r} is not allowed; allowed: 0 to {count - 1}, by commas")
    return [int(label) for label in (range(count) if chosen is None else chosen)]


def class_titles(workdir: Path | str, chosen: Sequence[int]) -> list[str]:
    """A title for each class: its name, if the run's classes have names, or else `class 3`."""
    stored = Workdir(workdir, writes=False).read_json(classes.FILE) or {}
    known = dict(enumerate(next(iter(stored.values()), ())))
    return [str(known.get(number, f"class {number}")) for number in chosen]


def asked(
    found: Any, seed: int, classes: Sequence[int], num: int, held: bool = False
) -> tuple[np.ndarray, np.ndarray | None]:
    """Latents [num, d] and labels int32 [num] of the images; labels are None without classes.

    Classes take turns. With `held`, the latent stays the same while they do.
    """
    numbers = np.arange(num)
    z = latents(found, seed, numbers // len(classes) if held else numbers)
    return z, np.resize(np.array(classes, np.int32), num) if classes else None


def decode(
    run: restore.Run, z: np.ndarray, label: np.ndarray | None = None, truncation: float = 1.0
) -> np.ndarray:
    """Images uint8 [n, S, S, C] of latents [n, d] and, for conditional models, labels int32 [n].

    A model with styles moves the styles towards their mean by `truncation`; 1 leaves them as they are. A
    terminal shows a progress bar.
    """
    return drawn(functions.decoder(run, truncation), z, label)


def drawn(decoder: Callable[..., np.ndarray], z: np.ndarray, label: np.ndarray | None = None) -> np.ndarray:
    """The images of `decode` by the result of `functions.decoder`, which is compiled only once."""
    made = []
    parts, quiet = range(0, len(z), _PART), not sys.stderr.isatty()
    for first in track(parts, "images", console=Console(stderr=True), disable=quiet, transient=True):
        part = slice(first, first + _PART)
        made.append(to_uint8(decoder(z[part], None if label is None else label[part])))
    return np.concatenate(made)
