"""Finished runs to use: noise-to-image ones, conditional or not, and a classifier."""

from unittest import mock

import numpy as np
import programs
import pytest
import scored
from tiny_models import known

from gan_jax import config as configuration
from gan_jax.inference import generators, sample
from gan_jax.runs import restore
from gan_jax.train import train


@pytest.fixture(scope="module", autouse=True)
def linear_model():
    """The same models in every test of this folder and in no other. The tests of a file share programs."""
    with known(), programs.mapped_alike(), mock.patch.object(generators, "latents", _latents):
        yield


_FOUND, _LATENTS = {}, generators.latents


def _latents(found, seed, numbers):
    """The latents of `generators`, computed once for the same numbers of a model and a seed."""
    asked = found, seed, tuple(map(int, numbers))
    if asked not in _FOUND:
        _FOUND[asked] = _LATENTS(found, seed, numbers)
    return _FOUND[asked].copy()


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


@pytest.fixture(scope="session")
def runs_of(tmp_path_factory):
    """Untrained runs that translate: any size; one size only; one direction with noise; conditional."""
    folder = tmp_path_factory.mktemp("translating")
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)
    np.savez(folder / "noise.npz", image=images)
    kinds = {
        "any": ("recolour", {}, ("source", "target")),
        "fixed": ("recolour", {"sides": 0}, ("source", "target")),
        "noisy": ("recolour", {"two_way": False, "noise": 0.3}, ("source", "target")),
        "asked": ("asked", {}, ("a",)),
    }
    with known():
        for name, (model, fields, roles) in kinds.items():
            built = configuration.default()
            built.name, built.model = name, configuration.model(model, **fields)
            built.data.size, built.data.manual_dir = 8, str(folder)
            for role in roles:
                built.data.roles[role] = configuration.inline(files={"train": "noise.npz"})
            if name == "fixed":
                built.data.roles.source["resize"] = "squeeze"
            if name == "asked":
                built.data.roles.a["channels"] = 1
            built.batch_size, built.steps, built.tensorboard = 8, 0, False
            train(built, folder / name)
    return folder


@pytest.fixture(scope="module")
def judge(runs_folder):
    """The folder of a finished classifier of images of 8 pixels, whose features are 8 numbers."""
    return str(next((runs_folder / "cache").glob("judge-*")))


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """A folder of 30 pictures and a zip of 24 darker ones, and their pixels."""
    place = tmp_path_factory.mktemp("sets")
    ours, real = scored.noise(30, 0), scored.noise(24, 1, 200)
    return (scored.folder(place / "ours", ours), scored.folder(place / "real.zip", real)), (ours, real)


@pytest.fixture(scope="module")
def styled(runs_folder):
    """A run of a model with styles."""
    return restore.load(runs_folder / "styled")


@pytest.fixture(scope="module")
def samples(runs_folder, tmp_path_factory):
    """Eight samples of `styled`: image, z and w."""
    out = tmp_path_factory.mktemp("samples") / "eight.npz"
    sample.run(runs_folder / "styled", out=str(out), num=8, seed=2)
    return {**np.load(out), "file": str(out)}
