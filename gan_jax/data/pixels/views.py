"""What happens to an image at each draw: a random crop, a mirror, and derived images such as edges."""

import dataclasses
import zlib

import numpy as np

from gan_jax.data.pixels.framing import require_choice

DERIVED = ("", "edges", "grey")
CHANNELS = (0, 1, 3)

_LINE = 160  # least |gx| + |gy| of a pixel on a line
_BLOCK = 64  # images in one part, since each value takes four bytes


@dataclasses.dataclass(frozen=True)
class View:
    """Images uint8 [N, H, W, C] -> [N, size, width, C'].

    Attributes:
      size: height of the crop, at most H. With draws the crop's place is random; without draws it is the
        middle.
      flip: whether draws mirror an image with probability one half; without draws no image is mirrored.
      derive: '', 'edges' or 'grey', see `derived`.
      channels: 0, 1 or 3, see `derived`.
      width: width of the crop, at most W; 0 is `size`.
    """

    size: int
    flip: bool = False
    derive: str = ""
    channels: int = 0
    width: int = 0

    def __post_init__(self):
        """Checks `derive` and `channels`."""
        for name, choices in {"derive": DERIVED, "channels": CHANNELS}.items():
            require_choice(name, getattr(self, name), choices)

    def varies(self, size: int) -> bool:
        """Whether an image of `size` rows may differ from draw to draw."""
        return self.flip or size > self.size

    def apply(self, images: np.ndarray, draws: np.ndarray | None = None) -> np.ndarray:
        """One view of the images; `draws` uint64 [N, 4] come from `draw`."""
        return derived(self.window(images, draws), self.derive, self.channels)

    def window(self, pixels: np.ndarray, draws: np.ndarray | None = None) -> np.ndarray:
        """Crops and mirrors only, for pixels [N, H, W, ...] of any type, such as label maps."""
        tall, wide = self.size, self.width or self.size
        room = [pixels.shape[1] - tall, pixels.shape[2] - wide]
        if draws is None:
            top, left = room[0] // 2, room[1] // 2
            return pixels[:, top : top + tall, left : left + wide]
        tops, lefts = (draws[:, :2] % (np.array(room, np.uint64) + np.uint64(1))).astype(np.int64).T
        cropped = np.empty((len(pixels), tall, wide, *pixels.shape[3:]), pixels.dtype)
        for row, (image, top, left) in enumerate(zip(pixels, tops, lefts, strict=True)):
            part = image[top : top + tall, left : left + wide]
            cropped[row] = part[:, ::-1] if self.flip and draws[row, 2] >> np.uint64(63) else part
        return cropped


def draw(seed: int, name: str, first: int, count: int) -> np.ndarray:
    """Random bits uint64 [count, 4] for positions `first` to `first` + `count`.

    The bits of a position are a pure function of (seed, name, position).
    """
    keys = np.random.SeedSequence([seed, zlib.crc32(b"views"), zlib.crc32(name.encode())])
    # Philox gives four words for each value of its counter, so `advance` counts in positions.
    return np.random.Philox(keys).advance(first).random_raw(4 * count).reshape(count, 4)


def derived(images: np.ndarray, what: str, channels: int) -> np.ndarray:
    """Images derived from images uint8 [N, H, W, 1 or 3].

    Args:
      images: the images, already cropped and mirrored.
      what: 'edges', dark lines on white, see `edges`; 'grey', see `luma`; '' for the images themselves.
      channels: 1 converts colours to luma, 3 replicates one channel, 0 leaves the channels as they are; edges
        and grey have one.
    """
    if what == "edges":
        images = edges(images)
    elif what == "grey" or channels == 1:
        images = luma(images)
    return np.repeat(images, 3, -1) if channels == 3 and images.shape[-1] == 1 else images


def luma(images: np.ndarray) -> np.ndarray:
    """Grey uint8 [..., 1] of colours uint8 [..., 3]: (77 R + 150 G + 29 B + 128) >> 8.

    Grey images are returned as they are.
    """
    if images.shape[-1] == 1:
        return images
    weights = np.array([77, 150, 29], np.uint16)  # their sum is 256, so 16 bits hold it
    return (((images * weights).sum(-1, keepdims=True, dtype=np.uint16) + 128) >> 8).astype(np.uint8)


def edges(images: np.ndarray) -> np.ndarray:
    """Lines of 0 on a ground of 255, uint8 [N, H, W, 1], of images uint8 [N, H, W, 1 or 3].

    All arithmetic is on integers. The luma is smoothed by the binomial [1 2 1] in both directions. A pixel is
    a line if |gx| + |gy| of Sobel's 3x3 operators is 160 or more. Borders are replicated. The edges of a
    mirrored image are the mirrored edges.
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
    """The weighted sum of each pixel of [N, H, W] and its two neighbours along an axis."""
    padded = np.pad(images, [(1, 1) if place == axis else (0, 0) for place in range(3)], mode="edge")
    length = images.shape[axis]
    shifted = (np.take(padded, np.arange(offset, offset + length), axis) for offset in range(3))
    return sum((w * part for w, part in zip(weights, shifted, strict=True)), np.zeros_like(images))
