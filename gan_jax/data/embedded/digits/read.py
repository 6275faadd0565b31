"""Two embedded domains of digits, 32x32, without file or network.

`digits_plain` are real handwritten digits, white on black. `digits_street` look like cropped house numbers. A
seed determines both. Every split has its own random stream, and each split of the plain digits has its own
handwritten originals, so training and test share nothing.
"""

import functools
import zlib

import numpy as np

from gan_jax.data import splits
from gan_jax.data.embedded.digits import plain, street
from gan_jax.data.examples import Examples, concatenate

NAMES = ("digits_plain", "digits_street")
GREY = ("digits_plain",)  # the others are coloured
SIZES = {
    "digits_plain": {"train": 8000, "validation": 1000, "test": 2000},
    "digits_street": {"train": 10_000, "validation": 1000, "test": 2000},
}
SEED = 20161107  # the day on which the DTN paper was submitted


def read(name: str, split: str, seed: int = SEED) -> Examples:
    """Rows of one embedded domain: `image` uint8 [N, 32, 32, 1 or 3] and `label` int32 [N].

    Args:
      name: one of NAMES.
      split: tfds' slicing syntax over train, validation and test; SIZES has their sizes.
      seed: seed of every random choice.

    Raises:
      DataError: the split does not exist.
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
