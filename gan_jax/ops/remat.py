"""Whether networks compute the inside of their blocks again in the backward pass instead of keeping it."""

import contextlib
import contextvars
from collections.abc import Iterator

_on: contextvars.ContextVar[bool] = contextvars.ContextVar("remat", default=False)


@contextlib.contextmanager
def over() -> Iterator[None]:
    """A block, inside the tracing of a step, whose networks keep only what goes into their blocks."""
    token = _on.set(True)
    try:
        yield
    finally:
        _on.reset(token)


def on() -> bool:
    """Whether a block keeps only its input here."""
    return _on.get()
