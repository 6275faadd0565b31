"""Images to put a run to use on: a folder, a zip, a folder inside a zip, or one file."""

import contextlib
import dataclasses
import logging
from collections.abc import Callable
from pathlib import Path

from gan_jax.data.sources import listing
from gan_jax.data.sources.decoding import Skipped
from gan_jax.errors import ConfigError

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Source:
    """Image files, by name.

    Attributes:
      title: what messages call all of them.
      names: relative to the folder, with '/', in lexicographic order.
      read: the content of one of them; an OSError says that it cannot be read.
      paths: of those that are files of their own, and not members of a zip.
      folder: where they lie, if that was given.
    """

    title: str
    names: tuple[str, ...]
    read: Callable[[str], bytes]
    paths: tuple[Path, ...] = ()
    folder: Path | None = None

    @classmethod
    def open(cls, given: str, stack: contextlib.ExitStack) -> "Source":
        """What `--input` names; `stack` closes it.

        Raises:
          ConfigError: nothing is there.
          DataError: a folder or zip cannot be read, or has no image.
        """
        path = Path(given).expanduser().absolute()
        place = listing.find(str(path))
        if place is not None:
            folder = stack.enter_context(listing.Folder(*place))
            if folder.others:
                _log.info("%d other files of %s are left alone", len(folder.others), folder.title)
            own = path if path.is_dir() else None
            paths = tuple(path / name for name in folder.images) if own else ()
            return cls(folder.title, folder.images, folder.read, paths, own)
        if not path.is_file():
            raise ConfigError(f"input={given!r} is not there; allowed: a folder, a zip, or an image")
        return cls(str(path), (path.name,), lambda name: path.read_bytes(), (path,))

    def content(self, name: str) -> bytes:
        """All of a file.

        Raises:
          Skipped: it cannot be read.
        """
        try:
            return self.read(name)
        except OSError as error:
            raise Skipped("unreadable") from error
