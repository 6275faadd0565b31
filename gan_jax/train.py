"""The one training loop, for all models: batches, steps, losses, checkpoints and evaluations."""

import contextlib
import logging
import math
import sys
import types
from collections import deque
from pathlib import Path
from typing import Any

import jax
import ml_collections

from gan_jax import data, paths
from gan_jax.config import FREE, validate
from gan_jax.config.own_code import located
from gan_jax.errors import Interrupted, NonFiniteError, WorkdirError
from gan_jax.game import devices
from gan_jax.ops.pixels import on_floats
from gan_jax.runs import (
    checkpoint,
    classes,
    inputs,
    judging,
    literal,
    logs,
    rehearsal,
    required,
    schedules,
    session,
    starting,
)
from gan_jax.runs.signals import INTERRUPTS, handled
from gan_jax.runs.stored import comparable
from gan_jax.runs.workdir import Workdir

_log = logging.getLogger(__name__)

_IN_FLIGHT = 2  # steps whose losses are not read yet, so that the device does not wait for the host


def train(config: ml_collections.ConfigDict, workdir: Path | str, wait: bool = False) -> dict[str, Any]:
    """Trains or resumes the run of a folder. If the run is finished, only its result is read.

    Args:
      config: a validated configuration.
      workdir: the run's folder.
      wait: whether to wait for another process that holds this folder, instead of raising.

    Returns:
      The content of `result.json`.

    Raises:
      ConfigError, WorkdirError, DataError, CheckpointError, NonFiniteError, Interrupted: see `errors`.
    """
    config = located(config)
    folder = Workdir(workdir, writes=devices.process()[0] == 0)
    stored = config.to_dict()
    literal.checked(folder.path)
    if config.requires:
        literal.checked(paths.given("cache_dir", config.cache_dir))
    extended = folder.check(stored, FREE, comparable, schedules.extended)
    with folder.open(INTERRUPTS.poll if wait else None):
        devices.barrier("opened")  # a process that waited for the folder must see the other run's result
        done = folder.result
        if done and done.get("step") == config.steps:
            _log.info("%s is finished at step %d", folder.path, config.steps)
            return done
        for checked in required.tree(config):
            logs.check(checked.tensorboard)
            inputs.check(checked)
        shapes = rehearsal.check(config)
        reached = checkpoint.newest_step(folder.path / "checkpoints")
        if reached > config.steps:
            raise WorkdirError(f"{folder.path} is at step {reached} already; steps={config.steps} is fewer")
        if not reached:  # a run that goes on has its parameters
            starting.check(config, shapes)
        classes.keep(config, folder, reached)
        schedules.record(folder, extended, reached)
        folder.write_json("config.json", stored)
        networks = required.ensure(config, train)
        run = session.open_run(config, folder, networks, INTERRUPTS.poll)
        content = _Loop(run).run()
        devices.barrier("finished")  # one process writes the result; others may read it after this call
        return content


def begin(config: ml_collections.ConfigDict, workdir: Path | str | None = None) -> dict[str, Any]:
    """Checks a configuration, starts the devices, and trains or resumes the run, as the command does.

    `gan_jax.train(config, workdir)` is this function.

    Args:
      config: the configuration; it is not changed.
      workdir: the run's folder; None is `runs/<name of the configuration>`.

    Returns:
      The content of `result.json`: `metrics`, `step`, `params_sha256` and what the run was made with.

    Raises:
      ConfigError: naming a field, before any folder is made.
      WorkdirError, DataError, CheckpointError, NonFiniteError, Interrupted: see `errors`.
    """
    validate(config)
    cache = config.compilation_cache
    cache = str(paths.given("compilation_cache", cache)) if cache else ""
    devices.start(config.platform, config.distributed, cache, config.debug_nans)
    devices.check_batch_size(config.batch_size)
    return train(config, Path("runs") / config.name if workdir is None else workdir)


def evaluate_run(workdir: Path | str) -> dict[str, Any]:
    """Runs every evaluation of a trained run again; see `judging.judge_again`."""
    return judging.judge_again(workdir, train)


class _Loop:
    """The remaining iterations of one run."""

    def __init__(self, run: session.Session):
        self._run = run
        step, config = on_floats(run.model.train_step), run.config
        self._step = devices.pmap_step(step, config.seed, config.global_batch)
        self._in_flight: deque[tuple[int, dict[str, jax.Array]]] = deque()

    def run(self) -> dict[str, Any]:
        """Trains to the last step and returns the result. The session is closed even after an error."""
        run, config, start = self._run, self._run.config, self._run.meta["step"]
        stream = self._stream(start)
        progress = logs.ProgressLine(config.name, start, config.steps, config.log_seconds)
        stops = contextlib.ExitStack()
        try:
            if start:
                run.evaluate(start)
            for i in range(start, config.steps):
                self._iterate(i, devices.shard(next(stream)))
                if i == start:  # before this iteration there is nothing to save, and compiling takes minutes
                    INTERRUPTS.agree = devices.agreement()
                    stops.enter_context(handled())
                self._after(i + 1)
                progress.update(i + 1, run.meta["latest"])
            return judging.judge(run)
        finally:
            stream.close()
            progress.close()
            run.close()
            stops.close()

    def _stream(self, start):
        """This process's part of every batch, from position `start` on."""
        config = self._run.config
        rank, processes = devices.process()
        return data.stream(
            self._run.roles,
            config.batch_size * self._run.model.batches,
            seed=config.seed,
            paired=config.data.kind == "paired",
            start=start,
            process_index=rank,
            process_count=processes,
        )

    def _iterate(self, i: int, batch: Any) -> None:
        """One iteration: the model's phases in order, on one batch."""
        run = self._run
        phases = run.model.phases(i)
        metrics: dict[str, jax.Array] = {}
        for j, phase in enumerate(phases):
            clock = devices.clock(i, j, j == len(phases) - 1)
            run.state, new = self._step(run.state, batch, clock, phase)
            metrics |= new
        self._in_flight.append((i + 1, metrics))
        self._settle(_IN_FLIGHT)
        run.checkpoints.check()

    def _settle(self, leave: int) -> None:
        """Reads the losses of all steps except the last `leave`, and raises if one is not finite."""
        while len(self._in_flight) > leave:
            step, metrics = self._in_flight.popleft()
            values = devices.to_host(metrics)
            for name, value in values.items():
                if not math.isfinite(value):
                    player, _, term = name.rpartition("/")
                    raise NonFiniteError(
                        f"step {step}: {term} of player {player or 'all'} is {value}; "
                        "the last checkpoint is untouched"
                    )
            self._run.meta["latest"] |= values

    def _after(self, step: int) -> None:
        """Does what is due after `step` iterations: records, a checkpoint, evaluations, a stop."""
        run, config = self._run, self._run.config
        log = step % config.log_every == 0
        save = step % config.checkpoint_every == 0 or step == config.steps
        if log or save or run.evaluations.due(step):
            self._settle(0)
        if log:
            run.logs.scalars(step, run.meta["latest"])
        if save:
            run.save(step)
        try:
            run.evaluate(step)
            INTERRUPTS.poll(step)
        except Interrupted:
            self._settle(0)
            run.save(step)
            run.checkpoints.close()
            devices.barrier("saved")  # a process that exits first would end the others
            raise


class _Callable(types.ModuleType):
    """This module as the function `begin`, since `gan_jax.train` is the name of both."""

    def __call__(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """See `begin`."""
        return begin(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable
