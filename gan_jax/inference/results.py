"""The folder that a translation writes: its check, the pictures, the page and the report."""

import errno
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from gan_jax import paths
from gan_jax.data.sources import listing
from gan_jax.data.sources.decoding import Skipped
from gan_jax.errors import ConfigError, DataError, IncompleteError, WorkdirError
from gan_jax.files import reading
from gan_jax.inference import comparison, targets
from gan_jax.inference.output import png
from gan_jax.inference.sources import Source
from gan_jax.runs.workdir import Workdir

# Errors of writing that concern the place of one file, not the disk.
_OF_ONE_FILE = (errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES)

_log = logging.getLogger(__name__)


def folder(sources: Sequence[Source], names: Collection[str], output: str, overwrite: bool) -> Workdir:
    """The folder that `--output` names, after a check that no file in it would be lost.

    Args:
      sources: what is read; the folder must not lie in one of them.
      names: the pictures to write, relative to the folder.
      output: path of the folder.
      overwrite: whether other existing files are replaced.

    Raises:
      ConfigError: see `targets.check`, or the folder lies in a source.
    """
    for source in sources:
        if source.folder and paths.given("output", output).resolve().is_relative_to(source.folder.resolve()):
            where = f"output={output!r} lies in {source.flag}={str(source.folder)!r}"
            raise ConfigError(f"{where}; choose a folder outside of it")
    thumbnails = [file for name in names for file in comparison.files(name)]
    inputs = [path for source in sources for path in source.paths]
    return targets.check(output, [*names, *thumbnails, comparison.PAGE], inputs, overwrite)


class Results:
    """The pictures of a translation, one after another, and the page of all of them; a context manager.

    The page is written at the end of the block, also after an error, such as a full disk, as far as possible.
    """

    def __init__(self, folder: Workdir, title: str, facts: Mapping[str, object]):
        """Begins without pictures.

        Args:
          folder: the output folder, see `folder`.
          title: of the page.
          facts: what the page says above the pictures; `input` names the source.
        """
        self._folder, self._title, self._facts = folder, title, facts
        self._pairs: list[comparison.Pair] = []
        self._skipped: dict[str, str] = {}

    def __enter__(self) -> "Results":
        return self

    def __exit__(self, *_) -> None:
        if self._pairs:
            page = comparison.page(self._title, self._facts, self._pairs, self._skipped)
            self._folder.write(comparison.PAGE, page)

    def leave_out(self, name: str, reason: Skipped) -> None:
        """Notes why an image is left out."""
        self._skipped[name] = str(reason)
        _log.warning("%s: %s", listing.shown(name), reason)

    def add(self, name: str, before: np.ndarray, after: np.ndarray, target: str) -> None:
        """Writes one picture and both thumbnails, or leaves it out if its place cannot be used.

        Args:
          name: what the page calls the picture.
          before: uint8 [H, W, 1 or 3].
          after: uint8 [H', W', 1 or 3], the picture.
          target: the picture's file, relative to the folder.

        Raises:
          WorkdirError: no file can be written any more, such as on a full disk.
        """
        thumbnails = []
        try:
            self._folder.write(target, png(after))
            for pixels, file in zip((before, after), comparison.files(target), strict=True):
                thumbnail, content = comparison.thumbnail(pixels, file)
                self._folder.write(file, content)
                thumbnails.append(thumbnail)
        except WorkdirError as error:
            cause = error.__cause__
            if cause is None or getattr(cause, "errno", None) not in _OF_ONE_FILE:
                raise
            self.leave_out(name, Skipped(f"its output cannot be written: {reading.reason(cause)}"))
            return
        self._pairs.append(comparison.Pair(name, target, *thumbnails))

    def conclude(self) -> dict[str, Any]:
        """Values to print.

        Raises:
          DataError: there is no picture.
          IncompleteError: some images could not be used.
        """
        total, left_out = len(self._pairs) + len(self._skipped), listing.counted(self._skipped)
        if not self._pairs:
            raise DataError(f"{self._facts['input']}: none of {total} images can be used: {left_out}")
        page = self._folder.path / comparison.PAGE
        if self._skipped:
            message = f"{len(self._skipped)} of {total} images could not be used: {left_out}"
            raise IncompleteError(f"{message}; the others were translated, see {page}")
        return {"images": len(self._pairs), "comparison": page}
