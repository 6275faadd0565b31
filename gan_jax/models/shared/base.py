"""What every model has unless it says otherwise, and checks of hyper-parameters."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from gan_jax.game import TrainState

Batch = dict[str, jax.Array]
Labels = Any  # int32 [n]; None where a model is not conditional


class Defaults:
    """The optional members of a model; nothing here is called by a model itself."""

    @property
    def batches(self) -> int:
        """Batches of config.batch_size that one iteration consumes."""
        return 1

    @property
    def multiple(self) -> int:
        """Sides of images that `generate` translates are multiples of this; 0: the trained size alone."""
        return 0

    def phases(self, iteration: int) -> tuple[Any, ...]:
        """Static arguments of the compiled steps of this iteration, in order."""
        del iteration
        return ("train",)

    def check_size(self, size: int, required: Mapping[str, int]) -> None:
        """Raises ValueError where the networks cannot take images of `size` pixels a side.

        `required` are the pixels at which the networks of the required runs were trained, by name.
        """
        del size, required

    def check_columns(self, columns: Mapping[str, np.ndarray]) -> None:
        """Raises ValueError where the training set's columns have values that the model cannot take.

        `columns` are all but the images, by their batch key, such as `image_label`. Before training.
        """
        del columns

    def adopt(self, state: TrainState, networks: Mapping[str, Any]) -> TrainState:
        """Takes over variables of the finished runs that `config.requires` names, by name."""
        del networks
        return state

    def constants(self, state: TrainState, batch: Batch) -> Batch:
        """Columns that follow from frozen variables alone; computed once per example and cached."""
        del state, batch
        return {}

    def calibrate(self, state: TrainState, columns: Mapping[str, np.ndarray]) -> TrainState:
        """Sets constants of the state from the cached columns of the whole training set."""
        del columns
        return state
