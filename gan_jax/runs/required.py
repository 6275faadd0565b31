"""The networks that a run requires: finished runs, from the cache or trained first, and files of weights."""

import functools
import glob
import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from gan_jax import paths
from gan_jax.config import own_code, sets
from gan_jax.errors import ConfigError, WorkdirError
from gan_jax.game import devices
from gan_jax.game.network import Network
from gan_jax.metrics import features
from gan_jax.runs import stored
from gan_jax.runs.functions import method
from gan_jax.runs.restore import Run, load
from gan_jax.runs.workdir import Workdir

_log = logging.getLogger(__name__)

Train = Callable[..., dict[str, Any]]


class RequiredRun:
    """A finished run as a `game.network.Network`, for evaluators and models."""

    def __init__(self, run: Run):
        """Places the run's state on the devices.

        Raises:
          WorkdirError: the run is not finished, or its result lacks a field.
        """
        if run.result is None:
            raise WorkdirError(f"run {run.config.name} is not finished")
        for field, kind in (("metrics", dict), ("params_sha256", str)):
            if not isinstance(run.result.get(field), kind):
                raise WorkdirError(f"result.json of run {run.config.name} cannot be used: it has no {field}")
        self.metrics = run.result["metrics"]
        self.sha256 = _with_code(run.result["params_sha256"], {"model": run.config.model})
        self.variables = {name: player.eval_variables for name, player in run.state.players.items()}
        self._state = devices.replicate(run.state)
        self._mapped = functools.cache(lambda name: devices.pmap_apply(method(run.model, name)))

    def apply(self, method: str, batch: Mapping[str, Any]) -> Any:
        """The result of a method of the run's model on a batch of columns [B, ...], in host arrays."""
        return self._mapped(method)(self._state, dict(batch))


def key(config: ConfigDict) -> str:
    """A name for what `config` computes. Fields of reporting, paths and defaults do not affect the name.

    The files of code of one's own affect the name by their content.

    Raises:
      ConfigError: such a file is missing.
    """
    parameters = _parameters(config.to_dict())
    text = _with_code(json.dumps(parameters, sort_keys=True), parameters)
    return f"{config.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _with_code(text: str, config: Mapping[str, Any]) -> str:
    """A text, with a hash of the code of one's own that a configuration names, if it names any."""
    code = own_code.contents(config)
    if not code:
        return text
    return hashlib.sha256(f"{text}\n{json.dumps(code, sort_keys=True)}".encode()).hexdigest()


def _parameters(config: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that determine a run's parameters: all fields except the evaluations."""

    def without_evaluations(fields):
        needed = {name: without_evaluations(required) for name, required in fields["requires"].items()}
        return {**{k: v for k, v in fields.items() if k != "evals"}, "requires": needed}

    return without_evaluations(stored.canonical(config))


def place(config: ConfigDict) -> Path:
    """The folder of a required run in the cache. `config.cache_dir` is that of the run that requires it.

    The folder of the run's own key is taken if it has a run. Otherwise the folder of any run that computes
    the same is taken, because another version may have given it another key. A finished run is preferred. If
    there is no such run, the folder is that of the run's own key. So is that of a run with code of one's own,
    because the configuration in another folder does not tell with which content of the file its run was made.
    """
    cache, wanted = paths.given("cache_dir", config.cache_dir), _parameters(config.to_dict())
    own, others = cache / key(config), []
    if Workdir(own, writes=False).config is not None or own_code.contents(wanted):
        return own
    for path in sorted(cache.glob(f"{glob.escape(config.name)}-*")):
        folder = Workdir(path, writes=False)
        try:
            if folder.config is not None and _parameters(folder.config) == wanted:
                others.append((folder.result is None, path))
        except (ConfigError, WorkdirError) as error:
            _log.warning("the run in %s is left out: %s", path, error)
    return min(others)[1] if others else own


def ensure(config: ConfigDict, train: Train) -> dict[str, Network]:
    """The networks that `config` requires: of the runs in `requires` and of the files in `weights`.

    A run that is not finished in the cache is trained first.

    Args:
      config: configuration of the run that requires them. Required runs inherit its paths and reporting.
      train: `train(config, workdir, wait)`, which starts or resumes a run, or returns at once if the run is
        finished.
    """
    wanted = {name: inherit(config, required) for name, required in config.requires.items()}
    found: dict[str, Network] = {name: features.load(name, path) for name, path in config.weights.items()}
    for name, required in wanted.items():
        path = place(required)
        if Workdir(path, writes=False).result is None:
            _log.info("%s needs the run %s, which is trained first, into %s", config.name, name, path)
        train(required, path, wait=True)
        found[name] = RequiredRun(load(path))
    return found


def required(config: ConfigDict, name: str) -> Network:
    """The network `name` that a configuration requires, from a file or from a finished run in the cache.

    Raises:
      WorkdirError: the cache has no finished run of this name; the message says how to train the run.
    """
    if name in config.weights:
        return features.load(name, config.weights[name])
    path = place(inherit(config, config.requires[name]))
    if Workdir(path, writes=False).result is None:
        message = f"{name}, which run {config.name!r} requires, is not finished in {path}; "
        raise WorkdirError(
            message + "--mode=train or --mode=eval of the run, in the same folder, finishes it"
        )
    return RequiredRun(load(path))


def tree(config: ConfigDict) -> Iterator[ConfigDict]:
    """A configuration, and those of all runs that it requires, directly or not."""
    yield config
    for needed in config.requires.values():
        yield from tree(inherit(config, needed))


def inherit(config: ConfigDict, required: ConfigDict) -> ConfigDict:
    """A required run's configuration with the data sets, paths and reporting of the run that requires it."""
    required = required.copy_and_resolve_references()
    sets.inherit(config, required)
    with required.unlocked():
        for field in ("platform", "distributed", "log_seconds", "debug_nans", "cache_dir"):
            required[field] = config[field]
        for field in ("data_dir", "manual_dir", "store"):
            required.data[field] = required.data[field] or config.data[field]
        required.data.store_above = config.data.store_above
    return required
