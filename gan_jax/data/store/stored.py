"""Images in files of a store: rows are read where they are indexed, so memory does not grow with a set."""

import itertools
import os
import struct
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.data.store import checksums
from gan_jax.errors import DataError
from gan_jax.files import reading

_BLOCK = 2**25  # bytes of images in a block
_PIECE = 2**20  # bytes that are read at a time


class File:
    """One `.npy` of images uint8 [N, H, W, C], opened.

    Rows are read at their places, not through a map. A map is faster where all of the file is in memory. But
    pages of a map count as memory of this process, the system maps far more than is read, and a file that is
    cut off meanwhile would end the process.

    Attributes:
      path: of the file.
      shape: [N, H, W, C].
      checksums: `zlib.crc32` of each image, uint32 [N].
    """

    def __init__(self, path: Path, checksums: np.ndarray):
        """Opens a file after a look at its header and size.

        Raises:
          OSError: the file cannot be opened, has another layout, or has another size than its header says.
        """
        self.path, self.checksums = path, checksums
        self._file = reading.open_regular(path)
        self.shape, self._offset = _header(self._file, len(checksums))

    def read(self, rows: np.ndarray) -> np.ndarray:
        """The images at `rows`, int [n]. Neighbours are read in one piece. Several threads may read at once.

        Raises:
          DataError: the disk fails, or the file has become shorter.
        """
        found = np.empty((len(rows), *self.shape[1:]), np.uint8)
        size, content = int(np.prod(self.shape[1:])), memoryview(found.reshape(-1))
        firsts = [*(np.flatnonzero(np.diff(rows, prepend=-2) != 1)), len(rows)]
        for first, last in itertools.pairwise(firsts):
            self._fill(content[first * size : last * size], self._offset + int(rows[first]) * size)
        return found

    def _fill(self, content: memoryview, place: int) -> None:
        while content:
            try:
                piece = os.pread(self._file.fileno(), min(len(content), _PIECE), place)
            except OSError as error:
                raise DataError(f"{self.path} cannot be read: {reading.reason(error)}") from error
            if not piece:
                raise DataError(f"{self.path} cannot be read: it ends at byte {place}")
            content[: len(piece)] = piece
            content, place = content[len(piece) :], place + len(piece)


def _header(file: Any, count: int) -> tuple[tuple[int, ...], int]:
    try:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError("is no .npy of version 1.0")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    except (ValueError, SyntaxError, struct.error, tokenize.TokenError) as error:
        raise OSError(f"its header is damaged: {reading.reason(error)}") from error
    if dtype != np.uint8 or fortran or len(shape) != 4 or shape[0] != count:
        raise OSError(f"holds {dtype} {list(shape)}; expected uint8 [{count}, H, W, C]")
    found, expected = os.fstat(file.fileno()).st_size, file.tell() + int(np.prod(shape))
    if found != expected:
        raise OSError(f"has {found} bytes; expected {expected}")
    return shape, file.tell()


class Stored:
    """Rows of images on disk: an array uint8 [N, H, W, C] to index, whose memory does not grow with N.

    Indexing reads and copies the images. `subset` and `joined` make another selection and read nothing.
    """

    ndim = 4

    def __init__(self, files: Sequence[File], rows: np.ndarray | None = None):
        """The images of several files one after the other, or those at `rows`, int64 [N], of all of them.

        Raises:
          ValueError: the files hold images of different shapes.
        """
        shapes = {one.shape[1:] for one in files}
        if len(shapes) != 1:
            raise ValueError(f"images have the shapes {sorted(shapes)}; expected one")
        self._files = tuple(files)
        self._ends = np.cumsum([one.shape[0] for one in files])
        self._rows = np.arange(self._ends[-1]) if rows is None else rows
        self.shape = (len(self._rows), *shapes.pop())

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def dtype(self) -> np.dtype:
        """The type of a value, uint8."""
        return np.dtype(np.uint8)

    @property
    def nbytes(self) -> int:
        """Bytes of all rows."""
        return int(np.prod(self.shape))

    def __getitem__(self, indices: Any) -> np.ndarray:
        """The images at an index, a slice, a mask or an array of indices of any shape."""
        rows = self._rows[indices]
        flat = np.atleast_1d(rows).ravel()
        numbers = np.searchsorted(self._ends, flat, "right")
        if len(self._files) == 1:
            found = self._files[0].read(flat)
        else:
            found = np.empty((len(flat), *self.shape[1:]), np.uint8)
            for number in np.unique(numbers):
                here = numbers == number
                one = self._files[number]
                found[here] = one.read(flat[here] - (self._ends[number] - one.shape[0]))
        return found.reshape(*rows.shape, *self.shape[1:])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """All images in memory, for code that needs an array."""
        del copy  # reading always copies
        return self[:] if dtype is None else self[:].astype(dtype)

    def subset(self, indices: Any) -> "Stored":
        """The rows at a slice, a mask or an index array."""
        return Stored(self._files, self._rows[indices])

    def blocks(self) -> Iterator[np.ndarray]:
        """All images in order, in parts of at most 32 MiB or of one image."""
        step = max(1, _BLOCK // max(1, int(np.prod(self.shape[1:]))))
        for first in range(0, len(self), step):
            yield self[first : first + step]

    @property
    def checksums(self) -> np.ndarray:
        """`zlib.crc32` of each row as the store holds it, uint32 [N]."""
        return np.concatenate([one.checksums for one in self._files])[self._rows]

    def crc32(self, start: int = 0) -> int:
        """`zlib.crc32` of all images in order, continued from `start`, without reading them."""
        return checksums.joined(self.checksums, int(np.prod(self.shape[1:])), start)


def joined(parts: Sequence[Stored]) -> Stored:
    """The rows of several selections one after the other.

    Raises:
      ValueError: they hold images of different shapes.
    """
    files = [one for part in parts for one in part._files]
    starts = np.cumsum([0, *(int(part._ends[-1]) for part in parts)])
    rows = np.concatenate([start + part._rows for start, part in zip(starts[:-1], parts, strict=True)])
    return Stored(files, rows)
