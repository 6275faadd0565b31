"""Colours of classes: label maps as pictures, with the colour map of PASCAL VOC."""

import numpy as np


def colours() -> np.ndarray:
    """The colour of each label 0 to 255, uint8 [256, 3]. No two are equal; 0 is black, 255 is cream.

    Bits 0 to 2 of the label are the top bits of red, green and blue, bits 3 to 5 the next ones, and so on.
    """
    labels = np.arange(256)[:, None]
    table = np.zeros((256, 3), np.uint8)
    for k in range(3):
        table |= ((labels >> (3 * k + np.arange(3)) & 1) << (7 - k)).astype(np.uint8)
    return table


def paint(maps: np.ndarray) -> np.ndarray:
    """Colours label maps [N, H, W] of 0 to 255: uint8 [N, H, W, 3]."""
    return colours()[maps]
