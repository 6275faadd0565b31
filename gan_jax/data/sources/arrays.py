"""Array files by path: `.npz`, SVHN's `.mat` and MNIST's idx pairs."""

import gzip
import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gan_jax import paths
from gan_jax.data import splits
from gan_jax.data.examples import Examples, concatenate
from gan_jax.errors import DataError

# The errors of numpy, gzip, zipfile and struct on damaged files.
_DAMAGE = (OSError, EOFError, ValueError, LookupError, MemoryError, zipfile.BadZipFile, zlib.error,
           struct.error)  # fmt: skip
_WAYS = "set config.data.manual_dir or GAN_JAX_DATA; configs/dtn_digits.py needs no file"


def read(files: Mapping[str, str], split: str, manual_dir: str = "") -> Examples:
    """The rows of `split` from `files` (split -> path).

    Args:
      files: paths of three kinds of files. `.npz` has `image` uint8 [N, H, W, C] or [N, H, W] and,
        optionally, `label` [N], or label maps [N, H, W] of 0 to 255. `.mat` in SVHN's layout has `X` uint8
        [H, W, C, N] and `y` [N, 1], where 10 means the digit 0. MNIST's idx images, `.gz` or plain, have
        `...labels-idx1...` beside `...images-idx3...`.
      split: tfds' slicing syntax over the names in `files`.
      manual_dir: folder where relative paths start; '' is the folder that GAN_JAX_DATA names.

    Raises:
      DataError: a file is missing, damaged or of another layout; the message names the file, the expected and
        the found content.
    """
    known = splits.names(split) <= set(files)
    wanted = splits.names(split) if known else set(files)
    parts = {name: _read_file(locate(path, manual_dir)) for name, path in files.items() if name in wanted}
    sizes = {name: len(part) for name, part in parts.items()}
    chosen = splits.parse(split, sizes, f"files {', '.join(files.values())}")
    return concatenate([Examples(parts[name].gather(rows)) for name, rows in chosen])


def local_folder(manual_dir: str) -> Path | None:
    """The folder of files already on disk: `manual_dir`, or else the folder that GAN_JAX_DATA names."""
    folder = manual_dir or os.environ.get("GAN_JAX_DATA", "")
    return paths.given("manual_dir", folder) if folder else None


def locate(path: str, manual_dir: str = "") -> Path:
    """The existing file for a configuration's path.

    Raises:
      DataError: the path is relative and no folder is given, or there is no such file.
    """
    full = absolute(path, manual_dir)
    if not full.is_file():
        raise missing(full)
    return full


def absolute(path: str, manual_dir: str = "") -> Path:
    """The absolute path for a configuration's path; the file need not exist.

    Raises:
      ConfigError: see `paths.given`.
      DataError: the path is relative and no folder is given.
    """
    folder, given = local_folder(manual_dir), paths.given("file", path)
    if folder is None and not given.is_absolute():
        raise DataError(f"file {path!r} is relative and no folder is given: {_WAYS}")
    return given if folder is None else folder / given


def missing(path: Path) -> DataError:
    """The error for a path without a file."""
    return DataError(f"there is no file {path}: {_WAYS}")


def _read_file(path: Path) -> Examples:
    if path.suffix == ".npz":
        return _read_npz(path)
    if path.suffix == ".mat":
        return _read_mat(path)
    if "images-idx3" in path.name:
        return _read_idx_pair(path)
    raise DataError(f"{path}: unknown kind; expected .npz, .mat, ...images-idx3-ubyte[.gz], .zip or a folder")


def _read_npz(path: Path) -> Examples:
    try:
        with np.load(path, allow_pickle=False) as archive:
            if "image" not in archive:
                found = ", ".join(archive.files)
                raise DataError(f"{path}: holds {found}; expected image and, optionally, label")
            columns = {name: archive[name] for name in ("image", "label") if name in archive}
    except _DAMAGE as error:
        raise _damaged(path, "an .npz archive of plain arrays", error) from error
    return _checked(path, columns["image"], columns.get("label"))


