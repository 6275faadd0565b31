"""Finished runs put to use: a run's model and state from its folder, and the runs that others require."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
from ml_collections import ConfigDict

from gan_jax import models
from gan_jax.errors import WorkdirError
from gan_jax.game import TrainState
from gan_jax.game.network import Network
from gan_jax.runs import checkpoint, leaves, stored
from gan_jax.runs.workdir import Workdir

_BATCH = 256  # images at a time


@dataclasses.dataclass(frozen=True)
class Run:
    """A run's configuration, model, state (host arrays, no device axis) and result, if finished.

    `example` describes one example of its training batch, see `describe`.
    """

    config: ConfigDict
    model: models.Model
    state: TrainState
    result: dict[str, Any] | None
    example: dict[str, Any] = dataclasses.field(default_factory=dict)


def describe(batch: dict[str, np.ndarray]) -> dict[str, Any]:
    """Shapes and dtypes of one example of each batch role, as JSON: enough to rebuild a state."""
    return {name: [list(x.shape[1:]), str(x.dtype)] for name, x in batch.items()}


def example(description: dict[str, Any]) -> dict[str, np.ndarray]:
    """A batch of one, all zeros, of the given description; uint8 images become floats."""
    zeros = {k: np.zeros((1, *shape), dtype) for k, (shape, dtype) in description.items()}
    return {k: x.astype(np.float32) if x.dtype == np.uint8 else x for k, x in zeros.items()}


def abstract_state(model: models.Model, description: dict[str, Any]) -> TrainState:
    """Shapes and dtypes of the model's state."""
    return jax.eval_shape(model.init, jax.random.key(0), example(description))


def initial_state(
    config: ConfigDict,
    model: models.Model,
    description: dict[str, Any],
    networks: Mapping[str, Network],
    columns: Mapping[str, np.ndarray] | None = None,
) -> TrainState:
    """The state before training.

    It follows from `config.seed`, the description of a training batch, the required networks, and the columns
    of the training set where the model takes something from these.
    """
    state = jax.jit(model.init)(jax.random.key(config.seed), example(description))
    return model.adopt(state, networks, columns or {})


def load_config(path: Path | str) -> ConfigDict:
    """The configuration of the run that lives in a folder, by this version's fields, its roles resolved.

    Raises:
      WorkdirError: no run lives there.
    """
    folder = Workdir(path, writes=False)
    if folder.config is None:
        raise WorkdirError(f"{folder.path} holds no run: it has no config.json")
    return ConfigDict(stored.whole(folder.config))


def load(path: Path | str) -> Run:
    """Restores the run that lives in a folder, at the checkpoint its configuration chooses.

    Raises:
      WorkdirError: no run lives there.
      CheckpointError: no intact checkpoint.
    """
    workdir = Workdir(path, writes=False)
    config = load_config(path)
    model = models.create(config.model)
    flat, meta = checkpoint.load(workdir.path / "checkpoints", config.checkpoint_rule == "best")
    flat = leaves.renamed(flat, stored.leaf_prefixes(config.model.name))
    state = leaves.fit(flat, abstract_state(model, meta["example"]))
    return Run(config, model, state, workdir.result, meta["example"])
