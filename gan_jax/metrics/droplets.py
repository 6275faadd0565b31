"""Droplets: spots of a generator's maps that are far stronger than the rest (Karras et al. 2020, Sec. 2)."""

import numpy as np


def peaks(maps: np.ndarray) -> np.ndarray:
    """How far the strongest position of maps [n, H, W, C] stands out, [n]: 1 where all are equally strong.

    Each channel of each image is divided by its root mean square over positions. The strength of a position
    is the root mean square of the result over channels. The value is the largest strength divided by the
    median one. A channel that is zero everywhere counts nothing.

    StyleGAN's droplets are at the same position in all channels, so that they stay in the mean over channels.
    The paper shows them without a number; this measure is our own.
    """
    x = np.asarray(maps, np.float64)
    size = np.sqrt(np.square(x).mean((1, 2), keepdims=True))
    alive = size > 0
    x = np.divide(x, size, out=np.zeros_like(x), where=alive)
    count = np.maximum(alive.sum(-1), 1)
    strength = np.sqrt(np.square(x).sum(-1) / count).reshape(len(x), -1)
    largest, middle = strength.max(-1), np.median(strength, -1)
    # Where at most half of the positions have any strength, the spot stands out without limit.
    outside = np.where(largest > 0, np.inf, 1.0)
    return np.divide(largest, middle, out=outside, where=middle > 0)
