"""What a source of images offers to a store, and where the store takes it."""

import dataclasses
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from gan_jax.files import writing


@dataclasses.dataclass(frozen=True)
class Pixels:
    """The file of a store's images while they are written, from one process or from several.

    Attributes:
      path: of a `.npy` of its full size, whose rows are zeros where nothing is written yet.
      shape: [N, H, W, C] of the images.
      offset: bytes before the first image.
    """

    path: Path
    shape: tuple[int, ...]
    offset: int

    @property
    def row_bytes(self) -> int:
        """Bytes of one image."""
        return int(np.prod(self.shape[1:]))

    def write(self, first: int, images: np.ndarray) -> np.ndarray:
        """Writes images uint8 [n, H, W, C] from row `first` on; returns `zlib.crc32` of each, uint32 [n].

        Raises:
          OSError: the disk is full or fails.
        """
        content = np.ascontiguousarray(images)
        left, place = memoryview(content.reshape(-1)), self.offset + first * self.row_bytes
        # Not through a map, where a full disk would end the process.
        with open(writing.open_own(self.path, os.O_RDWR), "r+b", buffering=0) as file:
            while left:
                done = os.pwrite(file.fileno(), left, place)
                left, place = left[done:], place + done
        return np.array([zlib.crc32(image) for image in content], np.uint32)


@dataclasses.dataclass(frozen=True)
class Part:
    """Rows of a store whose images are written.

    Attributes:
      rows: their places.
      checksums: `zlib.crc32` of each image, uint32 [n].
      shares: float [n, 2], the shares of width and height that each shows of its crop.
      skipped: place -> why this row has no image, and is zeros.
      columns: what the source tells of each row beside the pixels, [n, ...] by name.
    """

    rows: range
    checksums: np.ndarray
    shares: np.ndarray
    skipped: Mapping[int, str] = dataclasses.field(default_factory=dict)
    columns: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)


class Filler(Protocol):
    """A source of images, as a store asks for them."""

    title: str  # what the images are, for people

    def __len__(self) -> int:
        """The number of rows."""
        ...

    def facts(self) -> Mapping[str, Any]:
        """All that decides the pixels and columns, as JSON. Equal facts mean an equal store."""
        ...

    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the images."""
        ...

    def name(self, row: int) -> str:
        """What a row is called in a list of those without an image."""
        ...

    def fill(self, pixels: Pixels, parts: Sequence[range]) -> Iterator[Part]:
        """Writes the rows of each part, and yields the part once they are written, in any order.

        Raises:
          DataError: the source cannot be read any more.
          OSError: the store cannot be written.
        """
        ...
