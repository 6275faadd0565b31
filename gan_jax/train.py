"""The one training loop: data, steps, logs, checkpoints, evaluations. No line of it knows a model."""

import functools
import logging
import math
import time
from collections import deque
from pathlib import Path
from typing import Any

import jax
import ml_collections

from gan_jax import data, models
from gan_jax.config import FREE
from gan_jax.errors import CheckpointError, Interrupted, NonFiniteError, WorkdirError
from gan_jax.game import TrainState, devices
from gan_jax.ops.pixels import to_float
from gan_jax.runs import checkpoint, evaluations, inputs, provenance, required, restore, result
from gan_jax.runs.logs import Logs, ProgressLine
from gan_jax.runs.signals import Interrupts, handled
from gan_jax.runs.stored import comparable
from gan_jax.runs.workdir import Workdir

_log = logging.getLogger(__name__)

_IN_FLIGHT = 2  # steps whose losses are not yet looked at, so that the device never waits


def train(config: ml_collections.ConfigDict, workdir: Path | str, wait: bool = False) -> dict[str, Any]:
    """Trains, resumes, or (where finished) only reads the run of a folder.

    Args:
      config: a validated configuration.
      workdir: the run's folder.
      wait: wait for another process that works in this folder, instead of refusing.

    Returns:
      The result, as written to `result.json`.

    Raises:
      WorkdirError, DataError, CheckpointError, NonFiniteError, Interrupted: see `errors`.
    """
    folder = Workdir(workdir, writes=devices.process()[0] == 0)
    stored = config.to_dict()
    folder.check(stored, FREE, comparable)
    with handled() as interrupts, folder.open(interrupts.poll if wait else None):
        devices.barrier("opened")  # whoever waited for another's run finds its end here, all alike
        done = folder.result
        if done and done["step"] == config.steps:
            _log.info("%s is finished at step %d", folder.path, config.steps)
            return done
        for checked in (config, *(required.inherit(config, r) for r in config.requires.values())):
            inputs.check(checked)
        reached = checkpoint.newest_step(folder.path / "checkpoints")
        if reached > config.steps:
            raise WorkdirError(f"{folder.path} is at step {reached} already; steps={config.steps} is fewer")
        folder.write_json("config.json", stored)
        networks = required.ensure(config, train)
        content = _Training(config, folder, networks, interrupts).run()
        devices.barrier("finished")  # one process writes the result, and all may read it next
        return content


def evaluate_run(workdir: Path | str) -> dict[str, Any]:
    """Runs every evaluation of a trained run again, from its folder alone; writes nothing there.

    Returns:
      `{'metrics': {...}}` in the layout of the result.
    """
    run = restore.load(workdir)
    networks = required.ensure(run.config, train)
    with handled() as interrupts:
        untrained = functools.partial(restore.initial_state, run.config, run.model, run.example, networks)
        judging = evaluations.Evaluations(run.config, run.model, networks, interrupts.poll, untrained)
        state = devices.replicate(run.state)
        values = {name: judging.run(name, state) for name in run.config.evals}
    return {"metrics": evaluations.summary(values)}


def _on_floats(model):
    """A model's training step on batches whose images may be bytes.

    It holds nothing but the model: jax keeps functions that it has traced, and images with them.
    """

    def step(state, batch, rng, phase):
        return model.train_step(state, to_float(batch), rng, phase)

    return step


