"""The one training loop, for all models: batches, steps, losses, checkpoints and evaluations."""

import contextlib
import logging
import math
import sys
import types
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import ml_collections

from gan_jax import data, paths
from gan_jax.config import FREE, validate
from gan_jax.config.own_code import located
from gan_jax.errors import Interrupted, NonFiniteError, WorkdirError
from gan_jax.game import devices, dispatch, precision
from gan_jax.ops.pixels import on_floats
from gan_jax.runs import (
    checkpoint,
    classes,
    inputs,
    judging,
    literal,
    logs,
    progress,
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

_IN_FLIGHT = 2  # calls whose losses are not read yet, so that the device does not wait for the host


def train(config: ml_collections.ConfigDict, workdir: Path | str, wait: bool = False) -> dict[str, Any]:
    """Trains or resumes the run of a folder. If the run is finished, only its result is read.

    A finished run whose evaluations have changed since then is scored again.

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
    folder.check(stored, FREE, comparable, schedules.extended)  # before the folder is made
    with folder.open(INTERRUPTS.poll if wait else None):
        devices.barrier("opened")  # a process that waited for the folder must see the other run's result
        done = folder.result
        if done and done.get("step") == config.steps:
            _log.info("%s is finished at step %d", folder.path, config.steps)
            before = folder.config
            if before is None or not judging.changed(comparable(before), comparable(stored), done):
                return done
            _log.info("its evaluations have changed, so it is scored again")
        extended = folder.check(stored, FREE, comparable, schedules.extended)
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
      ConfigError: naming a field, before any long work.
      WorkdirError, DataError, CheckpointError, NonFiniteError, Interrupted: see `errors`.
    """
    validate(config)
    cache = paths.programs(config.compilation_cache)
    devices.start(config.platform, config.distributed, cache, config.debug_nans, config.matmul_precision)
    devices.check_batch_size(config.batch_size, config.accumulate)
    return train(config, Path("runs") / config.name if workdir is None else workdir)


def evaluate_run(workdir: Path | str) -> dict[str, Any]:
    """Runs every evaluation of a trained run again; see `judging.judge_again`."""
    return judging.judge_again(workdir, train)


class _Loop:
    """The remaining iterations of one run."""

    def __init__(self, run: session.Session):
        self._run = run
        config, model = run.config, run.model
        step = precision.stepping(on_floats(model.train_step), config.precision, config.remat)
        how = (step, config.seed, config.global_batch, config.accumulate, model.OWN_MEMORY)
        self._step, self._steps = devices.pmap_step(*how), devices.pmap_steps(*how)
        self._most = config.steps_per_call
        if self._most > 1 and not dispatch.pays():
            _log.info("steps_per_call=%d is off: on a CPU a call of several steps is slower", self._most)
            self._most = 1
        # Where something is due, a call ends.
        every = [config.checkpoint_every, *(spec.every for spec in config.evals.values())]
        self._periods = [period for period in every if period] + logs.periods(config.steps, config.log_every)
        # The first step of each call, and a function that reads the metrics of all its steps.
        self._in_flight: deque[tuple[int, Callable[[], list[dict[str, float]]]]] = deque()
        self._calls = 0

    def run(self) -> dict[str, Any]:
        """Trains to the last step and returns the result. The session is closed even after an error."""
        run, config, start = self._run, self._run.config, self._run.meta["step"]
        stream = self._stream(start)
        line = progress.ProgressLine(config.name, start, config.steps, config.log_seconds)
        stops = contextlib.ExitStack()
        try:
            if start:
                run.evaluate(start)
            step = start
            while step < config.steps:
                # The first iteration is alone, since its losses are recorded.
                count = dispatch.length(step, self._most, config.steps, self._periods) if step else 1
                self._call(step, [next(stream) for _ in range(count)])
                if step == start:  # before this call there is nothing to save, and compiling takes minutes
                    INTERRUPTS.agree = devices.agreement()
                    stops.enter_context(handled())
                step += count
                self._after(step)
                line.update(step, run.meta["latest"])
            return judging.judge(run)
        finally:
            stream.close()
            line.close()
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

    def _call(self, i: int, batches: list[Any]) -> None:
        """The iterations from i on, one for each batch: one alone, or all of them in one call."""
        alone = len(batches) == 1
        read = self._iterate(i, batches[0]) if alone else self._several(i, batches)
        self._in_flight.append((i + 1, read))
        self._settle(_IN_FLIGHT)
        self._run.checkpoints.check()

    def _iterate(self, i: int, batch: Any) -> Callable[[], list[dict[str, float]]]:
        """One iteration: the model's phases in order, on one batch."""
        run, placed = self._run, devices.shard(batch)
        phases = run.model.phases(i)
        metrics: dict[str, jax.Array] = {}
        for j, phase in enumerate(phases):
            clock = devices.clock(i, j, j == len(phases) - 1)
            run.state, new = self._step(run.state, placed, clock, phase)
            metrics |= new
        return lambda: [devices.to_host(metrics)]

    def _several(self, i: int, batches: list[Any]) -> Callable[[], list[dict[str, float]]]:
        """Several iterations as one program."""
        run = self._run
        moves, kinds = dispatch.plan(i, [run.model.phases(i + k) for k in range(len(batches))])
        run.state, metrics = self._steps(run.state, devices.shard_several(batches), moves, kinds)
        return lambda: dispatch.told(metrics, moves)

    def _settle(self, leave: int) -> None:
        """Reads the losses of all calls except the last `leave`, and raises if one is not finite."""
        while len(self._in_flight) > leave:
            first, read = self._in_flight.popleft()
            for step, values in enumerate(read(), first):
                _require_finite(step, values)
                self._run.meta["latest"] |= values

    def _after(self, step: int) -> None:
        """Does what is due after `step` iterations: records, a checkpoint, evaluations, a stop."""
        run, config = self._run, self._run.config
        log = logs.recorded(step, config.steps, config.log_every)
        save = step % config.checkpoint_every == 0 or step == config.steps
        if log or save or run.evaluations.due(step):
            self._settle(0)
        if log:
            run.logs.scalars(step, run.meta["latest"])
        if save:
            run.save(step)
        try:
            run.evaluate(step)
            self._calls += 1  # processes agree on a call, as jax asks for numbers without gaps
            INTERRUPTS.poll(self._calls)
        except Interrupted:
            self._settle(0)
            run.save(step)
            run.checkpoints.close()
            devices.barrier("saved")  # a process that exits first would end the others
            raise


def _require_finite(step: int, values: Mapping[str, float]) -> None:
    for name, value in values.items():
        if not math.isfinite(value):
            player, _, term = name.rpartition("/")
            whose = f"{term} of player {player or 'all'}"
            raise NonFiniteError(f"step {step}: {whose} is {value}; the last checkpoint is untouched")


class _Callable(types.ModuleType):
    """This module as the function `begin`, since `gan_jax.train` is the name of both."""

    def __call__(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """See `begin`."""
        return begin(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable
