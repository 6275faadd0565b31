"""Colours of classes: label maps as pictures, by the colour map of PASCAL VOC."""

import numpy as np


def colours() -> np.ndarray:
    """The colour of each label 0 to 255, uint8 [256, 3], no two alike: black for 0, cream for 255.

    Bit k of a label's lowest, second and third bits in threes is bit 7 - k of red, green and blue.
    """
    labels = np.arange(256)[:, None]
    table = np.zeros((256, 3), np.uint8)
    for k in range(3):
        table |= ((labels >> (3 * k + np.arange(3)) & 1) << (7 - k)).astype(np.uint8)
    return table


def paint(maps: np.ndarray) -> np.ndarray:
    """Label maps [N, H, W] of 0 to 255 in their colours, uint8 [N, H, W, 3]."""
    return colours()[maps]
