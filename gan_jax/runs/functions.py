"""The model of a run as functions of host arrays: images to images or classes, latents to images."""

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
    """A model's method as `f(state, batch, keys)` for uint8 or float images, even if it takes no key.

    `keys` has a key for each row. A method with a parameter `keys` receives them. A method with a parameter
    `rng` receives the first one, so its draws depend on which rows it receives, and on the number of devices.
    One key may stand in place of keys.
    """
    run = getattr(model, name)
    parameters = inspect.signature(run).parameters
    if "keys" in parameters:
        return on_floats(run)
    if "rng" in parameters:
        return on_floats(lambda state, batch, keys: run(state, batch, keys[0] if keys.ndim else keys))
    return on_floats(lambda state, batch, keys: run(state, batch))


def of_columns(model: Model, name: str) -> Callable[..., Any]:
    """A model's method `name(state, **columns)` as `f(state, columns, keys)`, which ignores the keys."""
    run = getattr(model, name)
    return lambda state, columns, keys: run(state, **columns)


def generate(run: Run, pictures: Mapping[str, np.ndarray], seed: int = 0) -> dict[str, np.ndarray]:
    """Applies the `generate` of a run's model to images, in parts of 256.

    Args:
      run: a run from `load`.
      pictures: images [N, H, W, C] by role, uint8 or float in [-1, 1].
      seed: seed of the model's random draws, if it has any.

    Returns:
      The model's images by role, [N, H, W, C] in [-1, 1].
    """
    return generator(run)(pictures, seed)


def generator(run: Run) -> Callable[..., dict[str, np.ndarray]]:
    """`generate` of one run as `call(pictures, seed=0)`, which places the state and compiles only once."""
    return _in_parts(run, method(run.model, "generate"))


def predictor(run: Run) -> Callable[[np.ndarray], np.ndarray]:
    """The classes that the run of a classifier or segmenter predicts, as a function that compiles once.

    It takes images [N, H, W, C], uint8 or float in [-1, 1]. It returns the classes of the largest logits,
    int32 [N], or [N, H, W] for a segmenter.
    """
    predict = method(run.model, "predict")
    apply = _in_parts(run, lambda *args: predict(*args).argmax(-1).astype(np.int32))
    return lambda pictures: apply({"image": pictures})


def decode(run: Run, z: np.ndarray, label: np.ndarray | None = None) -> np.ndarray:
    """The images that the generator of a run draws from latent vectors.

    Args:
      run: a run from `load`.
      z: float32 [N, d].
      label: int32 [N], if the model is conditional.

    Returns:
      Images [N, H, W, C] in [-1, 1], drawn with the evaluation variables.

    Raises:
      ConfigError: the labels are not of shape [N], are not integers, or are not classes of the model.
    """
    return decoder(run)(z, label)


def decoder(run: Run, truncation: float = 1.0) -> Callable[..., np.ndarray]:
    """`decode` of one run as `call(z, label=None)`, which places the state and compiles only once.

    A `truncation` other than 1 needs a model with styles, see `styler`.
    """
    model: Any = run.model
    options = {} if truncation == 1.0 else {"truncation": truncation}
    return _of_latents(run, lambda state, **batch: model.decode(state, **batch, **options))


def styler(run: Run, truncation: float = 1.0) -> Callable[..., np.ndarray]:
    """The styles [N, L, d] of latents as `call(z, label=None)`, for a run whose model has styles.

    `truncation` moves the styles towards their mean: 1 leaves them as they are, 0 gives the mean.
    """
    model: Any = run.model
    return _of_latents(run, lambda state, **batch: model.styles(state, **batch, truncation=truncation))


def synthesiser(run: Run) -> Callable[..., np.ndarray]:
    """The images [N, H, W, C] of styles as `call(ws, noise=None)`, for a run whose model has styles.

    `noise` is a list of maps [N, r, r]; None takes the run's fixed maps.
    """
    model: Any = run.model
    apply = _in_parts(run, lambda state, batch, keys: model.synthesise(state, **batch))
    return lambda ws, noise=None: apply({"ws": ws} if noise is None else {"ws": ws, "noise": noise})


def _of_latents(run, method):
    """A method of the state, of z and of labels as `call(z, label=None)`."""
    model: Any = run.model
    apply = _in_parts(run, lambda state, batch, keys: method(state, **batch))

    def call(z: np.ndarray, label: np.ndarray | None = None) -> np.ndarray:
        if label is None:
            return apply({"z": z})
        label = np.asarray(label)
        _check_labels(label, len(z), model.num_classes)
        return apply({"z": z, "label": label.astype(np.int32)})

    return call


def drawer(run: Run) -> Callable[[np.ndarray], np.ndarray]:
    """Images [N, H, W, C] in [-1, 1] of a DTN's g from features [N, d], as a function that compiles once."""
    model: Any = run.model
    apply = _in_parts(run, lambda state, batch, keys: model.draw(state, batch["features"]))
    return lambda features: apply({"features": features})


def _check_labels(label, count, classes):
    """Refuses wrong labels, which a compiled function would accept without an error.

    It would take one-hot vectors for classes. It would draw an image without class for an unknown number.
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
    """`fn` of a run's state over all local devices, for columns of any length, `_BATCH` rows at a time."""
    apply, state = devices.pmap_apply(fn), devices.replicate(run.state)

    def call(columns, seed=0):
        size = len(jax.tree.leaves(columns)[0])
        parts = []
        for i, first in enumerate(range(0, size, _BATCH)):
            rows = jax.tree.map(lambda column, first=first: column[first : first + _BATCH], columns)
            parts.append(apply(state, rows, seed, i))
        return jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)

    return call
