"""Orderly stops by SIGINT (Ctrl-C) and SIGTERM. This file does not import jax, which takes seconds.

A process that has nothing to save ends at once, even inside a native call. While a run is trained, the first
signal is kept until the run reaches a point at which it can save; a second signal ends the process at once.
"""

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import NoReturn

from gan_jax.errors import Interrupted
from gan_jax.files import writing

_log = logging.getLogger(__name__)

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """The signals of this process.

    Attributes:
      received: the signal that asks for a stop; 0 if there is none.
      kept: how many blocks of `handled` are open. Without one, a signal ends the process at once.
      words: what is written to standard error if a signal ends the process at once; '' for nothing.
      agree: tells whether all processes of a cluster stop after a step; None for a single process.
    """

    def __init__(self):
        """Starts without a signal."""
        self.received = self.kept = 0
        self.words = ""
        self.agree: Callable[[int], bool] | None = None
        self._installed = False
        self._kept_back = 0  # signals that arrived inside `keep`

    def poll(self, step: int | None = None) -> None:
        """Raises `Interrupted` if a stop was requested. It is called between pieces of work.

        Several processes must stop at the same step. With several processes, only calls with a `step` can
        raise.
        """
        if self.agree is not None:
            if step is not None and self.agree(step):
                raise Interrupted(self.received or signal.SIGTERM)
        elif self.received:
            raise Interrupted(self.received)

    @contextlib.contextmanager
    def keep(self) -> Iterator[None]:
        """Keeps signals for `poll` inside the block; the second one ends the process at once."""
        self.kept += 1
        try:
            yield
        finally:
            self.kept -= 1

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Installs the handlers for a block; inner blocks change nothing. It must be the main thread's."""
        if self._installed or threading.current_thread() is not threading.main_thread():
            yield
            return
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        # Python's handlers wait until a native call, such as a compilation, returns. But for every signal the
        # interpreter writes a byte to this pipe without waiting, and a thread reads it.
        wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        before = {signum: signal.signal(signum, self._handle) for signum in _SIGNALS}
        threading.Thread(target=self._watch, args=(reader,), name="signals", daemon=True).start()
        self._installed, self._kept_back = True, 0
        try:
            yield
        finally:
            for signum, handler in before.items():
                signal.signal(signum, handler)
            signal.set_wakeup_fd(wakeup)
            os.close(writer)
            self._installed, self.received = False, 0

    def _handle(self, signum: int, frame: object) -> None:
        del frame
        self.received = self.received or signum
        if self.kept:
            self._kept_back += 1
            name = signal.Signals(signum).name
            _log.warning(
                "%s: stopping at the next safe point; a second signal ends the process at once", name
            )

    def _watch(self, reader: int) -> None:
        count = 0
        with os.fdopen(reader, "rb", buffering=0) as pipe:
            while byte := pipe.read(1):
                if byte[0] not in _SIGNALS or not self._installed:
                    continue
                count += 1
                # This thread may read the byte only after the block of `keep` in which the signal arrived.
                if count == 2 or not (self.kept or self._kept_back):
                    self._end(byte[0])
                elif self.agree is not None and byte[0] == signal.SIGINT:
                    os.kill(os.getpid(), signal.SIGTERM)  # which jax passes on to the other processes

    def _end(self, signum: int) -> None:
        """Ends the process, without half-written files and with the terminal's cursor."""
        writing.abandon()
        shown = "\x1b[?25h" if sys.stderr.isatty() else ""
        line = f"gan_jax: stopped {self.words}\n" if self.words and not self.kept else ""
        os.write(2, (shown + line).encode())  # another thread may hold the lock of `sys.stderr`
        os._exit(128 + signum)


def leave(code: int) -> NoReturn:
    """Ends this process now. Its end would otherwise wait for threads that still read images."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


INTERRUPTS = Interrupts()  # the process has one set of handlers

_PROCESS = contextlib.ExitStack()  # never closed; without this reference the handlers would be removed


def install(words: str) -> None:
    """Installs the handlers for the rest of the process; `words` are `Interrupts.words`."""
    INTERRUPTS.words = words
    _PROCESS.enter_context(INTERRUPTS.installed())


@contextlib.contextmanager
def handled() -> Iterator[Interrupts]:
    """Keeps signals for `poll` in a block, and installs the handlers if they are not installed."""
    with INTERRUPTS.installed(), INTERRUPTS.keep():
        yield INTERRUPTS
