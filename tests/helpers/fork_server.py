"""An interpreter that has imported what is not ours, and forks for each program it is asked to run.

A program finds what it would in a new interpreter: its arguments, folder, environment, search path, standard
files and exit code. Only other people's modules are there already. No module of gan_jax is, so an import
that a program lacks still fails. Nothing here may touch a device: XLA's threads do not survive a fork.

The one argument is the file descriptor of a listening socket. Each worker of the session connects to it once.
Each message of a connection carries three standard files and the socket of that program alone.
"""

import contextlib
import faulthandler
import fcntl
import functools
import gc
import importlib
import importlib.machinery
import json
import os
import select
import signal
import socket
import sys
import tempfile
import types
import warnings
from pathlib import Path

WANTED = (
    *("absl.app", "absl.flags", "absl.logging", "clu.metric_writers", "flax.linen"),
    *("jax.experimental.multihost_utils", "optax"),
    *("jinja2", "matplotlib.figure", "matplotlib.backends.backend_agg", "ml_collections.config_flags"),
    *("orbax.checkpoint", "PIL.Image", "PIL.ImageDraw", "scipy.io", "scipy.linalg", "sklearn.datasets"),
    *("tensorboard", "tensorflow", "tensorflow_datasets"),
)  # fmt: skip
LONGEST = 2**20  # bytes of a message


def serve(listening):
    """Forks for each message until all workers have gone; only a program returns, with what to run."""
    for name in WANTED:
        importlib.import_module(name)
    ours = [name for name in sys.modules if name.partition(".")[0] == "gan_jax"]
    assert not ours, ours
    gc.collect()
    gc.freeze()  # else a collection in a program would copy all this memory
    signal.signal(signal.SIGCHLD, _reap)
    workers = [listening.accept()[0]]
    while True:
        ready = select.select([listening, *workers], [], [])[0]
        if listening in ready:
            workers.append(listening.accept()[0])
        for worker in {*workers} & {*ready}:
            message, files, *_ = socket.recv_fds(worker, LONGEST, 4)
            if not message:
                workers.remove(worker)
                worker.close()
                if not workers:
                    _end_alone(listening)
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of threads: none of these holds a lock
                if not os.fork():
                    for other in (listening, *workers):
                        other.close()
                    return _attend(json.loads(message), files)
            for file in files:
                os.close(file)


def _end_alone(listening):
    """Ends the server where no worker is connecting. Workers connect while they hold the lock."""
    place = Path(listening.getsockname())
    if not place.parent.exists():  # the session has ended
        os._exit(0)
    with open(place.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not select.select([listening], [], [], 0)[0]:
            place.unlink(missing_ok=True)
            os._exit(0)


def _reap(*_):
    while True:
        try:
            if not os.waitpid(-1, os.WNOHANG)[0]:
                return
        except ChildProcessError:
            return


def _attend(request, files):
    """Forks once more: the first process reports the exit code of the second, which returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *standard, answers = files
    pid = os.fork()
    if pid:
        for file in standard:
            os.close(file)
        with socket.socket(fileno=answers) as answers:
            answers.sendall(f"{pid}\n".encode())
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            with contextlib.suppress(BrokenPipeError):  # nobody waits for a program that was abandoned
                answers.sendall(f"{code}\n".encode())
        os._exit(0)
    os.close(answers)
    for number, file in enumerate(standard):
        os.dup2(file, number)
        os.close(file)
    return request


def prepare(request):
    """Gives this process the folder, environment, search path and arguments; its code and its module."""
    before, after = dict(os.environ), request["env"]
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(after)
    _configure(before, after)
    first, *rest = request["args"]
    name = rest.pop(0) if first in ("-c", "-m") else first
    place = {"-c": "", "-m": os.getcwd()}.get(first, str(Path(name).absolute().parent))
    mine = {str(Path(__file__).parent), *before.get("PYTHONPATH", "").split(os.pathsep)}
    given = [path for path in after.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:] = [place, *given, *(path for path in sys.path if path not in mine)]
    importlib.invalidate_caches()
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    if first == "-c":
        code, shown = compile(name, "<string>", "exec"), "-c"
    elif first == "-m":
        spec = importlib.util.find_spec(name)
        if spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{name}.__main__")
        code, shown = spec.loader.get_code(spec.name), spec.origin
        main.__spec__, main.__package__, main.__file__ = spec, spec.parent, shown
    else:
        code, shown = compile(Path(name).read_bytes(), name, "exec"), name
        main.__file__ = shown
    sys.argv[:] = [shown, *rest]
    if after.get("DRAWN_DIGITS"):
        sys.meta_path.insert(0, _Drawn(Path(after["DRAWN_DIGITS"])))
    return code, main.__dict__


class _Drawn:
    """Gives a program that imports the embedded digits those that another program of the session drew."""

    def __init__(self, folder):
        self._folder = folder

    def find_spec(self, name, path=None, target=None):
        if name != "gan_jax.data.embedded.digits.read":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            module._make = functools.cache(functools.partial(self._read, module, module._make))

        spec.loader.exec_module = exec_module
        return spec

    def _read(self, module, draw, *args):
        """What `draw(*args)` returns, from a file if there is one."""
        import numpy as np

        file = self._folder / ("_".join(map(str, args)) + ".npz")
        if file.exists():
            with np.load(file) as columns:
                return module.Examples(dict(columns))
        made = draw(*args)
        with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as half:
            np.savez(half, **made.columns)
        os.replace(half.name, file)
        return made


def _configure(before, after):
    """What Python and jax read from the environment as they begin, read again."""
    import jax

    sys.dont_write_bytecode = bool(after.get("PYTHONDONTWRITEBYTECODE"))
    if after.get("PYTHONFAULTHANDLER"):
        faulthandler.enable()
    for name in {*before, *after}:
        option = name.lower()
        if option not in jax.config.values or before.get(name) == after.get(name):
            continue
        kind, text = type(getattr(jax.config, option)), after[name]
        value = text.lower() in ("1", "true", "yes", "on") if kind is bool else text
        jax.config.update(option, kind(value) if kind in (int, float) else value)


if __name__ == "__main__":
    code, names = prepare(serve(socket.socket(fileno=int(sys.argv[1]))))
    exec(code, names)
