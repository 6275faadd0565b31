"""Orderly stops: the first SIGINT or SIGTERM asks for one, a second ends the process at once."""

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
    """Remembers a signal until the program reaches a point where it can stop."""

    def __init__(self):
        """No signal so far."""
        self.received = 0

    def poll(self, step: int | None = None) -> None:
        """Raises `Interrupted` if a stop was asked for; called between pieces of work.

        With several processes they must stop at the same step, so only calls that name a `step`
        count there: the cluster's own notice of preemption is read instead of a signal.
        """
        if jax.process_count() > 1:
            if step is not None and multihost_utils.reached_preemption_sync_point(step):
                raise Interrupted(signal.SIGTERM)
        elif self.received:
            raise Interrupted(self.received)

    def handle(self, signum: int, frame: object) -> None:
        """The handler of a first signal."""
        del frame
        self.received = self.received or signum
        name = signal.Signals(signum).name
        _log.warning("%s: stopping at the next safe point; once more ends at once", name)


@contextlib.contextmanager
def handled() -> Iterator[Interrupts]:
    """Installs the handlers for a block; blocks inside it share its `Interrupts`.

    Several processes keep jax's own notice of preemption.
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

    Python's handlers wait until such a call returns; the byte that the interpreter writes to its
    wake-up pipe for every signal does not.
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
