"""Fixtures for sources of images, and for the programs that read them."""

import os
import threading
import types
from pathlib import Path

import pytest

from gan_jax.data.sources import matlab, matlab_child
from gan_jax.data.store import pool, worker


@pytest.fixture(params=["faces", "faces.zip"])
def place(request, tmp_path) -> Path:
    """Where a test puts its images: once a folder, once a zip."""
    return tmp_path / request.param


class Standard(threading.local):
    """The module `sys` of programs that are threads: each has its own standard files."""


class Threaded:
    """A stand-in for a `subprocess.Popen` whose program is `main()` in a thread of this process."""

    def __init__(self, standard, main):
        (given, ours), (read, said) = os.pipe(), os.pipe()
        self.stdin, self.stdout = os.fdopen(ours, "wb"), os.fdopen(read, "rb")

        def run():
            with os.fdopen(given, "rb") as stdin, os.fdopen(said, "w") as standard.stdout:
                standard.stdin = types.SimpleNamespace(buffer=stdin)
                main()

        self._thread = threading.Thread(target=run)
        self._thread.start()

    def kill(self):
        self.stdin.close()

    def wait(self):
        self._thread.join()
        return 0

    def communicate(self):
        self.wait()
        self.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.communicate()


def _in_threads(monkeypatch, caller, program, main):
    """Lets `caller` start threads of `main(*arguments)` of a module in place of processes."""
    standard = Standard()

    def popen(args, **_):
        return Threaded(standard, lambda: main(args))

    monkeypatch.setattr(program, "sys", standard)
    monkeypatch.setattr(caller, "subprocess", types.SimpleNamespace(Popen=popen, PIPE=-1, DEVNULL=-3))


@pytest.fixture
def decoding_threads(monkeypatch):
    """Pictures are decoded into a store by threads, since processes take half a second to start."""
    _in_threads(monkeypatch, pool, worker, lambda args: worker.serve(args[-1]))


@pytest.fixture
def scipy_thread(monkeypatch):
    """A `.mat` is read by a thread likewise. A damaged one may crash it, and with it the tests."""
    monkeypatch.setattr(matlab_child.resource, "setrlimit", lambda *_: None)
    _in_threads(monkeypatch, matlab, matlab_child, lambda args: matlab_child.main(args[-2], int(args[-1])))
