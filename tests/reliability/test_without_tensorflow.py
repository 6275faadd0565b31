"""Training from files where tensorflow, tensorflow-datasets and clu are not installed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ABSENT = ("tensorflow", "tensorflow_datasets", "clu", "tensorboard")
CONFIG = Path(__file__).with_name("tiny.py")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with `digits.npz`, and with modules that stand for packages that are not installed."""
    folder = tmp_path_factory.mktemp("place")
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (80, 32, 32, 1), dtype=np.uint8)
    np.savez(folder / "digits.npz", image=images, label=np.arange(80) % 10)
    hide = f"import sys; sys.modules.update(dict.fromkeys({ABSENT}))\n"
    (folder / "sitecustomize.py").write_text(hide)
    return folder


def run(place):
    """The finished process of the command line, in a new interpreter without the absent packages."""
    paths = (str(place), *filter(None, [os.environ.get("PYTHONPATH")]))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-m", "gan_jax.main", f"--config={CONFIG}", f"--workdir={place / 'run'}"]
    given = (f"--config.data.manual_dir={place}", "--config.steps=2")
    return subprocess.run([*command, *given], env=env, capture_output=True, text=True)


def test_the_absent_packages_cannot_be_imported(place):
    env = {**os.environ, "PYTHONPATH": str(place)}
    for name in ABSENT:
        done = subprocess.run(
            [sys.executable, "-c", f"import {name}"], env=env, capture_output=True, text=True
        )
        assert "ModuleNotFoundError" in done.stderr


@pytest.mark.long
def test_a_run_on_files_trains_and_is_judged(place):
    done = run(place)
    assert done.returncode == 0, done.stderr
    result = json.loads((place / "run" / "result.json").read_text())
    assert result["step"] == 2
    assert 0 <= result["metrics"]["accuracy"] <= 1
