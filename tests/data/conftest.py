"""Fixtures for sources of images, and for programs that read them."""

import types
from pathlib import Path

import forking
import pytest

from gan_jax.data.sources import matlab
from gan_jax.data.store import pool

# The limit of memory does not suit a program that is forked from one with TensorFlow.
WITHOUT_LIMITS = (
    "import resource, runpy, sys; resource.setrlimit = lambda *_: None; del sys.argv[0]; "
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)


@pytest.fixture(params=["faces", "faces.zip"])
def place(request, tmp_path) -> Path:
    """Where a test puts its images: once a folder, once a zip."""
    return tmp_path / request.param


def _processes(popen):
    """The module `subprocess` with another `Popen`."""
    return types.SimpleNamespace(Popen=popen, PIPE=-1, DEVNULL=-3)


@pytest.fixture
def forked_decoders(monkeypatch):
    """Programs that decode pictures into a store are forked, which saves their imports."""
    monkeypatch.setattr(pool, "subprocess", _processes(forking.Popen))


@pytest.fixture
def forked_scipy(monkeypatch):
    """The program that reads a `.mat` is forked likewise."""

    def popen(args, **options):
        python, flag, *program = args
        return forking.Popen([python, flag, "-c", WITHOUT_LIMITS, *program], **options)

    monkeypatch.setattr(matlab, "subprocess", _processes(popen))
