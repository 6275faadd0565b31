"""Reads with limits, of files that may be damaged or made to do harm."""

import errno
import gzip
import lzma
import math
import os
import re
import stat
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

# The errors of numpy, gzip, zipfile and similar readers on damaged files. Each of them has raised most of
# these: a changed byte of an array's header is a syntax error, one of a zip's directory an unknown version.
DAMAGE = (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, MemoryError,
          RuntimeError, SyntaxError, struct.error, tokenize.TokenError, lzma.LZMAError, zipfile.BadZipFile,
          zlib.error)  # fmt: skip

_SPECIAL = "not a regular file"
_CHUNK = 2**16  # bytes of a zip's member that are unpacked at a time
_ALWAYS, _TIMES, _MOST = 2**30, 200, 2**33  # see `unpacked_limit`


def reason(error: BaseException) -> str:
    """What an error of a reader says, on one line."""
    text = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    return re.sub(r"\s+", " ", text)[:400] or type(error).__name__


def unpacked_limit(packed: int) -> int:
    """The most bytes that a compressed file of `packed` bytes may unpack to.

    It is 1 GiB, or 200 times `packed` if that is more, but never more than 8 GiB. A small file that unpacks
    to gigabytes would otherwise exhaust the memory.
    """
    return min(max(_ALWAYS, _TIMES * packed), _MOST)


def open_regular(path: Path) -> Any:
    """Opens a regular file for reading. FIFOs and devices are refused, since reading them may never end.

    Raises:
      OSError: the file cannot be opened, or is not a regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        folder = stat.S_ISDIR(mode)
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR)) if folder else OSError(errno.EINVAL, _SPECIAL)
    return open(descriptor, "rb")


def read(path: Path, limit: int) -> bytes:
    """The content of a regular file of at most `limit` bytes.

    Raises:
      OSError: as for `open_regular`, or the file is larger.
    """
    with open_regular(path) as file:
        _require(os.fstat(file.fileno()).st_size, limit)
        return file.read(limit)


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    """The content of one member of a zip, of at most `limit` bytes. Several threads may call it at once.

    Raises:
      OSError: the member is larger, damaged, encrypted or unusually compressed.
    """
    _require(member.file_size, limit)
    # The directory may tell a size that is too small, so the member is not unpacked in one piece. zipfile
    # limits what a piece of deflated bytes may unpack to, but not with other kinds of compression.
    deflated = member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    try:
        with archive.open(member) as file:
            return b"".join(iter(lambda: file.read(_CHUNK if deflated else _CHUNK // 16), b""))
    except DAMAGE as error:
        raise OSError(reason(error)) from error


def read_gzip(path: Path, size: int) -> bytes:
    """The first `size` bytes that a gzip file unpacks to, or all if there are fewer.

    Raises:
      OSError: the file is damaged, or `size` is more than it may unpack to.
    """
    try:
        with open_regular(path) as packed, gzip.GzipFile(fileobj=packed) as file:
            _require(size, unpacked_limit(os.fstat(packed.fileno()).st_size))
            return file.read(size)
    except DAMAGE as error:
        raise OSError(reason(error)) from error


class Arrays(Mapping[str, np.ndarray]):
    """The arrays of an `.npz`, each read when it is asked for; a context manager.

    Objects (pickles) are never read. All arrays that are read may have `unpacked_limit` bytes together.

    Raises:
      OSError: the file, or an array that is asked for, is damaged or too large.
    """

    def __init__(self, path: Path):
        """Reads the directory of the file."""
        self._file = open_regular(path)
        try:
            self._left = unpacked_limit(os.fstat(self._file.fileno()).st_size)
            self._zip = zipfile.ZipFile(self._file)
            self._members = {info.filename.removesuffix(".npy"): info for info in self._zip.infolist()}
        except DAMAGE as error:
            self._file.close()
            raise OSError(reason(error)) from error

    def __enter__(self) -> "Arrays":
        return self

    def __exit__(self, *_) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __getitem__(self, name: str) -> np.ndarray:
        member = self._members[name]
        try:
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"{name} is neither stored nor deflated")
            with self._zip.open(member) as file:
                values = _array(file, member.file_size, self._left)
        except DAMAGE as error:
            raise OSError(reason(error)) from error
        self._left -= values.nbytes
        return values


def is_zip(path: Path) -> bool:
    """Whether a file begins as a zip does, such as an `.npz`."""
    with open_regular(path) as file:
        return file.read(2) == b"PK"


def read_array(path: Path) -> np.ndarray:
    """The array of an `.npy`. Objects (pickles) are never read.

    Raises:
      OSError: the file is damaged or larger than 8 GiB.
    """
    with open_regular(path) as file:
        try:
            return _array(file, os.fstat(file.fileno()).st_size, _MOST)
        except DAMAGE as error:
            raise OSError(reason(error)) from error


def _array(file: Any, size: int, limit: int) -> np.ndarray:
    """The array of an opened `.npy` of `size` bytes, whose header must agree with that size."""
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    version = np.lib.format.read_magic(file)
    if version not in readers:
        raise ValueError(f"version {version} of .npy is not known")
    shape, _, dtype = readers[version](file)
    declared = math.prod(shape) * dtype.itemsize
    if not dtype.hasobject:  # numpy itself refuses objects
        _require(declared, limit)
        if declared + file.tell() != size:
            raise ValueError(f"holds {size - file.tell()} bytes; expected {declared} for {list(shape)}")
    file.seek(0)
    return np.lib.format.read_array(file, allow_pickle=False)


def _require(size: int, limit: int) -> None:
    if size > limit:
        raise OSError(errno.EFBIG, f"it has {size} bytes; allowed: {limit}")
