"""Runs for tests to break: the command in its own process, and a tiny classifier in this process.

All processes share a cache of required runs. Each test session makes a new one, so only the first run trains
required runs.
"""

import contextlib
import dataclasses
import importlib.util
import json
import shutil
import signal
import subprocess
import time
from pathlib import Path

import forking
import numpy as np
import programs
import pytest
from picture_files import encoded, write

from gan_jax import config as configuration
from gan_jax.train import train

HERE = Path(__file__).parent
CONFIGS = HERE.parents[1] / "configs"
# A value of `python` that runs the same command with files limited to 30 kB, less than a `wide` state.
NO_LARGE_FILES = (
    "-c",
    "import resource, runpy, signal; "
    "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000)); "
    "runpy.run_module('gan_jax.main', run_name='__main__', alter_sys=True)",
)
PATIENCE = 300  # seconds until a process that should have ended is aborted


@dataclasses.dataclass
class Process:
    """A running command, with its standard error in a file."""

    popen: forking.Process
    log: Path

    def wait(self):
        """The exit code. It is -6 for an aborted process, whose standard error then has its stacks."""
        try:
            return self.popen.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.popen.send_signal(signal.SIGABRT)
            return self.popen.wait()

    def ended(self):
        return self.popen.poll() is not None

    @property
    def stderr(self):
        return self.log.read_text()

    def until(self, condition):
        """Waits until `condition()` holds and returns True; False if the process ends first."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if self.ended():
                return False
            assert time.monotonic() < deadline, self.stderr
            time.sleep(0.01)
        return True


class Launcher:
    """Starts `python -m gan_jax.main`, or other Python code, outside the checkout."""

    no_large_files = NO_LARGE_FILES

    def __init__(self, folder, manual_dir):
        self.folder, self.manual_dir = folder, manual_dir
        self.cache = folder / "cache"
        self.count = 0

    def environment(self, devices=1, extra=None):
        """The environment of a process with this number of host devices."""
        return {
            **forking.on_devices(devices),
            "GAN_JAX_DATA": str(self.manual_dir),
            "PYTHONFAULTHANDLER": "1",
            **(extra or {}),
        }

    def start(self, *args, devices=1, env=None, python=("-m", "gan_jax.main"), cwd=None):
        """Starts the command with this number of host devices."""
        self.count += 1
        log = self.folder / f"stderr_{self.count}.txt"
        with open(log, "w") as stderr:
            process = forking.start(
                *python, *args, cwd=cwd or self.folder, env=self.environment(devices, env), stderr=stderr
            )
        return Process(process, log)

    def run(self, *args, code=0, **options):
        """Runs the command to its end, checks its exit code and returns its standard error."""
        process = self.start(*args, **options)
        found = process.wait()
        assert found == code, process.stderr
        return process.stderr

    def quick(self, workdir, **fields):
        """The arguments of DTN on the embedded digits, with networks of a few hundred parameters."""
        config = f"--config={CONFIGS / 'dtn_digits.py'}:quick"
        fields = {"cache_dir": self.cache, **fields}
        return [config, f"--workdir={workdir}", *_flags(fields)]

    def tiny(self, workdir, variant="", **fields):
        """The arguments of the tiny classifier."""
        config = f"--config={HERE / 'tiny.py'}:{variant}"
        return [config, f"--workdir={workdir}", *_flags({"cache_dir": self.cache, **fields})]


def _flags(fields):
    return [f"--config.{name}={value}" for name, value in fields.items()]


@pytest.fixture(scope="session")
def launcher(tmp_path_factory, manual_dir):
    return Launcher(tmp_path_factory.mktemp("launcher"), manual_dir)


@pytest.fixture(scope="session")
def manual_dir(tmp_path_factory):
    """A folder with `digits.npz` and `digits.zip`: 96 images of noise in which the labels are visible."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    label = np.arange(96) % 10
    image = rng.integers(0, 128, (96, 32, 32, 1)) + 12 * label[:, None, None, None]
    image = image.astype(np.uint8)
    np.savez(folder / "digits.npz", image=image, label=label)
    files = {f"{label[row]}/{row}.png": encoded(image[row, ..., 0]) for row in range(96)}
    write(folder / "digits.zip", files)
    return folder


def _built(manual_dir, cache, variant, fields):
    spec = importlib.util.spec_from_file_location("tiny", HERE / "tiny.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    config = module.get_config(variant)
    places = {"cache_dir": str(cache), "data.manual_dir": str(manual_dir)}
    config.update_from_flattened_dict({**places, **fields})
    configuration.validate(config)
    return config


@pytest.fixture
def tiny(manual_dir, tmp_path):
    """`tiny(**fields)` is the validated tiny configuration with changed fields."""
    return lambda variant="", **fields: _built(manual_dir, tmp_path / "cache", variant, fields)


@pytest.fixture(scope="session")
def cheaper():
    """`cheaper()` is a context of runs in this process that begin alike."""
    states = {}

    @contextlib.contextmanager
    def runs():
        with programs.shared(), programs.begun_alike(states):
            yield

    return runs


@pytest.fixture(scope="module", autouse=True)
def cheaper_runs(cheaper):
    """Runs in this process share their programs and their first states."""
    with cheaper():
        yield


@pytest.fixture(scope="session")
def trained(tmp_path_factory, manual_dir, cheaper):
    """Folders of finished tiny runs in this process: `trained[steps]`, of 4 and of all 8 steps."""
    folder = tmp_path_factory.mktemp("trained")
    with cheaper():
        for steps in (4, 8):
            train(_built(manual_dir, folder / "cache", "", {"steps": steps}), folder / str(steps))
    return {steps: folder / str(steps) for steps in (4, 8)}


@pytest.fixture
def copied(trained, tmp_path):
    """`copied(steps)` is the folder of a copy of the run of so many steps, for a test to change."""
    return lambda steps: shutil.copytree(trained[steps], tmp_path / "run")


@pytest.fixture(scope="session")
def facts():
    """`facts(workdir)` are the results that must not depend on interruptions."""

    def read(workdir):
        workdir = Path(workdir)
        result = json.loads((workdir / "result.json").read_text())
        sheets = {p.name: p.read_bytes() for p in sorted((workdir / "samples").glob("*.png"))}
        return {
            "params_sha256": result["params_sha256"],
            "metrics": result["metrics"],
            "records": (workdir / "metrics.jsonl").read_text(),
            "sheets": sheets,
        }

    return read


@pytest.fixture(scope="session")
def uninterrupted(launcher):
    """The folder of a DTN run of `STEPS` steps without interruption."""
    workdir = launcher.folder / "uninterrupted"
    launcher.run(*launcher.quick(workdir, steps=12))
    return workdir
