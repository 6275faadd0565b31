"""Data that accompany images: tables of attributes, and features exported by a network."""

import csv
import dataclasses
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gan_jax.errors import DataError, nearest
from gan_jax.files import reading

# Names of the first column, in any case. CSV copies of CelebA's list have `image_id`.
_FILE_COLUMNS = ("file", "filename", "file_name", "image", "image_id", "image_name", "path")
_YES = ("1", "1.0", "true", "t", "yes", "y")  # in any case
_NO = ("0", "0.0", "false", "f", "no", "n")
_MINUS = ("-1", "-1.0")
_MOST_CLASSES = 100_000  # as many as a classifier may have


@dataclasses.dataclass(frozen=True)
class Table:
    """One row for each file.

    Attributes:
      title: name of the table in messages.
      names: names of the columns; () for features and for classes.
      files: file names [R].
      values: int32 [R, K] or float32 [R, d].
    """

    title: str
    names: tuple[str, ...]
    files: Sequence[str]
    values: np.ndarray

    def rows_of(self, images: Sequence[str]) -> np.ndarray:
        """The row of each image [N], or -1 if it has none.

        A row names its image by the path from the folder, or by the file name alone.

        Raises:
          DataError: a name has two rows, or a row's file name fits several images.
        """
        row_of = {file: row for row, file in enumerate(self.files)}
        if len(row_of) != len(self.files):
            twice = next(file for row, file in enumerate(self.files) if row_of[file] != row)
            raise DataError(f"{self.title}: has two rows for {twice!r}")
        rows = np.array([row_of.get(image, -1) for image in images], np.int64)
        taken = {image: image for image in images if image in row_of}
        for place in np.flatnonzero(rows < 0).tolist():
            image = images[place]
            name = image.rpartition("/")[2]
            if name in row_of:
                if taken.setdefault(name, image) != image:
                    both = f"{taken[name]} and {image}"
                    raise DataError(f"{self.title}: row {name!r} fits {both}; name them by their paths")
                rows[place] = row_of[name]
        return rows


