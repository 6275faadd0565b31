"""Evaluators, one file each: `evaluate(apply, batches, networks, **options) -> values`.

`apply(batch)` is the trained model's `generate` or `predict` on a host batch; `batches` an iterable of
host batches; `networks` the finished classifiers that the configuration requires, by name. Values
are floats (logged), uint8 images [H, W, 3] (written as PNG), or lists (in the result alone).
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import numpy as np

from gan_jax.errors import ConfigError


class Network(Protocol):
    """A finished classifier."""

    accuracy: float  # on its own test set

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Logits [B, classes] of images [B, H, W, C], uint8 or float in [-1, 1]."""
        ...


Batches = Iterable[dict[str, np.ndarray]]
Evaluator = Callable[..., dict[str, Any]]


def evaluator(kind: str) -> Evaluator:
    """The function `evaluate` of `evaluation/<kind>.py`.

    Raises:
      ConfigError: no such evaluator; the message lists those known.
    """
    known = sorted(module.name for module in pkgutil.iter_modules(__path__))
    if kind not in known:
        raise ConfigError(f"kind={kind!r} is no evaluator; known: {', '.join(known)}")
    return importlib.import_module(f"{__name__}.{kind}").evaluate
