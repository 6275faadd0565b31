"""Two CPU devices for every test, so that each step goes through the mapped step; skipped tests; ports."""

import contextlib
import gc
import os
import socket

# Set before jax is imported, since neither can be changed afterwards. Tests run each step only a few times,
# so the time of compilation matters.
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2 --xla_backend_optimization_level=0"

import jax
import pytest

from gan_jax.runs.workdir import Workdir


def pytest_collection_modifyitems(items):
    """Skips tests on real data unless their folder is named."""
    if os.environ.get("GAN_JAX_DATA"):
        return
    skip = pytest.mark.skip(reason="needs GAN_JAX_DATA, the folder of svhn/, mnist/, celeba/ and others")
    for item in items:
        if "real_data" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="module", autouse=True)
def let_programs_go():
    """Frees the programs that a file's tests compiled.

    Linux allows a process 65 530 maps, and each program takes some of them.
    """
    yield
    jax.clear_caches()
    gc.collect()


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
