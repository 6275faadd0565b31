"""Slices of splits in tfds' syntax, `test[:8000]+train[10%:]`, for every kind of source."""

import re
from collections.abc import Mapping

from gan_jax.errors import DataError


def names(split: str) -> set[str]:
    """The names of the splits that `split` takes rows of."""
    return {part.split("[")[0].strip() for part in split.split("+")}


def parse(split: str, sizes: Mapping[str, int], source: str) -> list[tuple[str, slice]]:
    """The parts of `split` in order, each as (name, slice of its rows with both ends).

    Args:
      split: tfds' slicing syntax.
      sizes: number of examples of each existing split.
      source: name of the data set in messages.

    Raises:
      DataError: the syntax is wrong, a split is unknown, or rows do not exist.
    """
    import tensorflow_datasets as tfds

    infos = {
        name: tfds.core.SplitInfo(name=name, shard_lengths=[size], num_bytes=0)
        for name, size in sizes.items()
    }
    try:
        parts = tfds.core.ReadInstruction.from_spec(split).to_absolute(infos)
    except ValueError as error:
        reason = re.sub(r"\s+", " ", str(error))
        there = ", ".join(f"{name} ({size})" for name, size in sizes.items())
        message = f"split {split!r} of {source} cannot be read; splits there: {there}; {reason}"
        raise DataError(message) from error
    return [
        (part.splitname, slice(*slice(part.from_, part.to).indices(sizes[part.splitname])[:2]))
        for part in parts
    ]