class _Training:
    """One run from where it stands to its result."""

    def __init__(self, config, folder, networks, interrupts: Interrupts):
        self.config, self.folder, self.poll = config, folder, interrupts.poll
        self.origin = provenance.facts()
        self.model = models.create(config.model)
        self.roles = inputs.load(config, self.poll)
        inputs.check_columns(self.model, self.roles)
        self.checkpoints = checkpoint.Checkpoints(folder.path / "checkpoints", config.keep, folder.writes)
        devices.barrier("settled")  # what a kill left half done is put in order by the writer alone
        state, self.meta = self._start(networks)
        self.state = devices.replicate(state)
        self.roles, columns = inputs.with_constants(
            self.model, self.state, self.roles, self.poll, config.cache_dir
        )
        if not self.meta["step"]:
            self.state = devices.replicate(self.model.calibrate(state, columns))
        untrained = functools.partial(
            restore.initial_state, config, self.model, self.meta["example"], networks
        )
        self.evaluations = evaluations.Evaluations(config, self.model, networks, self.poll, untrained)
        self.step = devices.pmap_step(_on_floats(self.model), config.seed)
        self.logs = Logs(folder, self.meta["step"], config.tensorboard)
        self.began = time.monotonic() - self.meta["seconds"]

    def _start(self, networks) -> tuple[TrainState, dict[str, Any]]:
        batch = next(iter(data.epoch(self.roles, 1)))
        description = restore.describe(batch)
        target = restore.abstract_state(self.model, description)
        restored = self.checkpoints.restore(target)
        if restored:
            _log.info("%s: resuming at step %d", self.config.name, restored[1]["step"])
            return restored
        meta = {"step": 0, "seconds": 0.0, "latest": {}, "best": None, "example": description}
        return restore.initial_state(self.config, self.model, description, networks), meta

    def run(self) -> dict[str, Any]:
        """Trains to the last step and returns the result; wherever it ends, what it opened is closed."""
        config, start = self.config, self.meta["step"]
        rank, processes = devices.process()
        stream = data.stream(
            self.roles,
            config.batch_size * self.model.batches,
            seed=config.seed,
            paired=config.data.kind == "paired",
            start=start,
            process_index=rank,
            process_count=processes,
        )
        self.progress = ProgressLine(config.name, start, config.steps, config.log_seconds)
        self.in_flight: deque[tuple[int, dict[str, jax.Array]]] = deque()
        try:
            if start:
                self._evaluate(start)
            for i in range(start, config.steps):
                batch = devices.shard(next(stream))
                self._iterate(i, batch)
                self._after(i + 1)
            return self._finish()
        finally:
            stream.close()
            self.progress.close()
            self.logs.close()
            self.checkpoints.abandon()

    def _iterate(self, i: int, batch) -> None:
        phases = self.model.phases(i)
        metrics: dict[str, jax.Array] = {}
        for j, phase in enumerate(phases):
            clock = devices.clock(i, j, j == len(phases) - 1)
            self.state, new = self.step(self.state, batch, clock, phase)
            metrics |= new
        self.in_flight.append((i + 1, metrics))
        self._settle(_IN_FLIGHT)
        self.checkpoints.check()

    def _settle(self, leave: int) -> None:
        """Reads the losses of all but the last `leave` steps and refuses any that is not finite."""
        while len(self.in_flight) > leave:
            step, metrics = self.in_flight.popleft()
            values = devices.to_host(metrics)
            for name, value in values.items():
                if not math.isfinite(value):
                    player, _, term = name.rpartition("/")
                    raise NonFiniteError(
                        f"step {step}: {term} of player {player or 'all'} is {value}; "
                        "the last checkpoint is untouched"
                    )
            self.meta["latest"] |= values

    def _after(self, step: int) -> None:
        """What is due once `step` iterations are done."""
        config = self.config
        log = step % config.log_every == 0
        save = step % config.checkpoint_every == 0 or step == config.steps
        evaluations = self.evaluations.due(step)
        if log or save or evaluations:
            self._settle(0)
        if log:
            self.logs.scalars(step, self.meta["latest"])
        self.progress.update(step, self.meta["latest"])
        if save:
            self._save(step)
        try:
            self._evaluate(step)
            self.poll(step)
        except Interrupted:
            self._settle(0)
            self._save(step)
            self.checkpoints.close()
            devices.barrier("saved")  # whoever leaves earlier ends the others soon
            raise

    def _save(self, step: int, best: bool = False) -> None:
        seconds = time.monotonic() - self.began
        self.meta = {**self.meta, "step": step, "seconds": seconds}
        self.checkpoints.save(devices.unreplicate(self.state), step, self.meta, best)

    def _evaluate(self, step: int) -> None:
        for name in self.evaluations.due(step):
            values = self._record(step, name)
            watched, _, metric = self.config.best.partition("/")
            if name == watched and self._is_best(step, values[metric]):
                self._save(step, best=True)

    def _is_best(self, step: int, value: float) -> bool:
        best = self.meta["best"]
        # An evaluation repeated after a resume finds itself recorded already.
        if best is None or value > best["value"] or step == best["step"]:
            self.meta["best"] = {"step": step, "value": value}
            return True
        return False

    def _record(self, step: int, name: str) -> dict[str, Any]:
        values = self.evaluations.run(name, self.state)
        self.logs.scalars(step, evaluations.scalars(values), name)
        for kind, pixels in evaluations.pictures(values).items():
            self.logs.image(step, f"{name}_{kind}" if kind != name else name, pixels)
        return values

    def _finish(self) -> dict[str, Any]:
        """Judges the chosen checkpoint by every evaluation and writes the result."""
        config = self.config
        if not config.steps:
            self._save(0)
        self.checkpoints.close()
        devices.barrier("saved")
        step = config.steps
        if config.checkpoint_rule == "best" and step:  # untrained there is nothing to choose from
            best = self.checkpoints.restore_best(devices.unreplicate(self.state))
            if best is None:
                raise CheckpointError(f"best={config.best!r} was never evaluated in {step} steps")
            self.state, step = devices.replicate(best[0]), best[1]["step"]
        values = {name: self.evaluations.run(name, self.state) for name in config.evals}
        for found in values.values():
            for kind, pixels in evaluations.pictures(found).items():
                self.logs.image(config.steps, f"final_{kind}", pixels)
        result.draw(self.folder, config.name, values)
        content = result.build(
            config,
            devices.unreplicate(self.state),
            values,
            judged_step=step,
            seconds=time.monotonic() - self.began,
            origin=self.origin,
        )
        self.folder.write_json("result.json", content)
        return content
