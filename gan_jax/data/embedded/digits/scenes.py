"""Two embedded domains of scenes with label maps, 32x32, without file or network.

`scenes_game` are the digits of `digits_plain`, white on black, like a renderer's output. `scenes_real` are
photographs of the same drawings as ink on house signs. A pixel's label is the digit where the drawing's
stroke covers more than half of the pixel, else the ground. About 85 % of the pixels are ground.
"""

import functools
import zlib

import numpy as np

from gan_jax.data import splits
from gan_jax.data.embedded.digits import read as digits
from gan_jax.data.embedded.digits import street
from gan_jax.data.examples import Examples, concatenate

NAMES = ("scenes_game", "scenes_real")
SIZES = digits.SIZES["digits_plain"]
GROUND = 10  # label of the ground; 0 to 9 are the digits
_BLOCK = 500  # images made together; bounds the memory


def read(name: str, split: str) -> Examples:
    """Rows of one domain: `image` uint8 [N, 32, 32, 3] and `label` int32 [N, 32, 32] of 0 to 10.

    Row k of a split is the same drawing in both domains. For unpaired images, take rows that do not overlap.

    Args:
      name: one of NAMES.
      split: tfds' slicing syntax over train, validation and test; SIZES has their sizes.

    Raises:
      DataError: the split does not exist.
    """
    chosen = splits.parse(split, SIZES, name)
    return concatenate([Examples(_make(name, part).gather(rows)) for part, rows in chosen])


@functools.cache
def _make(name: str, split: str) -> Examples:
    drawings = digits.read("digits_plain", split).columns
    strokes = drawings["image"]
    maps = np.where(strokes[..., 0] > 127, drawings["label"][:, None, None], GROUND).astype(np.int32)
    if name == "scenes_game":
        return Examples({"image": np.repeat(strokes, 3, -1), "label": maps})
    rng = np.random.default_rng([digits.SEED, zlib.crc32(f"{name}/{split}".encode())])
    blocks = [strokes[first : first + _BLOCK] / 255 for first in range(0, len(strokes), _BLOCK)]
    photos = np.concatenate([street.photograph(rng, block) for block in blocks])
    return Examples({"image": photos, "label": maps})
