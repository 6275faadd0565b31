"""`--mode=demo`: a local web page for a run. The page is there until Ctrl-C or SIGTERM."""

import contextlib
import importlib.util
import logging
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gan_jax.demo import works
from gan_jax.errors import ConfigError, GanJaxError, Interrupted
from gan_jax.runs import restore, signals

_log = logging.getLogger(__name__)

_PORT = 7860
_BEAT = 0.1  # seconds between two looks at the signals
_END = 1.0  # seconds that open connections have at the end


def run(workdir: Path | str, *, host: str = "127.0.0.1", port: int = _PORT) -> dict[str, Any]:
    """Serves the page of a run until a signal arrives, then ends the process with code 0.

    The run's folder is not changed. Uploads lie in a temporary folder, which goes with the process. Nothing
    is sent to another machine, and the page loads nothing from one.

    Args:
      workdir: folder of a run whose model makes images from noise or from images, finished or not.
      host: the address to listen on. '127.0.0.1' is for browsers on this machine only, '0.0.0.0' for all.
      port: the port; 0 takes a free one.

    Raises:
      ConfigError: gradio is missing, or the address cannot be used.
      WorkdirError: the folder holds no run, or one without a page.
      CheckpointError: there is no intact checkpoint.
    """
    works.check(workdir)
    missing = [name for name in ("gradio", "uvicorn") if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(f"--mode=demo needs {missing[0]}: pip install 'gan_jax[demo]'")
    with listening(host, port) as door, tempfile.TemporaryDirectory(prefix="gan_jax_demo_") as uploads:
        os.environ |= {
            "GRADIO_ANALYTICS_ENABLED": "False",
            "GRADIO_RUN_HISTORY": "False",  # which would keep uploads
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "GRADIO_TEMP_DIR": uploads,
        }
        loaded = restore.load(workdir)
        work = works.of_run(workdir, loaded)
        _log.info("compiling the program of %s ...", loaded.config.name)
        first = work.prepare()
        from gan_jax.demo import page

        served = page.application(work, first, loaded.config.name, works.facts(loaded))
        _serve(served, door)
    signals.leave(0)  # threads that still compute would keep the process


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens on an address; browsers that come early wait.

    Raises:
      ConfigError: naming the host or the port, and the reason.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        allowed = "a name or an address of this machine"
        raise ConfigError(f"host={host!r} is not allowed: {error}; allowed: {allowed}") from error
    with socket.socket(family, kind) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(address)
            door.listen()
        except OSError as error:
            raise ConfigError(f"host={host!r}, port={port}: {error.strerror}; try another --port") from error
        yield door


def _serve(served: Callable[..., Any], door: socket.socket) -> None:
    """Serves until a signal arrives."""
    import uvicorn

    options: dict[str, Any] = {"log_level": "warning", "loop": "asyncio", "http": "h11", "ws": "none"}
    server = uvicorn.Server(uvicorn.Config(served, timeout_graceful_shutdown=1, lifespan="on", **options))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, name="page", daemon=True)
    with signals.handled() as interrupts:
        thread.start()
        told = False
        try:
            while thread.is_alive():
                interrupts.poll()
                if server.started and not told:
                    host, port = door.getsockname()[:2]
                    shown = f"[{host}]" if ":" in host else host
                    _log.info("the page: http://%s:%d (Ctrl-C ends it)", shown, port)
                    told = True
                time.sleep(_BEAT)
        except Interrupted:
            server.should_exit = True
            thread.join(_END)
            return
    raise GanJaxError("the page's server ended by itself")
