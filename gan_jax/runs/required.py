"""The runs that another run requires. They come from the cache, or are trained first."""

import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from gan_jax.config import FREE
from gan_jax.errors import WorkdirError
from gan_jax.game import devices
from gan_jax.game.network import Network
from gan_jax.runs.functions import method
from gan_jax.runs.restore import Run, load
from gan_jax.runs.workdir import Workdir

Train = Callable[..., dict[str, Any]]


class RequiredRun:
    """A finished run as a `game.network.Network`, for evaluators and models."""

    def __init__(self, run: Run):
        """Places the run's state on the devices.

        Raises:
          WorkdirError: the run is not finished.
        """
        if run.result is None:
            raise WorkdirError(f"run {run.config.name} is not finished")
        self.metrics = run.result["metrics"]
        self.sha256 = run.result["params_sha256"]
        self.variables = {name: player.eval_variables for name, player in run.state.players.items()}
        self._state = devices.replicate(run.state)
        self._mapped = functools.cache(lambda name: devices.pmap_apply(method(run.model, name)))

    def apply(self, method: str, batch: Mapping[str, Any]) -> Any:
        """The result of a method of the run's model on a batch of columns [B, ...], in host arrays."""
        return self._mapped(method)(self._state, dict(batch))


def key(config: ConfigDict) -> str:
    """A name for the computation of `config`. Reporting and paths do not change the name."""
    reporting = set(FREE) - {"steps", "best", "checkpoint_rule"}
    fields = {k: v for k, v in config.to_dict().items() if k not in reporting}
    fields["data"] = {k: v for k, v in fields["data"].items() if f"data.{k}" not in reporting}
    text = json.dumps(fields, sort_keys=True)
    return f"{config.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def ensure(config: ConfigDict, train: Train) -> dict[str, Network]:
    """The finished runs that `config.requires` names, by name. Runs that are not in the cache are trained.

    Args:
      config: the configuration of the run that requires them; they inherit its paths and reporting.
      train: `train(config, workdir, wait)`, which resumes a run, or returns at once if it is finished.
    """
    wanted = {name: inherit(config, required) for name, required in config.requires.items()}
    found: dict[str, Network] = {}
    for name, required in wanted.items():
        path = Path(config.cache_dir) / key(required)
        train(required, path, wait=True)
        found[name] = RequiredRun(load(path))
    return found


def required(config: ConfigDict, name: str) -> Network:
    """One of the runs that `config.requires` names, from the cache, which must have it finished.

    Raises:
      WorkdirError: the cache has no such finished run; the message says how to train it.
    """
    path = Path(config.cache_dir) / key(inherit(config, config.requires[name]))
    if Workdir(path, writes=False).result is None:
        message = f"{name}, which run {config.name!r} requires, is not finished in {path}; "
        raise WorkdirError(
            message + "--mode=train or --mode=eval of the run, in the same folder, finishes it"
        )
    return RequiredRun(load(path))


def inherit(config: ConfigDict, required: ConfigDict) -> ConfigDict:
    """A required run's configuration with the paths and the reporting of the run that requires it."""
    required = required.copy_and_resolve_references()
    with required.unlocked():
        for field in ("platform", "distributed", "log_seconds", "debug_nans", "cache_dir"):
            required[field] = config[field]
        for field in ("data_dir", "manual_dir"):
            required.data[field] = required.data[field] or config.data[field]
    return required
