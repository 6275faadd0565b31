"""Runs a configuration's evaluations: its data, its evaluators, the state they judge."""

from collections.abc import Callable, Mapping
from typing import Any

import ml_collections
import numpy as np

from gan_jax import data, evaluation, images, inputs, parallel
from gan_jax.state import TrainState

_BATCH = 256


class Evaluations:
    """The evaluations of one run; data are read at first use and kept."""

    def __init__(
        self,
        config: ml_collections.ConfigDict,
        model: Any,
        networks: Mapping[str, evaluation.Network],
        poll: Callable[[], None],
    ):
        """Prepares the model's `generate`, or `predict` where it is a classifier; reads no data."""
        self._config, self._networks, self._poll = config, networks, poll
        self._data: dict[str, dict[str, data.Examples]] = {}
        if hasattr(model, "generate"):
            run = lambda state, batch, rng: model.generate(state, images.to_float(batch), rng)  # noqa: E731
        else:
            run = lambda state, batch, rng: model.predict(state, images.to_float(batch))  # noqa: E731
        self._apply = parallel.pmap_apply(run)

    def due(self, step: int) -> list[str]:
        """Names of the evaluations that a step asks for."""
        evals = self._config.evals
        return [name for name, spec in evals.items() if spec.every and step % spec.every == 0]

    def run(self, name: str, state: TrainState) -> dict[str, Any]:
        """Values of one evaluation of a replicated state; nothing of the state changes."""
        spec = self._config.evals[name]
        if name not in self._data:
            self._data[name] = inputs.load_evaluation(self._config, spec.roles)

        def batches():
            for batch in data.epoch(self._data[name], min(_BATCH, spec.get("num", _BATCH))):
                self._poll()
                yield batch

        def apply(batch: dict[str, np.ndarray]) -> Any:
            pictures = {k: v for k, v in batch.items() if k in spec.roles}
            return self._apply(state, pictures, self._config.seed)

        evaluator = evaluation.evaluator(spec.kind)
        return evaluator(apply, batches(), self._networks, **evaluation.options(spec))


def scalars(values: Mapping[str, Any]) -> dict[str, float]:
    """Those values that are numbers."""
    return {k: v for k, v in values.items() if isinstance(v, int | float)}


def pictures(values: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Those values that are images."""
    return {k: v for k, v in values.items() if isinstance(v, np.ndarray)}


def summary(values: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """All that a result keeps: the values of `test` by themselves, others under their evaluation."""
    kept = {
        name: {k: v for k, v in found.items() if not isinstance(v, np.ndarray)}
        for name, found in values.items()
    }
    test = kept.pop("test", {})
    return {**test, **{name: found for name, found in kept.items() if found}}
