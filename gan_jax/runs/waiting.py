"""Work without safe points, such as reading data, that a signal can still interrupt."""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_SECONDS = 0.2  # between two calls of `poll`


def interruptible(work: Callable[[], T], poll: Callable[[], None]) -> T:
    """The value of `work()`, which runs in a thread of its own while this thread polls.

    If `poll` raises, the thread keeps running. It must not change anything that the caller uses afterwards.
    The process can end before the thread.

    Args:
      work: called once; what it raises is raised here.
      poll: called every 0.2 s; it may raise to interrupt.
    """
    values: list[T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            values.append(work())
        except Exception as error:  # raised below, in the thread that waits
            errors.append(error)

    thread = threading.Thread(target=run, name="interruptible", daemon=True)
    thread.start()
    while thread.is_alive():
        poll()
        thread.join(_SECONDS)
    if errors:
        raise errors[0]
    return values[0]
