"""Translations of paired images without a network; a learned translation should come nearer to the target.

All images are uint8. At most a mean over the training images is learned.
"""

import numpy as np


def mean_image(targets: np.ndarray, count: int) -> np.ndarray:
    """The mean of training targets [N, H, W, C], repeated `count` times: uint8 [count, H, W, C]."""
    return _repeated(_rounded(targets.mean(0, dtype=np.float64)), count)


def mean_colour(targets: np.ndarray, count: int) -> np.ndarray:
    """Flat images of the mean colour of training targets [N, H, W, C]: uint8 [count, H, W, C]."""
    colour = _rounded(targets.mean((0, 1, 2), dtype=np.float64))
    return _repeated(np.broadcast_to(colour, targets.shape[1:]), count)


def grey_copied(source: np.ndarray, channels: int = 3) -> np.ndarray:
    """Copies grey images [N, H, W, 1] to every channel: uint8 [N, H, W, channels]."""
    return np.repeat(source, channels, axis=-1)


def mean_chroma(source: np.ndarray, greys: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Grey images plus the training set's mean difference between colour and grey.

    Args:
      source: grey images to colour, [N, H, W, 1].
      greys: grey training images, [M, H, W, 1].
      targets: the same training images in colour, [M, H, W, C].

    Returns:
      uint8 [N, H, W, C].
    """
    chroma = targets.mean((0, 1, 2), dtype=np.float64) - greys.mean(dtype=np.float64)
    return _rounded(source + chroma)


def _rounded(values):
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _repeated(image, count):
    return np.broadcast_to(image, (count, *image.shape))
