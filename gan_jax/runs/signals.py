"""Orderly stops. The first SIGINT or SIGTERM requests one; a second signal ends the process at once."""

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Iterator

import jax
from jax.experimental import multihost_utils

from gan_jax.errors import Interrupted

_log = logging.getLogger(__name__)

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Stores a signal until the program reaches a point at which it can stop."""

    def __init__(self):
        """Starts without a signal."""
        self.received = 0

    def poll(self, step: int | None = None) -> None:
        """Raises `Interrupted` if a stop was requested. It is called between pieces of work.

        Several processes must stop at the same step. With several processes, only calls with a `step` can
        raise, and they read the cluster's notice of preemption instead of a signal.
        """
        if jax.process_count() > 1:
            if step is not None and multihost_utils.reached_preemption_sync_point(step):
                raise Interrupted(signal.SIGTERM)
        elif self.received:
            raise Interrupted(self.received)

    def handle(self, signum: int, frame: object) -> None:
        """Handles the first signal."""
        del frame
        self.received = self.received or signum
        name = signal.Signals(signum).name
        _log.warning("%s: stopping at the next safe point; a second signal ends the process at once", name)


@contextlib.contextmanager
def handled() -> Iterator[Interrupts]:
    """Installs the handlers for a block. Inner blocks share the `Interrupts` of the outermost block.

    With several processes no handler is installed, since jax's notice of preemption needs its own.
    """
    outer = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if isinstance(outer, Interrupts):
        yield outer
        return
    interrupts = Interrupts()
    main_thread = threading.current_thread() is threading.main_thread()
    if jax.process_count() > 1 or not main_thread:
        yield interrupts
        return
    before = {signum: signal.signal(signum, interrupts.handle) for signum in _SIGNALS}
    try:
        with _second_ends():
            yield interrupts
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


@contextlib.contextmanager
def _second_ends() -> Iterator[None]:
    """Ends the process at the second signal, even inside a native call such as a compilation.

    Python's handlers wait until such a call returns. The interpreter writes a byte for every signal to its
    wake-up pipe without waiting, and a thread reads that pipe.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_count, args=(reader,), name="signals", daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writer)


def _count(reader: int) -> None:
    count = 0
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        while byte := pipe.read(1):
            count += byte[0] in _SIGNALS
            if count == 2:
                os._exit(128 + byte[0])
