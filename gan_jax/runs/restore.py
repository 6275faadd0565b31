"""Restores a run from its folder: its configuration, model, state and result."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
from ml_collections import ConfigDict

from gan_jax import models
from gan_jax.errors import ConfigError, WorkdirError
from gan_jax.game import TrainState
from gan_jax.game.network import Network
from gan_jax.runs import checkpoint, leaves, stored
from gan_jax.runs.workdir import Workdir

_BATCH = 256  # images at a time


@dataclasses.dataclass(frozen=True)
class Run:
    """A run's configuration, model, state (host arrays without device axis), and result if it is finished.

    `example` describes one example of the training batch, as `describe` returns it.
    """

    config: ConfigDict
    model: models.Model
    state: TrainState
    result: dict[str, Any] | None
    example: dict[str, Any] = dataclasses.field(default_factory=dict)


def describe(batch: dict[str, np.ndarray]) -> dict[str, Any]:
    """The shape and dtype of one example of each column, as JSON, from which a state can be rebuilt."""
    return {name: [list(x.shape[1:]), str(x.dtype)] for name, x in batch.items()}


def example(description: dict[str, Any]) -> dict[str, np.ndarray]:
    """A batch of one example, all zeros, of the given description. uint8 images become floats."""
    zeros = {k: np.zeros((1, *shape), dtype) for k, (shape, dtype) in description.items()}
    return {k: x.astype(np.float32) if x.dtype == np.uint8 else x for k, x in zeros.items()}


def abstract_state(model: models.Model, description: dict[str, Any]) -> TrainState:
    """The model's state with shapes and dtypes instead of arrays."""
    return jax.eval_shape(model.init, jax.random.key(0), example(description))


def initial_state(
    config: ConfigDict,
    model: models.Model,
    description: dict[str, Any],
    networks: Mapping[str, Network],
    columns: Mapping[str, np.ndarray] | None = None,
) -> TrainState:
    """The state before training.

    The state depends on `config.seed`, the description of a training batch and the required networks. For
    some models it also depends on the columns of the training set.
    """
    # The program runs once. On a CPU its compilation takes a fifth of the time without optimisation.
    options = {"xla_backend_optimization_level": 0} if jax.default_backend() == "cpu" else None
    init = jax.jit(model.init, compiler_options=options)
    state = init(jax.random.key(config.seed), example(description))
    return model.adopt(state, networks, columns or {})


def load_config(path: Path | str) -> ConfigDict:
    """The configuration of the run in a folder, with the fields of this version and with resolved roles.

    Raises:
      WorkdirError: the folder holds no run, or its configuration has a field of a wrong type.
    """
    folder = Workdir(path, writes=False)
    if folder.config is None:
        raise WorkdirError(f"{folder.path} holds no run: it has no config.json")
    try:
        return ConfigDict(stored.whole(folder.config))
    except ConfigError as error:
        raise WorkdirError(f"{folder.path / 'config.json'} cannot be used: {error}") from error


def stored_config(path: Path | str) -> ConfigDict | None:
    """The configuration of the run in a folder, as a user would train it; None if there is no run.

    It has the fields of this version, and its roles still name data sets.
    """
    found = Workdir(path, writes=False).config
    return None if found is None else ConfigDict(stored.completed(found))


def load(path: Path | str) -> Run:
    """Restores the run in a folder, at the checkpoint that its configuration chooses.

    Raises:
      WorkdirError: the folder holds no run.
      CheckpointError: there is no intact checkpoint.
    """
    workdir = Workdir(path, writes=False)
    config = load_config(path)
    model = models.create(config.model)
    flat, meta = checkpoint.load(workdir.path / "checkpoints", config.checkpoint_rule == "best")
    flat = leaves.renamed(flat, stored.leaf_prefixes(config.model.name))
    state = leaves.fit(flat, abstract_state(model, meta["example"]))
    return Run(config, model, state, workdir.result, meta["example"])
