"""Finished runs to use: noise-to-image ones, conditional or not, and a classifier."""

import numpy as np
import pytest
from tiny_models import known

from gan_jax import config as configuration
from gan_jax.train import train


@pytest.fixture(scope="module", autouse=True)
def linear_model():
    """The same model in every test of this folder, and in no other test."""
    with known():
        yield


def config(folder, kind="linear", **fields):
    """The initial configuration of a model, on 40 images of noise."""
    built = configuration.default()
    built.name = kind
    built.model = configuration.model(kind, **fields)
    built.data.size, built.data.manual_dir = 8, str(folder)
    role = configuration.inline(files={"train": "noise.npz"})
    built.data.roles.image = role
    built.cache_dir = str(folder / "cache")
    built.batch_size, built.steps, built.tensorboard = 8, 0, False
    if not fields and kind == "linear":  # a single run that requires another is enough
        judge = {"steps": 0, "batch_size": 8, "size": 8, "widths": (4, 8)}
        built.requires.judge = configuration.classifier("judge", role, role, **judge)
    return built


@pytest.fixture(scope="session")
def runs_folder(tmp_path_factory):
    """A folder with runs of each kind below; only `plain` requires a `judge`."""
    folder = tmp_path_factory.mktemp("runs")
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)
    np.savez(folder / "noise.npz", image=images, label=np.arange(40) % 10)
    kinds = {"plain": {}, "conditional": {"num_classes": 3}, "uniform": {"z_prior": "uniform"}}
    kinds |= {"styled": {"kind": "styled"}, "styled_classes": {"kind": "styled", "num_classes": 10}}
    with known():
        for name, fields in kinds.items():
            train(config(folder, **fields), folder / name)
    return folder
