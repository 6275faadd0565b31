"""Two CPU devices for every test, so that each step goes through the mapped step; skipped tests; ports.

The order of the files is that of their time: with few workers a long one at the end would run alone.
"""

import atexit
import contextlib
import gc
import os
import shutil
import socket
import tempfile
from pathlib import Path

# Set before jax is imported, since none can be changed afterwards. Tests run each step only a few times, so
# the time of compilation matters. It falls by a third to two thirds without XLA's
# fusion emitters and in one part.
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = (
    "--xla_force_host_platform_device_count=2 --xla_backend_optimization_level=0 "
    "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
)
# One folder of compiled programs for all tests, workers and programs of a session; one that is named is kept.
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    os.environ["JAX_COMPILATION_CACHE_DIR"] = tempfile.mkdtemp(prefix="gan_jax_programs_")
    atexit.register(shutil.rmtree, os.environ["JAX_COMPILATION_CACHE_DIR"], ignore_errors=True)
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
# `fork_server` gives the digits that one forked program draws to the other ones. The folder ends with the
# session, since the next session may draw other digits. Workers use the folder and the server of the first
# process.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["DRAWN_DIGITS"] = tempfile.mkdtemp(prefix="gan_jax_digits_")
    os.environ["FORK_SERVER"] = os.path.join(os.environ["DRAWN_DIGITS"], "server")
    atexit.register(shutil.rmtree, os.environ["DRAWN_DIGITS"], ignore_errors=True)

import beside_torch
import forking
import jax
import programs
import pytest
import undrawn

from gan_jax.runs.workdir import Workdir

pytest_plugins = ("deadline",)
HERE = Path(__file__).parent
# Of those below, the ones that take longest, in this order.
FIRST = (
    *("experiments", "reliability", "configs", "test_notebook.py", "test_beside_torch.py", "models"),
    *("networks", "inference"),
)
# Files of each set go to the same worker. Those of the first set import TensorFlow, which takes 5
# seconds. Those of the second set parse the source.
TOGETHER = (
    (
        "tests/data/sources/test_tfds_source.py",
        "tests/data/store/test_prepared.py",
        "tests/files/test_writing.py",
        "tests/runs/test_logs.py",
    ),
    ("tests/test_architecture.py", "tests/test_code.py"),
)


def pytest_configure(config):
    """Starts the server that forks while the workers collect. With one process its first test starts it."""
    if getattr(config.option, "dist", "no") != "no":
        forking.begin()


def pytest_ignore_collect(collection_path, config):
    """Leaves what imports PyTorch to `test_beside_torch`, unless the file itself is asked for."""
    if collection_path.is_relative_to(HERE):
        name = collection_path.relative_to(HERE).as_posix()
        asked = [arg.partition("::")[0] for arg in config.args]
        if name in beside_torch.FILES and not any(arg.endswith(name) for arg in asked):
            return True
    return None


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Looks for no garbage meanwhile: nearly all that is made now stays to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Each file goes to one worker. The files that belong together go to the same one."""
    if config.option.dist != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return next((together[0] for together in TOGETHER if file in together), file)

    return Scheduling(config, log)


def pytest_collection_modifyitems(config, items):
    """Puts long files first, or last where time may run out, and skips tests on data that are not there."""
    items.sort(key=_place, reverse=config.option.stop_starting_after is not None)
    if os.environ.get("GAN_JAX_DATA"):
        return
    skip = pytest.mark.skip(reason="needs GAN_JAX_DATA, the folder of svhn/, mnist/, celeba/ and others")
    for item in items:
        if "real_data" in item.keywords:
            item.add_marker(skip)


def _place(item):
    first = item.path.relative_to(HERE).parts[0]
    return FIRST.index(first) if first in FIRST else len(FIRST)


@pytest.fixture(scope="session", autouse=True)
def undrawn_plots():
    """Plots are drawn by the tests of plots and in the processes of the notebook and of commands."""
    with undrawn.plots_of_runs():
        yield


@pytest.fixture(scope="module", autouse=True)
def let_programs_go():
    """Frees the programs that the tests of the file before compiled.

    Linux allows a process 65 530 maps, and each program takes some of them. What is left, such as modules and
    the collected tests, stays to the end, so that later collections need not visit it.
    """
    jax.clear_caches()
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module")
def shared_programs():
    """Runs of one file share what they compile. The data, the state and the files of each run are its own."""
    with programs.shared():
        yield


@pytest.fixture(scope="module")
def whole_programs():
    """Each call of a network outside of a compiled function is one program."""
    with programs.whole():
        yield


@pytest.fixture
def free_port():
    """A port for a process to listen on, below those that the kernel gives to connecting sockets."""
    # Each worker of a run begins at another port.
    for port in range(20_000 + os.getpid() % 10_000, 32_000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free")


@pytest.fixture
def folder(tmp_path):
    """A run's folder, held by this process."""
    with Workdir(tmp_path / "run").open() as opened:
        yield opened
