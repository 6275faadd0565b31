"""Programs in processes of their own that need no seconds of imports: `fork_server` forks for each."""

import contextlib
import fcntl
import functools
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path


class Process:
    """A program that was started; what of `subprocess.Popen` the tests use."""

    def __init__(self, args, answers):
        self.args, self._answers = args, answers
        self.returncode = None
        self.pid = int(self._answer())

    def _answer(self):
        line = b""
        while not line.endswith(b"\n"):
            more = self._answers.recv(1)
            if not more:
                raise RuntimeError(f"the server that forks ended before {self.args} did")
            line += more
        return line

    def poll(self):
        """The exit code, None while it runs."""
        if self.returncode is None and select.select([self._answers], [], [], 0)[0]:
            self.returncode = int(self._answer())
            self._answers.close()
        return self.returncode

    def wait(self, timeout=None):
        """The exit code; subprocess.TimeoutExpired where it still runs after so many seconds."""
        if self.returncode is None and not select.select([self._answers], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired(self.args, timeout)
        return self.poll()

    def send_signal(self, signum):
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signum)

    def kill(self):
        self.send_signal(signal.SIGKILL)


def begin():
    """Starts the server of this session, and waits for nothing. The server ends after this process does."""
    _server()


@functools.cache
def _server():
    """A connection to the server of this session. The first process that asks starts the server."""
    place = Path(os.environ["FORK_SERVER"])
    ours = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with open(place.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():  # a server without a connection removes it and ends
            _start_server(place)
        ours.connect(str(place))
    return ours


def _start_server(place):
    # What jax reads as it is imported must not be there for a program that does not ask for it.
    env = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    server = Path(__file__).with_name("fork_server.py")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(str(place))
        listening.listen()
        subprocess.Popen(
            [sys.executable, str(server), str(listening.fileno())], pass_fds=[listening.fileno()], env=env,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip


def start(*args, cwd=None, env=None, stdin=None, stdout=None, stderr=None):
    """Starts `python *args`; files None are empty.

    Args:
      *args: a script and its arguments, or `-c` or `-m` and what follows.
      cwd: folder, this process's if None.
      env: environment, this process's if None.
      stdin: open files.
      stdout: likewise.
      stderr: likewise.
    """
    request = {
        "args": [*map(str, args)],
        "cwd": str(cwd or Path.cwd()),
        "env": dict(os.environ if env is None else env),
    }
    mine, answers = socket.socketpair()
    with answers, open(os.devnull, "r+b") as null:
        files = [(file or null).fileno() for file in (stdin, stdout, stderr)]
        socket.send_fds(_server(), [json.dumps(request).encode()], [*files, answers.fileno()])
    return Process(request["args"], mine)


class Popen(Process):
    """A stand-in for `subprocess.Popen` of `[sys.executable, "-P", ...]`, which forks.

    It has what gan_jax uses. Its program may import what the server has imported, and finds it there.
    """

    def __init__(self, args, env=None, stdin=None, stdout=None, **_):
        with contextlib.ExitStack() as theirs:
            given, self.stdin = _pipe(theirs, 0) if stdin == subprocess.PIPE else (None, None)
            said, self.stdout = _pipe(theirs, 1) if stdout == subprocess.PIPE else (None, None)
            request = [arg for arg in args[1:] if arg != "-P"]
            started = start(*request, env=env, stdin=given, stdout=said)
        self.args, self._answers, self.pid = started.args, started._answers, started.pid
        self.returncode = None

    def communicate(self):
        with self:
            return self.stdout.read(), None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for file in (self.stdin, self.stdout):
            with contextlib.suppress(BrokenPipeError):
                if file:
                    file.close()
        self.wait()


def _pipe(theirs, which):
    """The program's end of a pipe, which `theirs` closes, and ours. The program writes if `which` is 1."""
    ends = os.pipe()
    other = theirs.enter_context(os.fdopen(ends[which], "wb" if which else "rb"))
    return other, os.fdopen(ends[1 - which], "rb" if which else "wb")


def on_devices(count):
    """This process's environment with so many host devices."""
    flags = re.sub(r"(device_count)=\d+", rf"\1={count}", os.environ["XLA_FLAGS"])
    return {**os.environ, "XLA_FLAGS": flags}


def run(*args, cwd=None, env=None, text="", timeout=300):
    """The finished process of `python *args`, its output captured, `text` as its standard input."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(text.encode())
        given.seek(0)
        process = start(*args, cwd=cwd, env=env, stdin=given, stdout=out, stderr=err)
        try:
            process.wait(timeout)
        finally:
            process.kill()
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    return subprocess.CompletedProcess(process.args, process.returncode, *texts)
