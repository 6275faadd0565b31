"""The order of examples: endless permutations, and the pairing of the examples of several roles."""

import logging
import zlib
from collections.abc import Mapping
from pathlib import PurePosixPath

import numpy as np

from gan_jax.data.examples import Examples
from gan_jax.errors import DataError

_log = logging.getLogger(__name__)


class Order:
    """The row at every position of an endless sequence of permutations, a function of (seed, name)."""

    def __init__(self, size: int, seed: int, name: str):
        """Permutes `size` rows; `name` distinguishes the streams of one seed."""
        self._size = size
        self._seed = (seed, zlib.crc32(name.encode()))
        self._epoch, self._permutation = -1, np.empty(0, np.int64)

    def take(self, first: int, count: int) -> np.ndarray:
        """The rows at positions `first` to `first` + `count`."""
        epochs, offsets = np.divmod(np.arange(first, first + count), self._size)
        rows = np.empty(count, np.int64)
        for number in np.unique(epochs):
            here = epochs == number
            rows[here] = self._shuffled(int(number))[offsets[here]]
        return rows

    def _shuffled(self, number: int) -> np.ndarray:
        if number != self._epoch:
            # Philox is counter-based: streams of different keys are independent by design.
            keys = np.random.SeedSequence([*self._seed, number])
            self._permutation = np.random.Generator(np.random.Philox(keys)).permutation(self._size)
            self._epoch = number
        return self._permutation


def together(examples: Mapping[str, Examples]) -> dict[str, Examples]:
    """The examples of paired roles, reduced to complete pairs.

    The k-th example that one role's split lists belongs to the k-th example that another role's split lists.
    An example that is missing from one role, such as an unreadable file, is dropped from all roles.

    Raises:
      DataError: the splits list unequal numbers of examples, the file names of a pair differ by more than
        their suffix, or no complete pair is left.
    """
    totals = {role: part.listing.total for role, part in examples.items()}
    if len(set(totals.values())) > 1:
        found = ", ".join(f"{role} has {total}" for role, total in totals.items())
        raise DataError(f"kind='paired' needs the same number of images in each role; {found}")
    _check_names(examples)
    total = next(iter(totals.values()))
    rows = np.arange(total)
    for part in examples.values():
        rows = np.intersect1d(rows, part.listing.rows, assume_unique=True)
    if not len(rows):
        raise DataError(f"no pair of {', '.join(examples)} is left: every pair lacks an image")
    if len(rows) < total:
        names = " and ".join(examples)
        _log.info("%d of %d pairs of %s; the others lack an image", len(rows), total, names)
    return {role: part.subset(np.searchsorted(part.listing.rows, rows)) for role, part in examples.items()}


def _check_names(examples: Mapping[str, Examples]) -> None:
    named = {role: part.listing.names for role, part in examples.items() if part.listing.names}
    for files in zip(*named.values(), strict=True):
        if len({PurePosixPath(file).with_suffix("") for file in files}) > 1:
            found = ", ".join(f"{role} {file!r}" for role, file in zip(named, files, strict=True))
            raise DataError(
                f"kind='paired' needs files of equal names apart from their suffixes; found {found}"
            )
