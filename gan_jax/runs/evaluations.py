"""Runs the evaluations of a configuration: reads their data and calls their evaluators on a state."""

import functools
import logging
import math
from collections.abc import Callable, Mapping
from typing import Any

import jax
import ml_collections
import numpy as np

from gan_jax import data, evaluation, models
from gan_jax.errors import ConfigError
from gan_jax.game import TrainState, devices
from gan_jax.runs import classes, functions, inputs, waiting

_log = logging.getLogger(__name__)

_BATCH = 256


class Evaluations:
    """The evaluations of one run. Data are read at first use and kept."""

    def __init__(
        self,
        config: ml_collections.ConfigDict,
        model: models.Model,
        networks: Mapping[str, evaluation.Network],
        poll: Callable[[], None],
        untrained: Callable[[], TrainState],
    ):
        """Prepares the model's methods for evaluators, without reading data.

        Args:
          config: the run's configuration.
          model: the run's model.
          networks: the networks that the configuration requires, by name.
          poll: called between batches; it may raise to interrupt.
          untrained: returns the state before training; called once, when an evaluator first needs it.
        """
        self._config, self._networks, self._poll = config, networks, poll
        self._untrained = functools.cache(lambda: jax.device_get(untrained()))
        self._data: dict[str, dict[str, data.Examples]] = {}
        self._model = model
        self._mapped = functools.cache(lambda name: devices.pmap_apply(functions.method(model, name)))

    def due(self, step: int) -> list[str]:
        """The names of the evaluations that are due at a step."""
        evals = self._config.evals
        return [name for name, spec in evals.items() if spec.every and step % spec.every == 0]

    def run(self, name: str, state: TrainState) -> dict[str, Any]:
        """The values of one evaluation of a replicated state, see `finite`. The state does not change."""
        spec = self._config.evals[name]
        if name not in self._data:
            read = functools.partial(inputs.load_evaluation, self._config, spec.roles, self._poll)
            self._data[name] = waiting.interruptible(read, self._poll)

        def batches():
            for batch in data.epoch(self._data[name], min(_BATCH, spec.get("num", _BATCH))):
                self._poll()
                yield batch

        method = evaluation.method(spec.kind, self._model)
        apply = _Apply(self._model, self._mapped(method), state, spec.roles, self._config, self._untrained)
        evaluator = evaluation.evaluator(spec.kind)
        return finite(evaluator(apply, batches(), self._networks, **evaluation.options(spec)), name)


class _Apply:
    """Applies the model to one host batch after another, for evaluators; see `evaluation.Apply`."""

    def __init__(self, model, apply, state, roles, config, initial):
        self._model, self._state, self._initial = model, state, initial
        self._apply, self._roles, self._seed, self._config = apply, roles, config.seed, config
        self._methods = functools.cache(lambda name: devices.pmap_apply(functions.of_columns(model, name)))
        self._position, self._untrained_position = 0, 0

    def __call__(self, batch: Mapping[str, np.ndarray]) -> Any:
        self._position += 1
        return self._at(self._state, batch, self._position - 1)

    def untrained(self, batch: Mapping[str, np.ndarray]) -> Any:
        self._untrained_position += 1
        return self._at(self._first, batch, self._untrained_position - 1)

    def latents(self, n: int) -> np.ndarray:
        if not self._model.draws_from_noise:
            raise ConfigError("classes are asked of models that draw images from noise; this one does not")
        return np.asarray(self._model.latents(jax.random.key(self._seed), n))

    def conditions(self, n: int) -> dict[str, np.ndarray]:
        count = self._model.num_classes
        draw = np.random.default_rng(self._seed)
        return {"label": draw.integers(count, size=n, dtype=np.int32)} if count else {}

    def class_names(self) -> tuple[str, ...]:
        return next(iter(classes.training(self._config).values()), ())

    def method(self, name: str, columns: Mapping[str, np.ndarray]) -> Any:
        return self._methods(name)(self._state, dict(columns))

    @functools.cached_property
    def _first(self):
        return devices.replicate(self._initial())

    def _at(self, state, batch, position):
        seen = {k: v for k, v in batch.items() if not self._is_hidden(k)}
        return self._apply(state, seen, self._seed, position)

    def _is_hidden(self, key):
        """Whether a column, such as a label, holds an answer that the model must not read."""
        belongs = any(key.startswith(f"{role}_") for role in self._roles)
        return key not in self._roles and (belongs or key.endswith("_label"))


def finite(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Values for a file of JSON, which has no infinite number and no NaN: these become None, with a warning.

    Args:
      values: the values of an evaluation, or a part of them; numbers and arrays of numpy are allowed.
      name: what the values are of, for the warning.
    """
    return {key: _finite(value, f"{name}: {key}") for key, value in values.items()}


def _finite(value: Any, name: str) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return finite(value, name)
    if isinstance(value, list | tuple):
        return [_finite(one, f"{name}[{place}]") for place, one in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        _log.warning("%s is %s; files have null in its place", name, value)
        return None
    return value


def is_best(value: float | None, step: int, best: Mapping[str, Any] | None) -> bool:
    """Whether a value of the watched metric is the best so far. Of equal values the first is best.

    Args:
      value: at `step`; None, which is never best, if it was not finite.
      step: of the evaluation.
      best: the best `value` so far and its `step`; None before the first evaluation.
    """
    # An evaluation that runs again after resuming has already recorded this step as the best.
    if value is None:
        return False
    return best is None or value > best["value"] or step == best["step"]


def scalars(values: Mapping[str, Any]) -> dict[str, float]:
    """The values that are numbers."""
    return {k: v for k, v in values.items() if isinstance(v, int | float)}


def pictures(values: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The values that are images."""
    return {k: v for k, v in values.items() if isinstance(v, np.ndarray)}


def summary(values: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The values for a result, without images: those of `test` directly, others by evaluation."""
    kept = {
        name: {k: v for k, v in found.items() if not isinstance(v, np.ndarray)}
        for name, found in values.items()
    }
    test = kept.pop("test", {})
    return {**test, **{name: found for name, found in kept.items() if found}}
