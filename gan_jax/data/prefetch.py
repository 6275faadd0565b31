"""Items that a thread prepares while their consumer is busy."""

import collections
import itertools
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def background(make: Callable[[int], Item], start: int, depth: int) -> Generator[Item, None, None]:
    """Yields make(start), make(start + 1), ...; one thread keeps `depth` items ready in advance.

    An exception in `make` is raised at the place of its item. Closing the generator ends the thread.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="batches")
    ready: collections.deque[Future[Item]] = collections.deque()
    try:
        for position in itertools.count(start):
            ready.append(pool.submit(make, position))
            if len(ready) > depth:
                yield ready.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
