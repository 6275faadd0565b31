"""Errors in shapes, labels and counts, found before the first required run trains.

No image is read and no program is compiled: a run is built from shapes alone, as `jax.eval_shape` builds it.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from ml_collections import ConfigDict

from gan_jax import data, evaluation, models
from gan_jax.config import resolve
from gan_jax.errors import ConfigError, DataError
from gan_jax.game import TrainState
from gan_jax.metrics import features
from gan_jax.runs import classes, required, restore

Previews = dict[str, data.Preview]

# What flax and jax raise where shapes do not fit.
_MISFITS = (ValueError, TypeError, KeyError)


@dataclasses.dataclass
class Shapes:
    """A network by the shapes of its variables, such as a run before training; see `game.network.Network`."""

    variables: Mapping[str, Any]


def check(config: ConfigDict) -> TrainState:
    """Refuses data that a run, its required runs or their evaluations cannot work on.

    Returns:
      The run's state before training, with shapes and dtypes instead of arrays.

    Raises:
      ConfigError, DataError: naming the run, the role or field, what it is and what is allowed.
    """
    state = _state(config)
    for run in required.tree(config):
        for name, spec in run.evals.items():
            _check_evaluation(run, name, spec)
    return state


def _state(config: ConfigDict) -> TrainState:
    """The shapes of a run's state before training, with what it takes over from other networks."""
    networks = {name: {name: features.read(name, path)[0]} for name, path in config.weights.items()}
    for name, needed in config.requires.items():
        try:
            state = _state(required.inherit(config, needed))
        except (ConfigError, DataError) as error:
            raise type(error)(f"requires.{name}: {error}") from error
        variables = {player: part.eval_variables for player, part in state.players.items()}
        networks[name] = variables
    model = models.create(config.model)
    previews = _training(config)
    columns = _columns(previews)
    example = {name: values[:1] for name, values in columns.items()}
    unread = {f"{role}_{name}" for role, part in previews.items() for name in part.unread}
    facts = {name: values[:0] if name in unread else values for name, values in columns.items()}
    facts = {name: values for name, values in facts.items() if name not in previews}
    try:
        model.check(models.Inputs(config.data.size, width=config.data.width, columns=facts))
        state = restore.abstract_state(model, restore.describe(example))
        return jax.eval_shape(_adopted(model), state, networks)
    except _MISFITS as error:
        message = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"data.roles: {message}") from error


def _adopted(model):
    def adopted(state, networks):
        return model.adopt(state, {name: Shapes(variables) for name, variables in networks.items()}, {})

    return adopted


def _training(config: ConfigDict) -> Previews:
    numbered = classes.training(config)
    specs = {}
    for role, spec in config.data.roles.items():
        own = {"class_names": numbered[role]} if role in numbered else {}
        specs[role] = {**resolve(spec, config.data.sets), **own}
    return _previews(config, specs)


def _previews(config: ConfigDict, specs: Mapping[str, Mapping[str, Any]]) -> Previews:
    where = config.data
    folders = {"data_dir": where.data_dir, "manual_dir": where.manual_dir}
    found = {
        role: data.preview(resolve(spec, where.sets), size=where.size, width=where.width, **folders)
        for role, spec in specs.items()
    }
    if where.kind == "paired":
        data.require_partners({role: (part.total, part.names) for role, part in found.items()})
    return found


def _columns(previews: Previews) -> dict[str, np.ndarray]:
    """All columns of a batch, by batch key."""
    return {
        role if name == "image" else f"{role}_{name}": values
        for role, part in previews.items()
        for name, values in part.columns.items()
    }


def _check_evaluation(config: ConfigDict, name: str, spec: Any) -> None:
    previews = _previews(config, classes.numbered(config, spec.roles, classes.of_run(config)))
    columns = _columns(previews)
    counts = {role: part.count for role, part in previews.items()}
    try:
        evaluation.check_data(spec, columns, counts)
        _check_classes(config, spec, columns)
    except ConfigError as error:
        raise DataError(f"evals.{name}.{error}") from error


def _check_classes(config: ConfigDict, spec: Any, columns: Mapping[str, np.ndarray]) -> None:
    """Refuses labels that are not among the classes of the network that the evaluation compares them with."""
    judge = config.requires.get(evaluation.all_options(spec).get("judge", ""))
    judging = models.create((judge or config).model)
    if not judging.tells_classes or not hasattr(judging, "num_classes"):
        return
    count = judging.num_classes
    for column in evaluation.needed(spec):
        values = columns[column]
        if values.ndim == 1 and values.dtype.kind == "i" and values.max() >= count:
            role = column.rpartition("_")[0]
            title = f"requires.{evaluation.all_options(spec)['judge']}" if judge is not None else "the model"
            allowed = f"0 to {count - 1}, the classes of {title}"
            raise ConfigError(f"roles.{role} has the label {values.max()}; allowed: {allowed}")
