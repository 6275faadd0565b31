"""A run of a small AdaIN that was not trained, for the modes and the experiments that read a run."""

import numpy as np
import saved_runs

from gan_jax import config as configuration


def untrained(folder):
    """The folder of the run, inside of `folder`."""
    images = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), np.uint8)
    np.savez(folder / "noise.npz", image=images)
    built = configuration.default()
    built.name, built.model = "small", configuration.model("adain", through="relu2_1", depth=16)
    built.data.size, built.data.manual_dir = 16, str(folder)
    for role in ("content", "style"):
        built.data.roles[role] = configuration.inline(files={"train": "noise.npz"})
    built.batch_size, built.steps, built.tensorboard = 2, 0, False
    example = {role: [[16, 16, 3], "uint8"] for role in ("content", "style")}
    return saved_runs.saved(folder / "run", built, saved_runs.begun(built), example)
