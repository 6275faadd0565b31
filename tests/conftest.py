"""Two CPU devices for every test, so that each step goes through the mapped one; what tests skip; ports."""

import atexit
import contextlib
import gc
import os
import shutil
import socket
import tempfile

# Before jax is imported: neither can be changed afterwards. Steps run a few times each, so that what
# counts is how long they compile.
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2 --xla_backend_optimization_level=0"
# One folder of compiled programs for every test, worker and program of a session. Whoever names a folder keeps it.
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    os.environ["JAX_COMPILATION_CACHE_DIR"] = tempfile.mkdtemp(prefix="gan_jax_programs_")
    atexit.register(shutil.rmtree, os.environ["JAX_COMPILATION_CACHE_DIR"], ignore_errors=True)
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"

import jax
import pytest

from gan_jax.runs.workdir import Workdir


def pytest_collection_modifyitems(items):
    """Tests on real data run only where their folder is named."""
    if os.environ.get("GAN_JAX_DATA"):
        return
    skip = pytest.mark.skip(reason="needs GAN_JAX_DATA, the folder of svhn/, mnist/, celeba/ and others")
    for item in items:
        if "real_data" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="module", autouse=True)
def let_programs_go():
    """Frees what a file's tests compiled: Linux allows a process 65 530 maps, and each program takes some."""
    yield
    jax.clear_caches()
    gc.collect()


@pytest.fixture
def free_port():
    """A port for a process to listen on, below those that the kernel gives to whoever connects."""
    # Another worker of the same run begins elsewhere.
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
