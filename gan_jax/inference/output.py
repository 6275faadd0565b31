"""Where images are written: one sheet, an array file, or a folder of pictures. The place is checked first."""

import dataclasses
import importlib.util
import io
import math
import os
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from gan_jax import paths
from gan_jax.drawing import sheets
from gan_jax.errors import ConfigError, WorkdirError
from gan_jax.files import writing
from gan_jax.runs.workdir import Workdir

_GAP = 2  # pixels between the images of a sheet
_KINDS = "a file ending in .png (one sheet) or .npz (arrays), or a new folder ending in / (one file an image)"
_MOVING = {".gif": "animation", ".mp4": "video"}


@dataclasses.dataclass(frozen=True)
class Output:
    """A place that can be written, and the kind of output.

    The kind is 'sheet', 'arrays', 'folder', or, for frames one after the other, 'animation' or 'video'.
    """

    path: Path
    kind: str

    def write(
        self,
        pictures: np.ndarray,
        *,
        columns: int,
        names: Sequence[str],
        arrays: Mapping[str, np.ndarray],
        titles: Sequence[str] = (),
    ) -> None:
        """Writes the output completely or not at all; an existing file is replaced.

        Args:
          pictures: uint8 [N, H, W, 1 or 3], for a sheet or a folder.
          columns: pictures in each row of a sheet.
          names: names of a folder's N files, without suffix.
          arrays: arrays for an array file.
          titles: of the rows of a sheet, or none.

        Raises:
          WorkdirError: the disk is full, or the place has changed since `check`.
        """
        if self.kind == "sheet" and titles:
            rows = [pictures[first : first + columns] for first in range(0, len(pictures), columns)]
            content = png(sheets.labelled([list(zip(titles, rows, strict=True))]))
            Workdir(self.path.parent).write(self.path.name, content)
        elif self.kind == "sheet":
            content = png(sheets.mosaic(pictures, columns, _GAP))
            Workdir(self.path.parent).write(self.path.name, content)
        elif self.kind == "arrays":
            buffer = io.BytesIO()
            np.savez(buffer, **arrays)  # type: ignore[arg-type]  # numpy's stub takes the names for flags
            Workdir(self.path.parent).write(self.path.name, buffer.getvalue())
        else:
            self._write_folder(pictures, names)

    def spare(self, inputs: Iterable[Path]) -> None:
        """Refuses a place that is one of the files that are read, which would be lost.

        Raises:
          ConfigError: naming the file.
        """
        if any(os.path.realpath(path) == os.path.realpath(self.path) for path in inputs):
            raise ConfigError(f"out={str(self.path)!r} is one of the files that are read; choose another")

    @property
    def moves(self) -> bool:
        """Whether the output shows frames one after the other."""
        return self.kind in _MOVING.values()

    def write_frames(self, frames: Sequence[np.ndarray], rate: int = 24) -> None:
        """Writes an animation or a video completely or not at all; an existing file is replaced.

        Args:
          frames: uint8 [H, W, 1 or 3] each.
          rate: frames in each second.

        Raises:
          WorkdirError: the disk is full, or the place has changed since `check`.
        """
        buffer = io.BytesIO()
        if self.kind == "animation":
            first, *others = (_image(frame) for frame in frames)
            first.save(buffer, "GIF", save_all=True, append_images=others, duration=1000 // rate, loop=0)
        else:
            import imageio.v3

            # The codec takes colours and even sides only.
            whole = np.stack([np.asarray(_image(frame).convert("RGB")) for frame in frames])
            whole = np.pad(whole, [(0, 0), *((0, side % 2) for side in whole.shape[1:3]), (0, 0)], "edge")
            buffer.write(imageio.v3.imwrite("<bytes>", whole, extension=".mp4", fps=rate, codec="libx264"))
        Workdir(self.path.parent).write(self.path.name, buffer.getvalue())

    def _write_folder(self, pictures, names):
        try:
            # The folder is written aside and renamed, so that it never exists half-written.
            with writing.aside(self.path) as made:
                for name, picture in zip(names, pictures, strict=True):
                    (made / f"{name}.png").write_bytes(png(picture))
                made.replace(self.path)  # replaces an empty folder only
        except OSError as error:
            raise WorkdirError(f"{self.path} could not be written: {error.strerror or error}") from error


def check(out: str, inputs: Collection[str] = (), moving: bool = False) -> Output:
    """The output that `--out` asks for, after a check that it can be written.

    Args:
      out: the value of `--out`.
      inputs: paths of files that are read, as the user gives them; '' is none.
      moving: whether .gif and .mp4 are allowed.

    Raises:
      ConfigError: the suffix is not known, the folder does not exist or cannot be written, a folder of
        pictures exists already and is not empty, or the file is one of `inputs`.
    """
    folder = out.endswith("/")
    path = paths.given("out", out)
    # A finished folder is renamed to its name, and no folder can replace a link.
    path = Path(os.path.realpath(path)) if folder else path.absolute()
    kinds = {".png": "sheet", ".npz": "arrays", **(_MOVING if moving else {})}
    if not folder and path.suffix not in kinds:
        more = ", or a file ending in .gif or .mp4 (frames)" if moving else ""
        raise ConfigError(f"out={out!r} is not allowed; allowed: {_KINDS}{more}")
    if path.suffix == ".mp4" and importlib.util.find_spec("imageio_ffmpeg") is None:
        raise ConfigError(f"out={out!r} needs imageio: pip install 'gan_jax[video]'")
    try:
        if folder and path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise ConfigError(f"out={out!r} exists already; allowed: {_KINDS}")
        if not folder and path.is_dir():
            raise ConfigError(f"out={out!r} is a folder; allowed: {_KINDS}")
    except OSError as error:
        raise ConfigError(f"out={out!r}: {path.parent} cannot be written: {error.strerror}") from error
    require_writable("out", out, path.parent)
    place = Output(path, "folder" if folder else kinds[path.suffix])
    place.spare(paths.given("latents", file) for file in inputs if file)
    return place


def require_writable(flag: str, value: str, folder: Path) -> None:
    """Refuses a folder that cannot be written, before the work whose result it is to take.

    Raises:
      ConfigError: naming the flag, its value and the folder.
    """
    try:
        # Permissions alone do not tell whether a folder can be written.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigError(f"{flag}={value!r}: {folder} cannot be written: {error.strerror}") from error


def png(pixels: np.ndarray) -> bytes:
    """One image, uint8 [H, W, 1 or 3], as PNG."""
    buffer = io.BytesIO()
    _image(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def _image(pixels):
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def square(count: int) -> int:
    """The number of columns that makes a sheet of `count` images about as wide as high."""
    return math.isqrt(count - 1) + 1


def numbered(count: int) -> list[str]:
    """Names 0000, 0001, ... of equal length, so that they sort in order."""
    width = max(4, len(str(count - 1)))
    return [f"{i:0{width}d}" for i in range(count)]
