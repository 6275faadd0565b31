"""The end of a run: every evaluation judges the chosen checkpoint, and the result is written."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gan_jax.config import own_code
from gan_jax.errors import CheckpointError
from gan_jax.game import devices
from gan_jax.runs import evaluations, own_memory, required, restore, result, schedules
from gan_jax.runs.required import Train
from gan_jax.runs.session import Session
from gan_jax.runs.signals import INTERRUPTS


def judge(run: Session) -> dict[str, Any]:
    """Runs every evaluation of a trained run, and writes its plots, last sheets and `result.json`.

    Returns:
      The result.

    Raises:
      CheckpointError: the configuration chooses the best checkpoint, and there is none.
    """
    config = run.config
    if not config.steps:
        run.save(0)
    run.checkpoints.close()
    devices.barrier("saved")
    step = _choose(run)
    values = {name: run.evaluations.run(name, run.state) for name in config.evals}
    for found in values.values():
        for kind, pixels in evaluations.pictures(found).items():
            run.logs.image(config.steps, f"final_{kind}", pixels)
    result.draw(run.folder, config.name, values)
    state = own_memory.host(config, run.model, run.state)
    content = result.build(config, state, values, judged_step=step, seconds=run.seconds, origin=run.origin)
    if changes := schedules.history(run.folder):
        content["extended"] = changes
    if run.meta.get("notes"):
        content["notes"] = run.meta["notes"]
    run.folder.write_json("result.json", content)
    return content


def changed(stored: Mapping[str, Any], config: Mapping[str, Any], result: Mapping[str, Any]) -> bool:
    """Whether two configurations of one trained run lead to different evaluations.

    Args:
      stored: the configuration of the run's folder, as `stored.comparable` returns it.
      config: the new configuration, in the same form.
      result: the run's result. Its `code` tells with which code of one's own the run was evaluated.
    """
    if any(stored.get(name) != config.get(name) for name in ("evals", "checkpoint_rule")):
        return True
    code = own_code.contents({"evals": config["evals"]})
    before = result.get("code")
    return any(not isinstance(before, dict) or before.get(field) != code[field] for field in code)


def _choose(run: Session) -> int:
    """Restores the best state into `run` if the configuration says so; returns the state's step."""
    step = run.config.steps
    if run.config.checkpoint_rule == "best" and step:  # an untrained run has only one state
        best = run.checkpoints.restore_best(own_memory.host(run.config, run.model, run.state))
        if best is None:
            raise CheckpointError(f"best={run.config.best!r} was never evaluated in {step} steps")
        run.state, step = devices.replicate(best[0]), best[1]["step"]
    return step


def judge_again(workdir: Path | str, train: Train) -> dict[str, Any]:
    """Runs every evaluation of a trained run again, from its folder, and writes nothing there.

    Args:
      workdir: the run's folder.
      train: `train(config, workdir, wait)`, for required runs that are not in the cache.

    Returns:
      `{'metrics': {...}}`, laid out as in the result.
    """
    run = restore.load(workdir)
    networks = required.ensure(run.config, train)
    untrained = functools.partial(restore.initial_state, run.config, run.model, run.example, networks)
    judging = evaluations.Evaluations(run.config, run.model, networks, INTERRUPTS.poll, untrained)
    state = devices.replicate(run.state)
    values: Mapping[str, Any] = {name: judging.run(name, state) for name in run.config.evals}
    return {"metrics": evaluations.summary(values)}
