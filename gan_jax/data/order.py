"""The order of examples: permutations without end, and which examples of several roles belong together."""

import logging
import zlib
from collections.abc import Mapping
from pathlib import PurePosixPath

import numpy as np

from gan_jax.data.examples import Examples
from gan_jax.errors import DataError

_log = logging.getLogger(__name__)


class Order:
    """The row at every position of an endless sequence of permutations, by (seed, name)."""

    def __init__(self, size: int, seed: int, name: str):
        """Permutes `size` rows; `name` tells one stream of a seed from another."""
        self._size = size
        self._seed = (seed, zlib.crc32(name.encode()))
        self._epoch, self._permutation = -1, np.empty(0, np.int64)

    def take(self, first: int, count: int) -> np.ndarray:
        """Rows at positions first to first + count."""
        epochs, offsets = np.divmod(np.arange(first, first + count), self._size)
        rows = np.empty(count, np.int64)
        for number in np.unique(epochs):
            here = epochs == number
            rows[here] = self._shuffled(int(number))[offsets[here]]
        return rows

    def _shuffled(self, number: int) -> np.ndarray:
        if number != self._epoch:
            # Philox: counter-based, its streams for different keys are independent by design.
            keys = np.random.SeedSequence([*self._seed, number])
            self._permutation = np.random.Generator(np.random.Philox(keys)).permutation(self._size)
            self._epoch = number
        return self._permutation


def together(examples: Mapping[str, Examples]) -> dict[str, Examples]:
    """Roles whose examples are pairs: the k-th of one that its split lists belongs to the k-th of another.

    An example that was left out of one role, such as a file that cannot be read, is left out of all.

    Raises:
      DataError: the splits list unequal numbers; files of a pair whose names differ by more than their
        ending; or no pair is left.
    """
    totals = {role: part.listing.total for role, part in examples.items()}
    if len(set(totals.values())) > 1:
        found = ", ".join(f"{role} has {total}" for role, total in totals.items())
        raise DataError(f"kind='paired' needs as many images in each role; {found}")
    _check_names(examples)
    total = next(iter(totals.values()))
    rows = np.arange(total)
    for part in examples.values():
        rows = np.intersect1d(rows, part.listing.rows, assume_unique=True)
    if not len(rows):
        raise DataError(f"no pair of {', '.join(examples)} is left: each lacks one of its images")
    if len(rows) < total:
        names = " and ".join(examples)
        _log.info("%d of %d pairs of %s; the others lack an image", len(rows), total, names)
    return {role: part.subset(np.searchsorted(part.listing.rows, rows)) for role, part in examples.items()}


def _check_names(examples: Mapping[str, Examples]) -> None:
    named = {role: part.listing.names for role, part in examples.items() if part.listing.names}
    for files in zip(*named.values(), strict=True):
        if len({PurePosixPath(file).with_suffix("") for file in files}) > 1:
            found = ", ".join(f"{role} {file!r}" for role, file in zip(named, files, strict=True))
            raise DataError(f"kind='paired' needs files of equal names, endings aside; found {found}")
