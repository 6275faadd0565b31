"""Pictures to translate, and the files that a translation makes of them."""

import numpy as np
from PIL import Image

NOISE = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)


def pixels(path):
    return np.asarray(Image.open(path)).astype(int)


def close(found, expected):
    assert found.shape == expected.shape
    assert np.abs(found - expected.astype(int)).max() <= 1  # rounding of floats in [-1, 1]


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
