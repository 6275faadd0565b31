"""Two embedded domains of digits, 32x32, that need no file and no network.

`digits_plain` are real handwritten digits, white on black; `digits_street` look like cropped house
numbers. Both are fixed by a seed. Every split has its own random stream, and the plain ones have
their own handwritten originals too, so nothing is shared between training and test.
"""

import functools
import zlib

import numpy as np

from gan_jax.data import splits
from gan_jax.data.embedded.digits import plain, street
from gan_jax.data.examples import Examples, concatenate

NAMES = ("digits_plain", "digits_street")
SIZES = {
    "digits_plain": {"train": 8000, "validation": 1000, "test": 2000},
    "digits_street": {"train": 10_000, "validation": 1000, "test": 2000},
}
SEED = 20161107  # the day the DTN paper was submitted


def read(name: str, split: str, seed: int = SEED) -> Examples:
    """Rows of one embedded domain: `image` uint8 [N, 32, 32, 1 or 3] and `label` int32 [N].

    Args:
      name: one of NAMES.
      split: tfds' slicing syntax over train, validation and test, whose sizes are in SIZES.
      seed: of every random choice.

    Raises:
      DataError: a split that is not there.
    """
    chosen = splits.parse(split, SIZES[name], name)
    return concatenate([Examples(_make(name, part, seed).gather(rows)) for part, rows in chosen])


@functools.cache
def _make(name: str, split: str, seed: int) -> Examples:
    rng = np.random.default_rng([seed, zlib.crc32(f"{name}/{split}".encode())])
    size = SIZES[name][split]
    if name == "digits_plain":
        images, labels = plain.make(rng, size, *plain.originals(split, seed))
    else:
        images, labels = street.make(rng, size)
    return Examples({"image": images, "label": labels})
