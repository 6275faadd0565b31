"""What needs no network: translations of paired images that a learned one should be nearer than.

Images are uint8; what is learned, if anything, is a mean over training images.
"""

import numpy as np


def mean_image(targets: np.ndarray, count: int) -> np.ndarray:
    """The mean of training targets [N, H, W, C], `count` times: uint8 [count, H, W, C]."""
    return _repeated(_rounded(targets.mean(0, dtype=np.float64)), count)


def mean_colour(targets: np.ndarray, count: int) -> np.ndarray:
    """Flat images of the mean colour of training targets [N, H, W, C]: uint8 [count, H, W, C]."""
    colour = _rounded(targets.mean((0, 1, 2), dtype=np.float64))
    return _repeated(np.broadcast_to(colour, targets.shape[1:]), count)


def grey_copied(source: np.ndarray, channels: int = 3) -> np.ndarray:
    """Grey images [N, H, W, 1] in every channel: uint8 [N, H, W, channels]."""
    return np.repeat(source, channels, axis=-1)


def mean_chroma(source: np.ndarray, greys: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Grey images, each pixel with the mean distance of training targets' colours from their grey.

    Args:
      source: [N, H, W, 1], to be coloured.
      greys: [M, H, W, 1], training sources.
      targets: [M, H, W, C], their colours.

    Returns:
      uint8 [N, H, W, C].
    """
    chroma = targets.mean((0, 1, 2), dtype=np.float64) - greys.mean(dtype=np.float64)
    return _rounded(source + chroma)


def _rounded(values):
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _repeated(image, count):
    return np.broadcast_to(image, (count, *image.shape))
