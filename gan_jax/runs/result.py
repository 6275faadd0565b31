"""The result of a finished run: the content of `result.json`, and the plots."""

import logging
from collections.abc import Mapping
from typing import Any

import ml_collections
import numpy as np

from gan_jax.drawing import plots
from gan_jax.errors import WorkdirError
from gan_jax.game import TrainState, devices
from gan_jax.runs import evaluations, leaves, provenance
from gan_jax.runs.workdir import Workdir

_log = logging.getLogger(__name__)


def build(
    config: ml_collections.ConfigDict,
    state: TrainState,
    values: Mapping[str, Mapping[str, Any]],
    *,
    judged_step: int,
    seconds: float,
    origin: Mapping[str, Any],
) -> dict[str, Any]:
    """The content of `result.json`.

    Args:
      config: the run's configuration.
      state: the judged state, host arrays without device axis.
      values: the values of every evaluation.
      judged_step: the step of `state`, which need not be the last if the best checkpoint is judged.
      seconds: seconds of training and evaluation over all sessions of the run.
      origin: facts on the code and the machine, see `Session.origin`.
    """
    parameters = {name: (p.params, p.batch_stats, p.ema) for name, p in state.players.items()}
    return {
        "name": config.name,
        "metrics": evaluations.summary(values),
        "step": config.steps,
        "judged_step": judged_step,
        "params_sha256": provenance.sha256(leaves.flatten(parameters)),
        "seed": config.seed,
        "seconds": round(seconds, 1),
        "device": devices.describe(),
        **origin,
        "config": config.to_dict(),
    }


def draw(folder: Workdir, name: str, values: Mapping[str, Mapping[str, Any]]) -> None:
    """Plots the loss curves, and the confusion matrix of every evaluation that has one.

    A plot that cannot be written is a warning, since the result must not be lost with it.
    """
    _write(folder, "curves.png", plots.curves(folder.records()))
    for evaluation, found in values.items():
        if "confusion" in found:
            counts = np.array(found["confusion"])
            accuracy = counts.trace() / counts.sum()
            title = f"{name}, {evaluation}: accuracy {accuracy:.4f}"
            _write(folder, f"confusion_{evaluation}.png", plots.confusion(found["confusion"], title))


def _write(folder: Workdir, name: str, content: bytes) -> None:
    try:
        folder.write(name, content)
    except WorkdirError as error:
        _log.warning("%s; the result is written without this plot", error)