def parse_attributes(content: bytes, title: str) -> Table:
    """Reads `file,Name1,Name2,...` with values 0/1, -1/1, False/True or no/yes, or CelebA's own list.

    CelebA's list has the number of rows, then the names, then rows `000001.jpg -1 1 ...`.

    Args:
      content: content of the file, in UTF-8.
      title: name of the file in messages.

    Returns:
      A table with values int32 [R, K] in {0, 1}.

    Raises:
      DataError: a line is not as expected; the message names the line.
    """
    try:
        text = content.decode("utf-8-sig")
        lines = [line for line in text.splitlines() if line.strip()]
        count = int(lines[0]) if lines and lines[0].strip().isdecimal() else None
        rows = list(csv.reader(io.StringIO(text))) if count is None else [line.split() for line in lines[1:]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{title}: cannot be read; expected a table of attributes: {error}") from error
    rows = [[cell.strip() for cell in row] for row in rows if row]
    names = (rows[0] if count is not None else rows[0][1:]) if rows else []
    if not names or (count is None and rows[0][0].lower() not in _FILE_COLUMNS):
        expected = "file,Name1,Name2,... or the layout of list_attr_celeba.txt"
        raise DataError(f"{title}: begins with {_start(lines)}; expected {expected}")
    if len(set(names)) != len(names):
        raise DataError(f"{title}: names an attribute twice: {', '.join(names)}")
    if count is not None and count != len(rows) - 1:
        raise DataError(f"{title}: holds {len(rows) - 1} rows; expected {count}, as its first line says")
    return Table(title, tuple(names), [row[0] for row in rows[1:]], _bits(rows[1:], names, title))


def parse_labels(content: bytes, title: str) -> Table:
    """Reads a list of classes with lines such as `00000001.png 5`, as MNIST-M has it.

    Args:
      content: content of the file, in UTF-8. The class is the last word of a line.
      title: name of the file in messages.

    Returns:
      A table with values int32 [R, 1], 0 or more.

    Raises:
      DataError: the file has no line, or a line is not as expected; the message names the line.
    """
    try:
        lines = [line for line in content.decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise DataError(f"{title}: cannot be read; expected a list of classes: {error}") from error
    rows = [line.rsplit(maxsplit=1) for line in lines]
    for number, row in enumerate(rows, 1):
        if len(row) != 2 or not _is_class(row[1]):
            found = f"line {number} is {lines[number - 1][:60]!r}"
            raise DataError(f"{title}: {found}; expected a file name and a class of 0 to {_MOST_CLASSES - 1}")
    if not rows:
        raise DataError(f"{title}: begins with nothing; expected lines such as '00000001.png 5'")
    values = np.array([[int(row[1])] for row in rows], np.int32)
    return Table(title, (), [row[0].strip() for row in rows], values)


def choose(wanted: Sequence[str], known: Sequence[str], title: str) -> list[int]:
    """The places of the attributes `wanted` in the list `known`.

    Raises:
      DataError: a name is not known; the message suggests the nearest.
    """
    for name in wanted:
        if name not in known:
            raise DataError(f"attribute {name!r} of {title} {nearest(name, known)}")
    return [list(known).index(name) for name in wanted]


def read_features(path: Path) -> Table:
    """Features from a `.npy`, float [N, d], or a `.npz` with `features` and, optionally, `files`, names [N].

    Returns:
      A table with values float32 [N, d]. `files` is empty if the rows are in the order of the images.

    Raises:
      DataError: the layout differs, or values are not finite as float32.
    """
    expected = "features, float [N, d], and optionally files, names [N]"
    try:
        if reading.is_zip(path):
            with reading.Arrays(path) as archive:
                if "features" not in archive:
                    raise DataError(f"{path}: holds {', '.join(archive)}; expected {expected}")
                values, files = archive["features"], archive.get("files")
        else:
            values, files = reading.read_array(path), None
    except OSError as error:
        message = f"{path}: cannot be read; expected {expected}: {reading.reason(error)}"
        raise DataError(message) from error
    if values.ndim != 2 or values.dtype.kind != "f" or not values.size:
        raise DataError(f"{path}: features are {values.dtype} {list(values.shape)}; expected {expected}")
    if files is not None and (files.dtype.kind != "U" or files.shape != values.shape[:1]):
        found = f"files are {files.dtype} {list(files.shape)}"
        raise DataError(f"{path}: {found}; expected names, [{len(values)}]")
    with np.errstate(over="ignore"):
        values = values.astype(np.float32)
    wrong = np.flatnonzero(~np.isfinite(values).all(1))
    if len(wrong):
        raise DataError(f"{path}: {len(wrong)} rows of features are not finite, the first is row {wrong[0]}")
    return Table(str(path), (), [] if files is None else files.tolist(), values)


def _bits(rows: list[list[str]], names: Sequence[str], title: str) -> np.ndarray:
    """Values int32 [R, K]: 1 for yes, 0 for no or -1. A table has noes or minus ones, not both."""
    for number, row in enumerate(rows, 1):
        if len(row) != len(names) + 1:
            raise DataError(f"{title}: row {number} has {len(row)} fields; expected {len(names) + 1}")
    cells = np.array([row[1:] for row in rows]).reshape(len(rows), len(names))
    found = set(np.unique(cells).tolist())
    noes = any(value.lower() in _NO for value in found)
    allowed = (*_YES, *(_NO if noes else _MINUS))
    unknown = sorted(value for value in found if value.lower() not in allowed)
    if unknown:
        strange = unknown[0]
        row, column = np.argwhere(cells == strange)[0]
        where = f"row {row + 1}, {names[column]}"
        raise DataError(
            f"{title}: {where} is {strange!r}; expected 0 and 1, -1 and 1, False and True, or no and yes"
        )
    return np.isin(np.char.lower(cells), _YES).astype(np.int32)


def _is_class(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10 and int(text) < _MOST_CLASSES


def _start(lines: list[str]) -> str:
    return repr(lines[0][:60]) if lines else "nothing"
