"""The order of examples: endless permutations, and the pairing of the examples of several roles."""

import logging
import os
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from gan_jax.data.examples import Examples
from gan_jax.errors import DataError

_log = logging.getLogger(__name__)

_NAMED = 3  # most files named in a message
# Sizes are whole pixels, so that the aspects of a picture and of its small copy may differ by a pixel.
_TOLERANCE = 0.02


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
      DataError: the splits list different files, apart from their suffixes, or unequal numbers of examples;
        the pictures of a pair show different parts of their scene; or no complete pair is left.
    """
    require_partners({role: (part.listing.total, part.listing.names) for role, part in examples.items()})
    total = next(iter(examples.values())).listing.total
    rows = np.arange(total)
    for part in examples.values():
        rows = np.intersect1d(rows, part.listing.rows, assume_unique=True)
    if not len(rows):
        raise DataError(f"no pair of {', '.join(examples)} is left: every pair lacks an image")
    if len(rows) < total:
        names = " and ".join(examples)
        _log.info("%d of %d pairs of %s; the others lack an image", len(rows), total, names)
    paired = {role: part.subset(np.searchsorted(part.listing.rows, rows)) for role, part in examples.items()}
    _check_shares(paired)
    return paired


def require_partners(listed: Mapping[str, tuple[int, Sequence[str]]]) -> None:
    """Refuses paired roles that list different files, apart from suffixes, or unequal numbers of examples.

    Args:
      listed: role -> number of listed examples, and their file names; () if they are not files.

    Raises:
      DataError: naming the files.
    """
    named = {
        role: [os.path.splitext(file)[0] for file in names]  # pathlib takes six times as long
        for role, (_, names) in listed.items()
        if names
    }
    everything = {stem for stems in named.values() for stem in stems}
    lacking = [
        f"{role} lacks {_some(sorted(everything - set(stems)))}"
        for role, stems in named.items()
        if everything - set(stems)
    ]
    if lacking:
        raise DataError(
            "kind='paired' needs files of equal names, apart from their suffixes, in each role; "
            + "; ".join(lacking)
        )
    if len({total for total, _ in listed.values()}) > 1:
        found = ", ".join(f"{role} has {total}" for role, (total, _) in listed.items())
        raise DataError(f"kind='paired' needs the same number of images in each role; {found}")
    for place, stems in enumerate(zip(*named.values(), strict=True)):
        if len(set(stems)) > 1:
            found = ", ".join(f"{role} {listed[role][1][place]!r}" for role in named)
            raise DataError(
                f"kind='paired' needs files of equal names apart from their suffixes; found {found}"
            )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:_NAMED]))
    return f"{shown} and {len(names) - _NAMED} more" if names[_NAMED:] else shown


def _check_shares(paired: Mapping[str, Examples]) -> None:
    """Refuses pairs of pictures that the squares in their middle show different parts of."""
    (first, one), *others = paired.items()
    for role, other in others:
        wrong = np.flatnonzero((np.abs(one.listing.shown - other.listing.shown) > _TOLERANCE).any(1))
        if len(wrong):
            rest = f", and so on in {len(wrong)} pairs" if wrong[1:].size else ""
            both = " and ".join(
                f"{_percent(part.listing.shown[wrong[0]])} of {name} {_title(part, wrong[0])}"
                for name, part in ((first, one), (role, other))
            )
            raise DataError(
                f"kind='paired': the images show {both} (width x height){rest}; expected equal parts, as of "
                "pictures of equal aspect; resize='squeeze' shows whole pictures"
            )


def _title(part: Examples, place: int) -> str:
    row = part.listing.rows[place]
    return repr(part.listing.names[row]) if part.listing.names else f"image {row}"


def _percent(shares: np.ndarray) -> str:
    return " x ".join(f"{100 * share:.0f} %" for share in shares)
