"""The model as evaluators see it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np


class Apply(Protocol):
    """The model on host batches, one after another.

    From a batch of data, the model sees only the images of the roles, never their labels or other columns. It
    also sees what the evaluator adds, such as `z` or the wanted `label`. Its randomness depends on the
    seed, the number of the call and the place of the row in the batch. Every row gets different noise, and a
    repeated evaluation gets the same noise on any number of devices.
    """

    def __call__(self, batch: Mapping[str, np.ndarray], /) -> Any:
        """The images of `generate` by role, the logits of `predict`, or the output of METHOD."""
        ...

    def untrained(self, batch: Mapping[str, np.ndarray], /) -> Any:
        """The same for the model before training; these calls are counted separately."""
        ...

    def latents(self, n: int, /) -> np.ndarray:
        """`n` draws of a noise-to-image model's prior, [n, z_dim], the same at every call and every step.

        Raises:
          ConfigError: the model does not draw images from noise.
        """
        ...

    def conditions(self, n: int, /) -> dict[str, np.ndarray]:
        """`{'label': int32 [n]}`, random classes of a conditional model, always the same; {} for others."""
        ...

    def class_names(self) -> Sequence[str]:
        """The names of a conditional model's classes in the order of their numbers; () if they have none."""
        ...

    def method(self, name: str, columns: Mapping[str, np.ndarray], /) -> Any:
        """`name(state, **columns)` of the model in host arrays, such as `styles` of a model with styles."""
        ...
