"""A run's model as functions of host arrays: images to images, images to classes, noise to images."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from gan_jax.errors import ConfigError
from gan_jax.game import devices
from gan_jax.models import Model
from gan_jax.ops.pixels import on_floats
from gan_jax.runs.restore import Run

_BATCH = 256  # images at a time


def method(model: Model, name: str) -> Callable[..., Any]:
    """A method of a model as `f(state, batch, rng)`, whether or not it is random, on bytes or floats."""
    run = getattr(model, name)
    if "rng" in inspect.signature(run).parameters:
        return on_floats(run)
    return on_floats(lambda state, batch, rng: run(state, batch))


def generate(run: Run, pictures: Mapping[str, np.ndarray], seed: int = 0) -> dict[str, np.ndarray]:
    """What a run's model makes of images, in parts.

    Args:
      run: from `load`.
      pictures: by role, uint8 or float in [-1, 1], [N, H, W, C].
      seed: of the model's randomness, if it has any.

    Returns:
      The model's images by role, [N, H, W, C] in [-1, 1].
    """
    return generator(run)(pictures, seed)


def generator(run: Run) -> Callable[..., dict[str, np.ndarray]]:
    """`generate` of one run as `call(pictures, seed=0)`, its state placed and its program compiled once."""
    return _in_parts(run, method(run.model, "generate"))


def predictor(run: Run) -> Callable[[np.ndarray], np.ndarray]:
    """The classes that the run of a classifier or segmenter sees in images, as a call compiled once.

    Images [N, H, W, C], uint8 or float in [-1, 1], become classes int32 [N], or [N, H, W] for every pixel:
    those of the largest logits.
    """
    predict = method(run.model, "predict")
    apply = _in_parts(run, lambda *args: predict(*args).argmax(-1).astype(np.int32))
    return lambda pictures: apply({"image": pictures})


def decode(run: Run, z: np.ndarray, label: np.ndarray | None = None) -> np.ndarray:
    """The images that the generator of a run makes of latent vectors.

    Args:
      run: from `load`.
      z: float32 [N, d].
      label: int32 [N], where the model is conditional.

    Returns:
      Images [N, H, W, C] in [-1, 1], by averaged parameters and running statistics.

    Raises:
      ConfigError: labels of another shape than [N], that are no integers, or that name no class.
    """
    return decoder(run)(z, label)


def decoder(run: Run) -> Callable[..., np.ndarray]:
    """`decode` of one run as `call(z, label=None)`, its state placed and its program compiled once."""
    model: Any = run.model
    apply = _in_parts(run, lambda state, batch, rng: model.decode(state, **batch))

    def call(z: np.ndarray, label: np.ndarray | None = None) -> np.ndarray:
        if label is None:
            return apply({"z": z})
        label = np.asarray(label)
        _check_labels(label, len(z), model.num_classes)
        return apply({"z": z, "label": label.astype(np.int32)})

    return call


def drawer(run: Run) -> Callable[[np.ndarray], np.ndarray]:
    """The images [N, H, W, C] in [-1, 1] that a DTN's g draws of features [N, d], as a call compiled once."""
    model: Any = run.model
    apply = _in_parts(run, lambda state, batch, rng: model.draw(state, batch["features"]))
    return lambda features: apply({"features": features})


def _check_labels(label, count, classes):
    """Refuses labels that a mapped program would take without a word.

    It would read one-hot vectors as classes, and a number that is no class as an image without any.
    """
    if not classes:
        raise ConfigError("label is for conditional models; this one knows no classes")
    if label.shape != (count,) or label.dtype.kind not in "iu":
        message = f"label is {label.dtype} {list(label.shape)}; allowed: integers [{count}], one for each z"
        raise ConfigError(message)
    wrong = label[(label < 0) | (label >= classes)]
    if len(wrong):
        raise ConfigError(f"label={wrong[0]} is not allowed; allowed: 0 to {classes - 1}")


def _in_parts(run, fn):
    """A mapped function of a run's state on columns of any length, `_BATCH` rows at a time."""
    apply, state = devices.pmap_apply(fn), devices.replicate(run.state)

    def call(columns, seed=0):
        size = len(next(iter(columns.values())))
        parts = []
        for i, first in enumerate(range(0, size, _BATCH)):
            rows = {name: column[first : first + _BATCH] for name, column in columns.items()}
            parts.append(apply(state, rows, seed, i))
        return jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)

    return call
