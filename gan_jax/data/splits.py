"""Slices of splits in tfds' syntax, `test[:8000]+train[10%:]`, for every kind of source.

The syntax is read here, so that training from files needs no TensorFlow.
"""

import re
from collections.abc import Mapping

from gan_jax.errors import DataError

_PART = re.compile(r"(?P<name>[\w-]+)(?:\[(?P<rows>[^\]]*)\])?")
_END = re.compile(r"(?P<value>-?[\d_.]+)?(?P<unit>%)?")
_FORM = "expected NAME, NAME[FROM:TO] with rows or per cent, or a sum of them by +"


def names(split: str) -> set[str]:
    """The names of the splits that `split` takes rows of."""
    return {part.split("[")[0].strip() for part in split.split("+")}


def parse(split: str, sizes: Mapping[str, int], source: str) -> list[tuple[str, slice]]:
    """The parts of `split` in order, each as (name, slice of its rows with both ends).

    A bound counts rows, or per cent of the rows rounded to the nearest row. A negative bound counts from the
    end. `all` means every split in the order of `sizes`.

    Args:
      split: tfds' slicing syntax.
      sizes: number of examples of each existing split.
      source: name of the data set in messages.

    Raises:
      DataError: the syntax is wrong, a split is unknown, or rows do not exist.
    """
    try:
        return [found for part in re.split(r"\s*\+\s*", split) for found in _rows(part, sizes)]
    except ValueError as error:
        there = ", ".join(f"{name} ({size})" for name, size in sizes.items())
        message = f"split {split!r} of {source} cannot be read; splits there: {there}; {error}"
        raise DataError(message) from error


def _rows(part: str, sizes: Mapping[str, int]) -> list[tuple[str, slice]]:
    """The slices of one part of a sum."""
    found = _PART.fullmatch(part)
    if not found:
        raise ValueError(f"{part!r} is not understood: {_FORM}")
    name, rows = found["name"], found["rows"]
    if name == "all" and rows is None:
        return [(each, slice(0, size)) for each, size in sizes.items()]
    if name not in sizes:
        raise ValueError(f"there is no split {name!r}")
    if rows is None:
        return [(name, slice(0, sizes[name]))]
    ends = [_END.fullmatch(end) for end in rows.split(":")]
    if len(ends) != 2 or not all(ends) or rows == ":":
        raise ValueError(f"{part!r} is not understood: {_FORM}")
    size = sizes[name]
    per_cent = any(end["unit"] for end in ends if end)
    first, last = (_bound(end["value"], size, per_cent) for end in ends if end)
    return [(name, slice(0 if first is None else first, size if last is None else last))]


def _bound(value: str | None, size: int, per_cent: bool) -> int | None:
    """One bound as a row number from 0 to `size`; None if it is not given."""
    if value is None:
        return None
    amount, all_of_it = (float(value), 100) if per_cent else (int(value), size)
    if abs(amount) > all_of_it:
        raise ValueError(f"{value}{'%' * per_cent} is more than the {size} rows")
    row = round(amount * size / 100.0) if per_cent else int(amount)
    return row + size if row < 0 else row
