"""Array files by path: `.npz`, SVHN's `.mat` and MNIST's idx pairs."""

import math
import os
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gan_jax import paths
from gan_jax.data import splits
from gan_jax.data.examples import MAX_BYTES, Examples, concatenate
from gan_jax.data.sources import matlab
from gan_jax.errors import DataError
from gan_jax.files import reading

_WAYS = "set config.data.manual_dir or GAN_JAX_DATA; configs/dtn_digits.py needs no file"


def read(files: Mapping[str, str], split: str, manual_dir: str = "") -> Examples:
    """The rows of `split` from `files` (split -> path).

    Args:
      files: paths of three kinds of files. `.npz` has `image` uint8 [N, H, W, C] or [N, H, W] and,
        optionally, `label` [N], or label maps [N, H, W] of 0 to 255. An `.npz` of Keras' layout holds several
        splits: it has `x_train` and `y_train` in place of `image` and `label` for the split `train`. `.mat`
        in SVHN's layout has `X` uint8 [H, W, C, N] and `y` [N, 1], where 10 means the digit 0. MNIST's idx
        images, `.gz` or plain, have `...labels-idx1...` beside `...images-idx3...`.
      split: tfds' slicing syntax over the names in `files`.
      manual_dir: folder where relative paths start; '' is the folder that GAN_JAX_DATA names.

    A compressed file may unpack to 1 GiB, or to 200 times its size, but to 8 GiB at most.

    Raises:
      DataError: a file is missing, damaged, too large or of another layout; the message names the file, the
        expected and the found content.
    """
    known = splits.names(split) <= set(files)
    wanted = splits.names(split) if known else set(files)
    parts = {
        name: _read_file(locate(path, manual_dir), name) for name, path in files.items() if name in wanted
    }
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
      DataError: the path is relative and no folder is given, or there is no such regular file.
    """
    full = absolute(path, manual_dir)
    try:
        there = full.is_file()
        special = full.exists() and not (there or full.is_dir())
    except OSError as error:
        raise DataError(f"{shortened(full)}: cannot be read: {reading.reason(error)}") from error
    if special:
        raise DataError(f"{full}: cannot be read: not a regular file")
    if not there:
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


def shortened(path: Path) -> str:
    """A path in a message, without its middle if it is very long."""
    text = str(path)
    return text if len(text) <= 300 else f"{text[:140]} ... {text[-140:]}"


def missing(path: Path) -> DataError:
    """The error for a path without a file."""
    return DataError(f"there is no file {path}: {_WAYS}")


def splits_of(path: Path) -> tuple[str, ...]:
    """The names of the splits in a file of arrays: those of an `.npz` of Keras' layout, or `train` alone.

    Raises:
      DataError: the file is damaged.
    """
    if path.suffix != ".npz":
        return ("train",)
    try:
        with reading.Arrays(path) as archive:
            found = tuple(name.removeprefix("x_") for name in archive if name.startswith("x_"))
            return found if "image" not in archive and "train" in found else ("train",)
    except OSError as error:
        raise _damaged(path, "an .npz archive of plain arrays", error) from error


def _read_file(path: Path, split: str) -> Examples:
    if path.suffix == ".npz":
        return _read_npz(path, split)
    if path.suffix == ".mat":
        return _read_mat(path)
    if "images-idx3" in path.name:
        return _read_idx_pair(path)
    raise DataError(f"{path}: unknown kind; expected .npz, .mat, ...images-idx3-ubyte[.gz], .zip or a folder")


def _read_npz(path: Path, split: str) -> Examples:
    try:
        with reading.Arrays(path) as archive:
            pairs = (("image", "label"), (f"x_{split}", f"y_{split}"))
            image, label = next((names for names in pairs if names[0] in archive), ("", ""))
            if not image:
                expected = " or ".join(f"{names[0]} and, optionally, {names[1]}" for names in pairs)
                raise DataError(f"{path}: holds {', '.join(archive)}; expected {expected}")
            columns = archive[image], archive.get(label)
    except OSError as error:
        raise _damaged(path, "an .npz archive of plain arrays", error) from error
    return checked(path, *columns)


def _read_mat(path: Path) -> Examples:
    try:
        image, label = matlab.read(path)
    except OSError as error:
        raise _damaged(path, f"a MATLAB 5 file in {matlab.LAYOUT}", error) from error
    return checked(path, image, label[:, 0] % 10)


def _read_idx_pair(path: Path) -> Examples:
    labels = path.with_name(path.name.replace("images-idx3", "labels-idx1"))
    if not labels.is_file():
        raise DataError(f"{path}: its labels are missing; expected them in {labels}")
    return checked(path, _read_idx(path, 3), _read_idx(labels, 1))


def _read_idx(path: Path, dimensions: int) -> np.ndarray:
    header, expected = 4 * (dimensions + 1), 0x800 + dimensions  # 8: unsigned bytes
    try:
        magic, *shape = struct.unpack(f">{dimensions + 1}I", _first_bytes(path, header))
        if magic != expected:
            raise DataError(f"{path}: begins with {magic:#x}; expected {expected:#x}, idx of bytes")
        content = _first_bytes(path, header + math.prod(shape) + 1)
    except (OSError, struct.error) as error:
        raise _damaged(path, "an idx file", error) from error
    found = len(content) - header
    if found != math.prod(shape):
        more = " or more" if found > math.prod(shape) else ""
        raise DataError(f"{path}: holds {found} bytes{more}; expected {math.prod(shape)} for {shape}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _first_bytes(path: Path, size: int) -> bytes:
    return reading.read_gzip(path, size) if path.suffix == ".gz" else reading.read(path, MAX_BYTES)[:size]


def checked(path: Path | str, image: np.ndarray, label: np.ndarray | None) -> Examples:
    """Images as uint8 [N, H, W, 1 or 3] and labels as int32 [N] or [N, H, W].

    Raises:
      DataError: they have another shape or type; the message begins with `path`.
    """
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
    return DataError(f"{path}: cannot be read; expected {expected}: {reading.reason(error)}")
