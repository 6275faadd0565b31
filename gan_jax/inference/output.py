"""Where images go: one sheet, an array file, or a folder of pictures; checked first, written whole."""

import dataclasses
import io
import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from gan_jax.drawing import sheets
from gan_jax.errors import ConfigError, WorkdirError
from gan_jax.runs.workdir import Workdir

_GAP = 2  # pixels between the images of a sheet
_KINDS = "a file ending in .png (one sheet) or .npz (arrays), or a new folder ending in / (a picture each)"


@dataclasses.dataclass(frozen=True)
class Output:
    """A place that can be written, and what is to be written there: 'sheet', 'arrays' or 'folder'."""

    path: Path
    kind: str

    def write(
        self,
        pictures: np.ndarray,
        *,
        columns: int,
        names: Sequence[str],
        arrays: Mapping[str, np.ndarray],
    ) -> None:
        """Writes it, whole or not at all; a file that is there already is replaced.

        Args:
          pictures: uint8 [N, H, W, 1 or 3], for a sheet or a folder.
          columns: pictures in a row of a sheet.
          names: of the N files of a folder, without an ending.
          arrays: for an array file.

        Raises:
          WorkdirError: the disk is full, or the place is no longer what it was.
        """
        if self.kind == "sheet":
            content = png(sheets.mosaic(pictures, columns, _GAP))
            Workdir(self.path.parent).write(self.path.name, content)
        elif self.kind == "arrays":
            buffer = io.BytesIO()
            np.savez(buffer, **arrays)  # type: ignore[arg-type]  # its stub takes the names for flags
            Workdir(self.path.parent).write(self.path.name, buffer.getvalue())
        else:
            self._write_folder(pictures, names)

    def _write_folder(self, pictures, names):
        try:
            with tempfile.TemporaryDirectory(dir=self.path.parent, prefix=f".{self.path.name}.") as aside:
                made = Path(aside, "made")
                made.mkdir()
                for name, picture in zip(names, pictures, strict=True):
                    (made / f"{name}.png").write_bytes(png(picture))
                made.replace(self.path)  # over an empty folder at most
        except OSError as error:
            raise WorkdirError(f"{self.path} could not be written: {error.strerror or error}") from error


def check(out: str) -> Output:
    """What `--out` asks for, found to be possible.

    Raises:
      ConfigError: another ending, no such folder, one that cannot be written, or a place that is taken.
    """
    path = Path(out).absolute()
    folder = out.endswith("/")
    if not folder and path.suffix not in (".png", ".npz"):
        raise ConfigError(f"out={out!r} is not allowed; allowed: {_KINDS}")
    if folder and path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ConfigError(f"out={out!r} is there already; allowed: {_KINDS}")
    if not folder and path.is_dir():
        raise ConfigError(f"out={out!r} is a folder; allowed: {_KINDS}")
    try:
        # Permissions do not tell of all that keeps a folder from being written.
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise ConfigError(f"out={out!r}: {path.parent} cannot be written: {error.strerror}") from error
    return Output(path, "folder" if folder else {".png": "sheet", ".npz": "arrays"}[path.suffix])


def png(pixels: np.ndarray) -> bytes:
    """One image, uint8 [H, W, 1 or 3], as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(buffer, "PNG")
    return buffer.getvalue()


def square(count: int) -> int:
    """Columns that make a sheet of `count` images about as wide as high."""
    return math.isqrt(count - 1) + 1


def numbered(count: int) -> list[str]:
    """Names 0000, 0001, ... of equal length, so that they sort."""
    width = max(4, len(str(count - 1)))
    return [f"{i:0{width}d}" for i in range(count)]
