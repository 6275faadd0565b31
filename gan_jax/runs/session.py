"""An open run: its data, model, state, checkpoints, evaluations and logs."""

import dataclasses
import functools
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import ml_collections

from gan_jax import data, models
from gan_jax.config import own_code
from gan_jax.errors import ConfigError, DataError
from gan_jax.game import TrainState, devices
from gan_jax.game.network import Network
from gan_jax.runs import (
    checkpoint,
    evaluations,
    history,
    inputs,
    own_memory,
    provenance,
    restore,
    starting,
    stored,
)
from gan_jax.runs.leaves import renamed
from gan_jax.runs.logs import Logs
from gan_jax.runs.workdir import Workdir

_log = logging.getLogger(__name__)


@dataclasses.dataclass
class Session:
    """An open run.

    Attributes:
      config: the run's configuration.
      folder: the run's folder, which this process holds.
      model: the model that `config.model` names.
      roles: the training set.
      state: the replicated state, which the loop replaces at every step.
      meta: values that a checkpoint keeps beside the state: `step`; `seconds` over all sessions; the `latest`
        losses; the `best` value of the watched metric and its step; the description of an `example`; facts on
        the `data` and the `records`, and `notes` on their changes, see `history`.
      checkpoints: the run's checkpoints.
      evaluations: the run's evaluations.
      logs: the run's logs.
      origin: `provenance.facts()` from the start of this session, since the checkout may change later. `code`
        has the hashes of code of one's own, see `own_code.contents`; it is missing without such code.
      began: the value of `time.monotonic` at the start, minus the seconds of earlier sessions.
    """

    config: ml_collections.ConfigDict
    folder: Workdir
    model: models.Model
    roles: dict[str, data.Examples]
    state: TrainState
    meta: dict[str, Any]
    checkpoints: checkpoint.Checkpoints
    evaluations: evaluations.Evaluations
    logs: Logs
    origin: Mapping[str, Any]
    began: float

    @property
    def seconds(self) -> float:
        """Seconds of training and evaluation over all sessions of the run."""
        return time.monotonic() - self.began

    def save(self, step: int, best: bool = False) -> None:
        """Starts to save the state as the newest checkpoint, or as the best one."""
        records = history.records_facts(self.folder.records_content)
        self.meta = {**self.meta, "step": step, "seconds": self.seconds, "records": records}
        others = own_memory.others(self.config, self.model, self.state)
        state = own_memory.host(self.config, self.model, self.state)
        self.checkpoints.save(state, step, self.meta, best, others)

    def evaluate(self, step: int) -> None:
        """Runs and records the evaluations that are due at a step, and saves the state if it is the best."""
        for name in self.evaluations.due(step):
            values = self.evaluations.run(name, self.state)
            self.logs.scalars(step, evaluations.scalars(values), name)
            for kind, pixels in evaluations.pictures(values).items():
                self.logs.image(step, f"{name}_{kind}" if kind != name else name, pixels)
            watched, _, metric = self.config.best.partition("/")
            if name == watched and metric not in values:
                known = ", ".join(evaluations.scalars(values)) or "none"
                raise ConfigError(f"best={self.config.best!r}: {name} gives no such number; it gives {known}")
            if name == watched and evaluations.is_best(values[metric], step, self.meta["best"]):
                self.meta["best"] = {"step": step, "value": values[metric]}
                self.save(step, best=True)

    def close(self) -> None:
        """Closes the logs and checkpoints without raising; the folder stays open."""
        self.logs.close()
        self.checkpoints.abandon()


def open_run(
    config: ml_collections.ConfigDict,
    folder: Workdir,
    networks: Mapping[str, Network],
    poll: Callable[[], None],
) -> Session:
    """Reads the data, restores the newest intact checkpoint or makes the first state, and opens the logs.

    Args:
      config: a validated configuration.
      folder: the run's folder, which this process holds.
      networks: the networks that the configuration requires, by name.
      poll: called between pieces of work; it may raise to interrupt.

    Raises:
      DataError, CheckpointError: see `errors`.
    """
    origin = _origin(config)
    model = models.create(config.model)
    roles = inputs.load(config, poll)
    inputs.check_columns(config, model, inputs.columns_of(roles))
    facts = history.data_facts(roles)
    description = restore.describe(next(iter(data.epoch(roles, 1))))
    roles = inputs.with_features(model, networks, roles, poll, config.cache_dir)

    initial = functools.partial(restore.initial_state, config, model, description, networks)
    checkpoints = checkpoint.Checkpoints(
        folder.path / "checkpoints", config.keep, folder.writes, stored.leaf_prefixes(config.model.name)
    )
    metrics = stored.metric_prefixes(config.model.name)
    devices.barrier("settled")  # the writing process cleans up after a kill before any process reads
    restored = checkpoints.restore_all(_shapes(model, description))
    others = None
    if restored:
        state, meta, others = restored
        meta["latest"] = renamed(meta["latest"], metrics)
        _note_changes(folder, meta, facts)
        _log.info("%s: resuming at step %d", config.name, meta["step"])
    else:
        _log.info("%s: making the networks", config.name)
        state = starting.start(config, initial(inputs.columns_of(roles)), folder)
        meta = {"step": 0, "seconds": 0.0, "latest": {}, "best": None, "example": description}
    meta["data"] = facts
    placed, dealt = own_memory.place(config, model, state, others)
    if dealt:
        _log.info("%s: from step %d on, %s", config.name, meta["step"], dealt)
    return Session(
        config=config,
        folder=folder,
        model=model,
        roles=roles,
        state=placed,
        meta=meta,
        checkpoints=checkpoints,
        evaluations=evaluations.Evaluations(config, model, networks, poll, initial),
        logs=Logs(folder, meta["step"], config.tensorboard, metrics),
        origin=origin,
        began=time.monotonic() - meta["seconds"],
    )


def _shapes(model: models.Model, description: dict[str, Any]) -> Any:
    """The shapes of the state. Only now are the sides of images known whose aspect ratio is kept.

    Raises:
      DataError: the model does not take these images.
    """
    try:
        return restore.abstract_state(model, description)
    except ValueError as error:
        raise DataError(f"data.roles: {error}") from error


def _origin(config: ml_collections.ConfigDict) -> dict[str, Any]:
    code = own_code.contents(stored.comparable(config.to_dict()))
    return {**provenance.facts(), **({"code": code} if code else {})}


def _note_changes(folder: Workdir, meta: dict[str, Any], facts: Mapping[str, Any]) -> None:
    """Warns of training data and records that changed after the run had stopped, and notes this in `meta`."""
    lines = history.changed_data(meta.get("data", {}), facts)
    if "records" in meta and folder.writes:  # versions without this field told no length
        lines += history.changed_records(meta["records"], folder.records_content, "metrics.jsonl")
    for line in lines:
        _log.warning("%s: from step %d on, %s", folder.path, meta["step"], line)
    history.noted(meta, [f"from step {meta['step']} on, {line}" for line in lines])
