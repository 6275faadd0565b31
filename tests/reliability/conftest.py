"""Runs to break: the command in a process of its own, and a tiny classifier inside this one.

Every process shares one cache of required runs, made anew in each session, so that only the first run
pays for them.
"""

import dataclasses
import importlib.util
import json
import signal
import subprocess
import time
from pathlib import Path

import forking
import numpy as np
import pytest

from gan_jax import config as configuration

HERE = Path(__file__).parent
CONFIGS = HERE.parents[1] / "configs"
# For `python`: the same command where no file may grow beyond 30 kB, less than a `wide` state.
NO_LARGE_FILES = (
    "-c",
    "import resource, runpy, signal; "
    "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000)); "
    "runpy.run_module('gan_jax.main', run_name='__main__', alter_sys=True)",
)
PATIENCE = 300  # seconds until a process that should have ended is given up


@dataclasses.dataclass
class Process:
    """A running command, its standard error in a file."""

    popen: forking.Process
    log: Path

    def wait(self):
        """The exit code; of a process given up it is -6, and its stacks are in its standard error."""
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
        """Waits until `condition()` holds; False where the process ended before."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if self.ended():
                return False
            assert time.monotonic() < deadline, self.stderr
            time.sleep(0.01)
        return True


class Launcher:
    """Starts `python -m gan_jax.main`, or other python, away from the checkout."""

    no_large_files = NO_LARGE_FILES

    def __init__(self, folder, manual_dir):
        self.folder, self.manual_dir = folder, manual_dir
        self.cache = folder / "cache"
        self.count = 0

    def environment(self, devices=1, extra=None):
        """Of a process with so many host devices, as this one otherwise."""
        return {
            **forking.on_devices(devices),
            "GAN_JAX_DATA": str(self.manual_dir),
            "PYTHONFAULTHANDLER": "1",
            **(extra or {}),
        }

    def start(self, *args, devices=1, env=None, python=("-m", "gan_jax.main"), cwd=None):
        """Starts the command; `devices` are host devices."""
        self.count += 1
        log = self.folder / f"stderr_{self.count}.txt"
        with open(log, "w") as stderr:
            process = forking.start(
                *python, *args, cwd=cwd or self.folder, env=self.environment(devices, env), stderr=stderr
            )
        return Process(process, log)

    def run(self, *args, code=0, **options):
        """Runs to the end, expects an exit code and returns standard error."""
        process = self.start(*args, **options)
        found = process.wait()
        assert found == code, process.stderr
        return process.stderr

    def quick(self, workdir, **fields):
        """Arguments of DTN on the embedded digits with networks of a few hundred parameters."""
        config = f"--config={CONFIGS / 'dtn_digits.py'}:quick"
        fields = {"cache_dir": self.cache, **fields}
        return [config, f"--workdir={workdir}", *_flags(fields)]

    def tiny(self, workdir, variant="", **fields):
        """Arguments of the tiny classifier."""
        config = f"--config={HERE / 'tiny.py'}:{variant}"
        return [config, f"--workdir={workdir}", *_flags({"cache_dir": self.cache, **fields})]


def _flags(fields):
    return [f"--config.{name}={value}" for name, value in fields.items()]


@pytest.fixture(scope="session")
def launcher(tmp_path_factory, manual_dir):
    return Launcher(tmp_path_factory.mktemp("launcher"), manual_dir)


@pytest.fixture(scope="session")
def manual_dir(tmp_path_factory):
    """A folder with `digits.npz`: 96 images of noise that labels are visible in."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    label = np.arange(96) % 10
    image = rng.integers(0, 128, (96, 32, 32, 1)) + 12 * label[:, None, None, None]
    np.savez(folder / "digits.npz", image=image.astype(np.uint8), label=label)
    return folder


@pytest.fixture
def tiny(manual_dir, tmp_path):
    """`tiny(**fields)`: the tiny configuration, checked, with fields changed."""
    spec = importlib.util.spec_from_file_location("tiny", HERE / "tiny.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def build(variant="", **fields):
        config = module.get_config(variant)
        places = {"cache_dir": str(tmp_path / "cache"), "data.manual_dir": str(manual_dir)}
        config.update_from_flattened_dict({**places, **fields})
        configuration.validate(config)
        return config

    return build


@pytest.fixture(scope="session")
def facts():
    """`facts(workdir)`: what must not depend on how often a run was interrupted."""

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
    """The folder of a DTN run of `STEPS` steps that nothing happened to."""
    workdir = launcher.folder / "uninterrupted"
    launcher.run(*launcher.quick(workdir, steps=30))
    return workdir
