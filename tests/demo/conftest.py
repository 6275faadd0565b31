"""Untrained runs of every kind of page, made of the tiny models of the modes' tests."""

import numpy as np
import pytest
from tiny_models import known

from gan_jax import config as configuration
from gan_jax.train import train

TWO = ("source", "target")
KINDS = {
    "plain": ("linear", {}, ("image",)),
    "classes": ("linear", {"num_classes": 3}, ("image",)),
    "styled": ("styled", {}, ("image",)),
    "any": ("recolour", {}, TWO),
    "noisy": ("recolour", {"two_way": False, "noise": 0.3, "sides": 0}, TWO),
    "asked": ("asked", {}, ("a",)),
    "adain": ("adain", {"through": "relu2_1", "depth": 16}, ("content", "style")),
    "classifier": ("classifier", {"widths": (4, 8), "num_classes": 10}, ("image",)),
}


@pytest.fixture(scope="module", autouse=True)
def tiny_models():
    """The tiny models in every test of this folder, and in no other test."""
    with known():
        yield


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """The folder of the runs; a run is made when it is asked for."""
    folder = tmp_path_factory.mktemp("pages")
    images = np.random.default_rng(0).integers(0, 256, (20, 16, 16, 3), np.uint8)
    np.savez(folder / "noise.npz", image=images, label=np.arange(20) % 10)

    def made(name):
        if not (folder / name).exists():
            kind, fields, roles = KINDS[name]
            built = configuration.default()
            built.name, built.model = name, configuration.model(kind, **fields)
            built.data.size, built.data.manual_dir = 16 if kind == "adain" else 8, str(folder)
            for role in roles:
                built.data.roles[role] = configuration.inline(files={"train": "noise.npz"})
            if kind == "asked":
                built.data.roles.a["channels"] = 1
            built.batch_size, built.steps, built.tensorboard = 2, 0, False
            with known():
                train(built, folder / name)
        return folder / name

    return made
