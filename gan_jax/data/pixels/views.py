"""What becomes of an image each time it is drawn: a random crop, a mirror, and what is derived from it."""

import dataclasses
import zlib

import numpy as np

from gan_jax.data.pixels.framing import require_choice

DERIVED = ("", "edges", "grey")
CHANNELS = (0, 1, 3)

_LINE = 160  # of |gx| + |gy|, from which on a pixel is a line
_BLOCK = 64  # images at a time, where integers of four bytes are needed


@dataclasses.dataclass(frozen=True)
class View:
    """Images uint8 [N, S, S, C] -> [N, size, size, C'].

    Attributes:
      size: side of the crop, at most S; its place is random where that is smaller, and the middle
        where no draws are given.
      flip: whether an image is mirrored, by even chance; not where no draws are given.
      derive: '', 'edges' or 'grey': see `derived`.
      channels: 0, 1 or 3: likewise.
    """

    size: int
    flip: bool = False
    derive: str = ""
    channels: int = 0

    def __post_init__(self):
        """Checks what a role's fields say."""
        for name, choices in {"derive": DERIVED, "channels": CHANNELS}.items():
            require_choice(name, getattr(self, name), choices)

    def varies(self, size: int) -> bool:
        """Whether images of `size` pixels a side come out differently from draw to draw."""
        return self.flip or size > self.size

    def apply(self, images: np.ndarray, draws: np.ndarray | None = None) -> np.ndarray:
        """The images as they are seen once; `draws` uint64 [N, 4] are those of `draw`."""
        return derived(self.window(images, draws), self.derive, self.channels)

    def window(self, pixels: np.ndarray, draws: np.ndarray | None = None) -> np.ndarray:
        """The crops and mirrors alone, of pixels [N, S, S, ...] of any type, such as label maps."""
        room = pixels.shape[1] - self.size
        if draws is None:
            first = slice(room // 2, room // 2 + self.size)
            return pixels[:, first, first]
        tops, lefts = (draws[:, :2] % np.uint64(room + 1)).astype(np.int64).T
        cropped = np.empty((len(pixels), self.size, self.size, *pixels.shape[3:]), pixels.dtype)
        for row, (image, top, left) in enumerate(zip(pixels, tops, lefts, strict=True)):
            part = image[top : top + self.size, left : left + self.size]
            cropped[row] = part[:, ::-1] if self.flip and draws[row, 2] >> np.uint64(63) else part
        return cropped


def draw(seed: int, name: str, first: int, count: int) -> np.ndarray:
    """Random bits uint64 [count, 4] of positions first to first + count: a pure function of each position."""
    keys = np.random.SeedSequence([seed, zlib.crc32(b"views"), zlib.crc32(name.encode())])
    # Philox gives four words for each value of its counter.
    return np.random.Philox(keys).advance(first).random_raw(4 * count).reshape(count, 4)


def derived(images: np.ndarray, what: str, channels: int) -> np.ndarray:
    """What is made of images uint8 [N, H, W, 1 or 3].

    Args:
      images: as they are cropped and mirrored.
      what: 'edges', dark lines on white, see `edges`; 'grey', see `luma`; '' for the images themselves.
      channels: of what comes out; 1 takes colours' luma, 3 replicates one channel, 0 leaves them: one
        for edges and grey, else those of the images.
    """
    if what == "edges":
        images = edges(images)
    elif what == "grey" or channels == 1:
        images = luma(images)
    return np.repeat(images, 3, -1) if channels == 3 and images.shape[-1] == 1 else images


def luma(images: np.ndarray) -> np.ndarray:
    """Grey uint8 [..., 1] of colours uint8 [..., 3]: (77 R + 150 G + 29 B + 128) >> 8; grey stays."""
    if images.shape[-1] == 1:
        return images
    weights = np.array([77, 150, 29], np.uint16)  # their sum is 256, so 16 bits hold it
    return (((images * weights).sum(-1, keepdims=True, dtype=np.uint16) + 128) >> 8).astype(np.uint8)


def edges(images: np.ndarray) -> np.ndarray:
    """Lines 0 on ground 255, uint8 [N, H, W, 1], of images uint8 [N, H, W, 1 or 3], by integers alone.

    The luma is smoothed by the binomial [1 2 1] both ways; a pixel is a line where |gx| + |gy| of Sobel's
    3x3 operators is 160 or more; borders are replicated. The edges of a mirrored image are the mirrored
    edges.
    """
    lines = np.empty((*images.shape[:-1], 1), np.uint8)
    for first in range(0, len(images), _BLOCK):
        grey = luma(images[first : first + _BLOCK])[..., 0].astype(np.int32)
        smooth = (_weighted(_weighted(grey, 1, (1, 2, 1)), 2, (1, 2, 1)) + 8) >> 4
        across = _weighted(_weighted(smooth, 1, (1, 2, 1)), 2, (-1, 0, 1))
        down = _weighted(_weighted(smooth, 2, (1, 2, 1)), 1, (-1, 0, 1))
        lines[first : first + _BLOCK, ..., 0] = np.where(np.abs(across) + np.abs(down) >= _LINE, 0, 255)
    return lines


def _weighted(images: np.ndarray, axis: int, weights: tuple[int, int, int]) -> np.ndarray:
    """The sum of each pixel of [N, H, W] and its two neighbours along an axis."""
    padded = np.pad(images, [(1, 1) if place == axis else (0, 0) for place in range(3)], mode="edge")
    length = images.shape[axis]
    shifted = (np.take(padded, np.arange(offset, offset + length), axis) for offset in range(3))
    return sum((w * part for w, part in zip(weights, shifted, strict=True)), np.zeros_like(images))
