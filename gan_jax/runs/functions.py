"""A run's model as functions of host arrays: images to images, images to classes, noise to images."""

from collections.abc import Callable, Mapping

import jax
import numpy as np

from gan_jax.errors import ConfigError
from gan_jax.game import devices
from gan_jax.ops.pixels import to_float
from gan_jax.runs.restore import Run

_BATCH = 256  # images at a time


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
    apply = _in_parts(run, lambda state, batch, rng: run.model.generate(state, to_float(batch), rng))

    def call(pictures: Mapping[str, np.ndarray], seed: int = 0) -> dict[str, np.ndarray]:
        return apply(pictures, seed)

    return call


def predictor(run: Run) -> Callable[[np.ndarray], np.ndarray]:
    """What a classifier's or segmenter's run sees in images, as a call compiled once.

    Images [N, H, W, C], uint8 or float in [-1, 1], become classes int32 [N], or [N, H, W] for every pixel:
    those of the largest logits.
    """

    def classes(state, batch, rng):
        del rng
        return run.model.predict(state, to_float(batch)).argmax(-1).astype(np.int32)

    apply = _in_parts(run, classes)

    def call(pictures: np.ndarray) -> np.ndarray:
        return apply({"image": pictures}, 0)

    return call


def decode(run: Run, z: np.ndarray, label: np.ndarray | None = None) -> np.ndarray:
    """What the generator of a run makes of latent vectors.

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
    apply = _in_parts(run, lambda state, batch, rng: run.model.decode(state, **batch))

    def call(z: np.ndarray, label: np.ndarray | None = None) -> np.ndarray:
        if label is None:
            return apply({"z": z})
        label = np.asarray(label)
        _check_labels(label, len(z), run.model.num_classes)
        return apply({"z": z, "label": label.astype(np.int32)})

    return call


def _check_labels(label, count, classes):
    """Refuses what a mapped program would take without a word: one-hot, a class that is none is all zeros."""
    if not classes:
        raise ConfigError("label is for conditional models; this one knows no classes")
    if label.shape != (count,) or label.dtype.kind not in "iu":
        message = f"label is {label.dtype} {list(label.shape)}; allowed: integers [{count}], one for each z"
        raise ConfigError(message)
    wrong = label[(label < 0) | (label >= classes)]
    if len(wrong):
        raise ConfigError(f"label={wrong[0]} is not allowed; allowed: 0 to {classes - 1}")


def _in_parts(run, fn):
    apply, state = devices.pmap_apply(fn), devices.replicate(run.state)

    def call(columns, seed=0):
        size = len(next(iter(columns.values())))
        parts = [
            apply(
                state,
                {name: column[i * _BATCH : (i + 1) * _BATCH] for name, column in columns.items()},
                seed,
                i,
            )
            for i in range(-(-size // _BATCH))
        ]
        return jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)

    return call
