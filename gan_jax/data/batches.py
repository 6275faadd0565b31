"""Batches of examples by role: endless shuffled ones, or one pass in order."""

from collections.abc import Generator, Iterator, Mapping

import numpy as np

from gan_jax.data.examples import Examples
from gan_jax.data.order import Order
from gan_jax.data.pixels import views
from gan_jax.data.prefetch import background
from gan_jax.errors import ConfigError, DataError


def stream(
    examples: Mapping[str, Examples],
    batch_size: int,
    *,
    seed: int,
    paired: bool = False,
    start: int = 0,
    process_index: int = 0,
    process_count: int = 1,
    prefetch: int = 2,
) -> Generator[dict[str, np.ndarray], None, None]:
    """Endless shuffled batches, prepared in advance by a thread.

    Each batch is a pure function of (seed, position). Example k of a role with n examples is
    `permutation(seed, role, k // n)[k % n]`, and its random crop and mirror depend on (seed, role, k). Batch
    i holds examples i B to (i + 1) B. `start` therefore resumes exactly, and neither the number of processes
    nor another role changes a role's examples.

    Args:
      examples: the examples of each role.
      batch_size: B, summed over all processes.
      seed: seed of the order, 0 or more.
      paired: True gives all roles the same order, crops and mirrors, so that the examples of a pair stay
        together; see `together`. False makes the roles independent streams.
      start: position of the first batch.
      process_index: this process's rank. The process gets the contiguous part of each batch at that place.
      process_count: number of processes that share a batch.
      prefetch: number of batches kept ready in advance.

    Returns:
      An iterator over batches. A batch has `<role>` for the images and `<role>_<column>` for every other
      column, [B / process_count, ...]. Closing the iterator ends the thread.

    Raises:
      ConfigError: `process_count` does not divide `batch_size`.
      DataError: `paired` is True and the roles have unequal lengths.
    """
    lengths = {role: len(part) for role, part in examples.items()}
    if paired and len(set(lengths.values())) != 1:
        raise DataError(f"paired roles have lengths {lengths}; expected equal ones")
    if batch_size % process_count:
        raise ConfigError(
            f"batch_size={batch_size} is not divisible by the number of processes, {process_count}"
        )
    share = batch_size // process_count
    names = {role: "" if paired else role for role in examples}
    orders = {role: Order(len(part), seed, names[role]) for role, part in examples.items()}

    def batch(position: int) -> dict[str, np.ndarray]:
        first = position * batch_size + process_index * share

        def drawn(role: str, part: Examples) -> dict[str, np.ndarray]:
            draws = views.draw(seed, names[role], first, share) if part.varies else None
            return part.gather(orders[role].take(first, share), draws)

        return _merge({role: drawn(role, part) for role, part in examples.items()})

    return background(batch, start, prefetch)


def epoch(examples: Mapping[str, Examples], batch_size: int) -> Iterator[dict[str, np.ndarray]]:
    """One pass in order over the first role. The other roles keep step and start again at their end.

    Args:
      examples: the examples of each role.
      batch_size: rows of each batch; the last batch may be smaller.

    Yields:
      Batches with the keys of `stream`.
    """
    total = len(next(iter(examples.values())))
    for first in range(0, total, batch_size):
        rows = np.arange(first, min(first + batch_size, total))
        yield _merge({role: part.gather(rows % len(part)) for role, part in examples.items()})


def _merge(columns: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {
        role if name == "image" else f"{role}_{name}": values
        for role, part in columns.items()
        for name, values in part.items()
    }
