"""Locks that the system releases when their process ends, however it ends."""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gan_jax.files import writing

_SECONDS = 0.2  # between two attempts to take a lock that another process holds


@contextlib.contextmanager
def held(path: Path, busy: Callable[[str], Any], wait: Callable[[], Any]) -> Iterator[None]:
    """Holds the lock of a file, which is made where it is missing. It waits for another holder.

    Args:
      path: of the file. It is left there, since a removed file would not lock out those who opened it.
      busy: called once with the number of the process that holds the lock, 'unknown' if there is none.
      wait: called every 0.2 s while another process holds the lock; it may raise.

    Raises:
      OSError: the file cannot be made or opened, see `writing.open_own`.
    """
    descriptor = writing.open_own(path, os.O_RDWR | os.O_CREAT)
    with open(descriptor, "r+b", buffering=0) as file:
        if not _taken(file):
            busy(file.read(32).decode(errors="replace").strip() or "unknown")
            while not _taken(file):
                wait()
                time.sleep(_SECONDS)
        file.seek(0)
        file.truncate(0)
        file.write(f"{os.getpid()}\n".encode())
        yield


def _taken(file: Any) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
