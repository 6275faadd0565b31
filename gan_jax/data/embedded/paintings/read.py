"""The embedded sets `paintings` and `photographs`, 128x128 in colour.

`paintings` are painted by code. Row k is in manner k modulo the number of manners, which is its label. Every
painting has its own random stream, from (seed, split, row), so a slice paints its own rows only.
`photographs` are crops of scikit-learn's two photographs, `china.jpg` and `flower.jpg`. The crops of
validation and test come from the lower two fifths of the photographs, which training never sees.
"""

import functools
import zlib

import numpy as np
from PIL import Image

from gan_jax.data import splits
from gan_jax.data.embedded.paintings import manners
from gan_jax.data.embedded.paintings.canvas import SIZE
from gan_jax.data.examples import Examples, concatenate

NAMES = ("paintings", "photographs")
SIZES = {"train": 940, "validation": 94, "test": 94}
CLASSES = {"paintings": len(manners.MANNERS), "photographs": 2}
SEED = 20170320
_SHARE = 0.6  # part of a photograph's height for training


def read(name: str, split: str) -> Examples:
    """Rows of one set: `image` uint8 [N, 128, 128, 3], and `label` int32 [N].

    The label of a painting is its manner's number in `manners.MANNERS`, that of a photograph 0 (china) or 1
    (flower).

    Args:
      name: one of NAMES.
      split: tfds' slicing syntax over train, validation and test; SIZES has their sizes.

    Raises:
      DataError: the split does not exist.
    """
    parts = [Examples({"image": np.empty((0, SIZE, SIZE, 3), np.uint8), "label": np.empty(0, np.int32)})]
    for part, rows in splits.parse(split, SIZES, name):
        numbers = range(rows.start, rows.stop)
        paints = name == "paintings"
        made = [_painting(part, row) if paints else _photograph(part, row) for row in numbers]
        if made:
            images, labels = zip(*made, strict=True)
            parts.append(Examples({"image": np.stack(images), "label": np.array(labels, np.int32)}))
    return concatenate(parts)


def _stream(name: str, split: str, row: int) -> np.random.Generator:
    return np.random.default_rng([SEED, zlib.crc32(f"{name}/{split}".encode()), row])


@functools.lru_cache(maxsize=2 * sum(SIZES.values()))
def _painting(split: str, row: int) -> tuple[np.ndarray, int]:
    manner = row % len(manners.MANNERS)
    return manners.paint(_stream("paintings", split, row), manner), manner


def _photograph(split: str, row: int) -> tuple[np.ndarray, int]:
    rng, label = _stream("photographs", split, row), row % 2
    whole = _whole()[label]
    height, width = whole.shape[:2]
    border = round(_SHARE * height)
    first, last = (0, border) if split == "train" else (border, height)
    side = int(rng.integers(SIZE, last - first + 1))
    top, left = int(rng.integers(first, last - side + 1)), int(rng.integers(width - side + 1))
    crop = Image.fromarray(whole[top : top + side, left : left + side])
    pixels = np.asarray(crop.resize((SIZE, SIZE), Image.Resampling.LANCZOS))
    return (pixels[:, ::-1] if rng.random() < 0.5 else pixels), label


@functools.cache
def _whole() -> list[np.ndarray]:
    from sklearn.datasets import load_sample_images

    return [np.asarray(photograph) for photograph in load_sample_images().images]
