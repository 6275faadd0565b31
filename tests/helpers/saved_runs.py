"""Folders of runs that were not trained: numpy draws their states."""

from playing import drawn

from gan_jax.runs import rehearsal
from gan_jax.runs.checkpoint import Checkpoints
from gan_jax.runs.workdir import Workdir


def begun(built, seed=0):
    """The state of a configuration's run before training, on the host."""
    return drawn(rehearsal.check(built), seed)


def saved(folder, built, state, example):
    """The folder, after a run was written to it that has this state at its last step.

    Args:
      folder: of the run.
      built: its configuration.
      state: a state on the host.
      example: the description of a training example, as `restore.describe` returns it.
    """
    with Workdir(folder).open() as opened:
        opened.write_json("config.json", built.to_dict())
        checkpoints = Checkpoints(folder / "checkpoints", 1)
        checkpoints.save(state, built.steps, {"step": built.steps, "example": example})
        checkpoints.close()
    return folder
