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

    def _handle(self, signum, frame):
        del frame
        if self.received:
            os._exit(128 + signum)
        self.received = signum
        name = signal.Signals(signum).name
        _log.warning("%s: stopping at the next safe point; once more ends at once", name)


@contextlib.contextmanager
def handled() -> Iterator[Interrupts]:
    """Installs the handlers for a block; several processes keep jax's own notice of preemption."""
    interrupts = Interrupts()
    main_thread = threading.current_thread() is threading.main_thread()
    if jax.process_count() > 1 or not main_thread:
        yield interrupts
        return
    before = {s: signal.signal(s, interrupts._handle) for s in _SIGNALS}
    try:
        yield interrupts
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
