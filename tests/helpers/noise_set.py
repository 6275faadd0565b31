"""A data set of noise in the place of an embedded one, which takes seconds to draw."""

_CODE = """
import numpy as np

SPLITS = ("validation",)


def read(split):
    image = np.random.default_rng(0).integers(0, 256, (96, {side}, {side}, {channels}), np.uint8)
    return {{"image": image, "label": np.arange(96) % 10}}
"""


def write(path, side, channels):
    """Writes the module of 96 images, and returns its path, which a configuration takes as the set's name."""
    path.write_text(_CODE.format(side=side, channels=channels))
    return str(path)