def _read_mat(path: Path) -> Examples:
    import scipy.io
    from scipy.io.matlab import MatReadError

    expected = "SVHN's layout: X uint8 [H, W, C, N] and y integer [N, 1]"
    try:
        # The directory is checked first, before scipy reads an array of a damaged class.
        found = {name: (shape, kind) for name, shape, kind in scipy.io.whosmat(path)}
        (shape, kind), (labels, label_kind) = found.get("X", ((), "")), found.get("y", ((), ""))
        if kind != "uint8" or len(shape) != 4 or "int" not in label_kind or labels != (shape[3], 1):
            has = ", ".join(f"{name} {kind} {list(shape)}" for name, (shape, kind) in found.items())
            raise DataError(f"{path}: holds {has or 'nothing'}; expected {expected}")
        content = scipy.io.loadmat(path, variable_names=("X", "y"))
    # scipy raises the last two for a file of MATLAB 7.3 and for damaged type codes.
    except (*_DAMAGE, MatReadError, TypeError, NotImplementedError) as error:
        raise _damaged(path, f"a MATLAB 5 file in {expected}", error) from error
    image = np.ascontiguousarray(content["X"].transpose(3, 0, 1, 2))
    return _checked(path, image, content["y"][:, 0] % 10)


def _read_idx_pair(path: Path) -> Examples:
    labels = path.with_name(path.name.replace("images-idx3", "labels-idx1"))
    if not labels.is_file():
        raise DataError(f"{path}: its labels are missing; expected them in {labels}")
    return _checked(path, _read_idx(path, 3), _read_idx(labels, 1))


def _read_idx(path: Path, dimensions: int) -> np.ndarray:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as file:
            content = file.read()
        magic, *shape = struct.unpack_from(f">{dimensions + 1}I", content)
    except _DAMAGE as error:
        raise _damaged(path, "an idx file", error) from error
    expected = 0x800 + dimensions  # 8: unsigned bytes
    if magic != expected:
        raise DataError(f"{path}: begins with {magic:#x}; expected {expected:#x}, idx of bytes")
    found = len(content) - 4 * (dimensions + 1)
    if found != math.prod(shape):
        raise DataError(f"{path}: holds {found} bytes; expected {math.prod(shape)} for {shape}")
    return np.frombuffer(content, np.uint8, offset=4 * (dimensions + 1)).reshape(shape)


def _checked(path: Path, image: np.ndarray, label: np.ndarray | None) -> Examples:
    """Images as uint8 [N, H, W, 1 or 3] and labels as int32 [N] or [N, H, W]; others are refused."""
    found = f"{image.dtype} {list(image.shape)}"
    if image.ndim == 3:
        image = image[..., None]
    if image.dtype != np.uint8 or image.ndim != 4 or image.shape[-1] not in (1, 3) or not image.size:
        raise DataError(f"{path}: images are {found}; expected uint8 [N, H, W] or [N, H, W, 1 or 3]")
    if label is None:
        return Examples({"image": image})
    maps = label.ndim == 3
    shape = image.shape[:3] if maps else (len(image),)
    if (
        label.shape != shape
        or label.dtype.kind not in "iu"
        or label.min() < 0
        or (maps and label.max() > 255)
    ):
        found = f"{label.dtype} {list(label.shape)}"
        expected = f"integers {'0 to 255' if maps else '0 or more'}, {list(shape)}"
        raise DataError(f"{path}: labels are {found}; expected {expected}")
    return Examples({"image": image, "label": label.astype(np.int32)})


def _damaged(path: Path, expected: str, error: BaseException) -> DataError:
    reason = re.sub(r"\s+", " ", str(error)) or type(error).__name__
    return DataError(f"{path}: cannot be read; expected {expected}: {reason}")
