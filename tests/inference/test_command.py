"""The modes as a user calls them: from a folder only, on another number of devices."""

import json
from pathlib import Path

import forking
import levels
import numpy as np
import pytest
from PIL import Image

from gan_jax import config as configuration
from gan_jax.inference import interpolate, sample
from gan_jax.train import train

MODELS = str(Path(__file__).parent / "models")
CONFIGS = Path(__file__).parents[2] / "configs"
COMMAND = f"""
from gan_jax import models
models.__path__.append({MODELS!r})
from gan_jax.main import run
run()
"""


def call(folder, *flags):
    """What the command says in an empty folder on three devices, and its exit code."""
    environment = {**forking.on_devices(3), "PYTHONPATH": str(CONFIGS.parent)}
    return forking.run("-c", COMMAND, *flags, cwd=folder, env=environment)


@levels.parametrize(
    ("mode", "flags", "options", "printed"),
    [
        (
            sample,
            ["--num=7", "--seed=3", "--labels=2,0", "--hold_z"],
            {"num": 7, "seed": 3, "labels": ["2", "0"], "hold_z": True},
            "images: 7\nsamples: {out}\n",
        ),
        (
            interpolate,
            ["--pairs=5-1", "--columns=4", "--path=linear", "--labels=1"],
            {"pairs": ["5-1"], "columns": 4, "path": "linear", "labels": ["1"]},
            "pairs: 1\npath: linear\ninterpolations: {out}\n",
        ),
    ],
    ids=["sample", "interpolate"],
    kept=(interpolate,),
)
def test_flags_are_options_and_devices_change_nothing(runs_folder, tmp_path, mode, flags, options, printed):
    name, workdir = mode.__name__.rpartition(".")[2], runs_folder / "conditional"
    here = tmp_path / "here.npz"
    mode.run(workdir, out=str(here), **options)
    there = tmp_path / "cwd"
    there.mkdir()
    done = call(there, f"--mode={name}", f"--workdir={workdir}", "--out=there.npz", *flags)
    assert done.returncode == 0, done.stderr
    assert done.stdout == printed.format(out=there / "there.npz")
    assert "cpu: 3 x cpu, 1 process(es)" in done.stderr
    a, b = np.load(here), np.load(there / "there.npz")
    assert set(a) == set(b) == {"image", "z", "label"}
    np.testing.assert_allclose(a["z"], b["z"], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(a["label"], b["label"])
    assert np.abs(a["image"].astype(int) - b["image"]).max() <= 1
    assert [p.name for p in there.rglob("*")] == ["there.npz"]


@pytest.mark.long
@pytest.mark.parametrize("name", ["dcgan_mnist", "cgan_mnist"])
def test_the_package_s_own_models_make_images_of_noise(tmp_path, name):
    config = configuration.load(str(CONFIGS / f"{name}.py") + ":quick")
    with config.unlocked():
        config.steps, config.evals, config.requires = 0, {}, {}
    train(config, tmp_path / "run")
    classes = config.model.num_classes
    options = {"hold_z": True, "labels": ["0", "7"]} if classes else {}
    sample.run(tmp_path / "run", out=str(tmp_path / "a.npz"), num=4, **options)
    made = np.load(tmp_path / "a.npz")
    assert made["image"].shape == (4, config.model.size, config.model.size, 1)
    assert made["z"].shape == (4, config.model.z_dim)
    # One latent and two classes, or four latents: no two images are equal.
    assert len(np.unique(made["z"], axis=0)) == (2 if classes else 4)
    assert len(np.unique(made["image"].reshape(4, -1), axis=0)) == 4
    interpolate.run(tmp_path / "run", out=str(tmp_path / "b.png"), rows=2, columns=3)
    side = config.model.size
    with Image.open(tmp_path / "b.png") as sheet:
        assert sheet.size == (3 * side + 4, 2 * side + 2)


def test_two_array_files_are_scored_without_a_run_folder(runs_folder, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (2, 12, 8, 8, 3)).astype(np.uint8)
    for name, part in zip("ab", images, strict=True):
        np.savez(tmp_path / f"{name}.npz", image=part)
    judge = next((runs_folder / "cache").glob("judge-*"))
    places = ["--input=a.npz", "--reference=b.npz", f"--features={judge}", "--out=scores.json"]
    done = call(tmp_path, "--mode=score", *places)
    assert done.returncode == 0, done.stderr
    kept = json.loads((tmp_path / "scores.json").read_text())
    lines = dict(line.split(": ") for line in done.stdout.splitlines())
    assert lines["judge_frechet"] == f"{kept['judge_frechet']:.4f}"
    assert (lines["n_input"], lines["scores"]) == ("12", str(tmp_path / "scores.json"))
    assert len(list((tmp_path / "runs" / "cache").glob("features-*/features.npz"))) == 1
