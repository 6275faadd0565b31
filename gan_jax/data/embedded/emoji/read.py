"""An embedded domain of cartoon faces, 64x64 in colour, with CelebA's attributes.

The faces need no file and no network. Every face has its own random stream, from (seed, split, row). Training
and test therefore share nothing, and a slice draws little more than its own rows.
"""

import functools
import zlib
from collections.abc import Sequence

import numpy as np

from gan_jax.data import splits
from gan_jax.data.embedded.emoji import draw, face
from gan_jax.data.embedded.emoji.canvas import SIZE
from gan_jax.data.embedded.emoji.face import ATTRIBUTES
from gan_jax.data.examples import Examples, concatenate
from gan_jax.data.sources import annotations

NAME = "emoji"
SIZES = {"train": 8000, "validation": 1000, "test": 2000}
SEED = 20161107  # the embedded digits' seed
_BLOCK = 256  # faces that are drawn and cached together


def read(split: str, attributes: Sequence[str] = (), seed: int = SEED) -> Examples:
    """Rows of the set: `image` uint8 [N, 64, 64, 3] and `label` int32 [N, K] in {0, 1}.

    Args:
      split: tfds' slicing syntax over train, validation and test; SIZES has their sizes.
      attributes: the columns of `label`, in order; () means all of ATTRIBUTES.
      seed: seed of every random choice.

    Raises:
      DataError: a split or an attribute does not exist.
    """
    chosen, columns = check(split, attributes)
    examples = concatenate([_rows(part, rows, seed) for part, rows in chosen])
    return examples.with_columns(label=examples.columns["label"][:, columns])


def check(split: str, attributes: Sequence[str] = ()) -> tuple[list[tuple[str, slice]], list[int]]:
    """The slices of `split`, and the places of the attributes. Raises the errors of `read`."""
    columns = annotations.choose(attributes or ATTRIBUTES, ATTRIBUTES, NAME)
    return splits.parse(split, SIZES, NAME), columns


def _rows(split: str, rows: slice, seed: int) -> Examples:
    parts = [Examples(_empty(0))]
    for first in range(rows.start - rows.start % _BLOCK, rows.stop, _BLOCK):
        here = slice(max(rows.start - first, 0), rows.stop - first)
        parts.append(Examples(_block(split, first, seed).gather(here)))
    return concatenate(parts)


@functools.cache
def _block(split: str, first: int, seed: int) -> Examples:
    """Faces `first` to `first` + _BLOCK of a split, or to the split's end."""
    last = min(first + _BLOCK, SIZES[split])
    columns = _empty(last - first)
    for row in range(first, last):
        drawn = face.sample(np.random.default_rng([seed, zlib.crc32(f"{NAME}/{split}".encode()), row]))
        columns["image"][row - first] = np.asarray(draw.draw(drawn))
        columns["label"][row - first] = face.attributes(drawn)
    return Examples(columns)


def _empty(size: int) -> dict[str, np.ndarray]:
    return {
        "image": np.empty((size, SIZE, SIZE, 3), np.uint8),
        "label": np.empty((size, len(ATTRIBUTES)), np.int32),
    }
