"""The images to use a run on: a folder, a zip, a folder inside a zip, or one file."""

import contextlib
import dataclasses
import logging
from collections.abc import Callable
from pathlib import Path

from gan_jax import paths
from gan_jax.data.sources import decoding, listing
from gan_jax.errors import ConfigError
from gan_jax.files import reading

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Source:
    """Image files by name.

    Attributes:
      title: name of the source in messages.
      names: names relative to the folder, with '/', in lexicographic order.
      read: the content of a file by its name; an OSError means that the file cannot be read.
      paths: the files that are read: the images, or the zip of which they are members.
      folder: the folder of the images, if a folder was given.
      flag: the flag that named the source.
    """

    title: str
    names: tuple[str, ...]
    read: Callable[[str], bytes]
    paths: tuple[Path, ...] = ()
    folder: Path | None = None
    flag: str = "input"

    @classmethod
    def open(cls, given: str, stack: contextlib.ExitStack, flag: str = "input") -> "Source":
        """The source that a flag names; `stack` closes it.

        Raises:
          ConfigError: there is no such file or folder.
          DataError: a folder or zip cannot be read, or has no image.
        """
        path = paths.given(flag, given).absolute()
        place = listing.find(str(path))
        if place is not None:
            folder = stack.enter_context(listing.Folder(*place))
            if folder.others:
                _log.info("%d other files of %s are ignored", len(folder.others), folder.title)
            own = path if path.is_dir() else None
            files = tuple(path / name for name in folder.images) if own else (place[0],)
            return cls(folder.title, folder.images, folder.read, files, own, flag)
        try:
            there = path.is_file()
        except OSError as error:
            raise ConfigError(f"{flag}={given!r} cannot be read: {reading.reason(error)}") from error
        if not there:
            raise ConfigError(f"{flag}={given!r} does not exist; allowed: a folder, a zip, or an image")
        return cls(str(path), (path.name,), lambda name: listing.image(path), (path,), flag=flag)

    def content(self, name: str) -> bytes:
        """The whole content of a file.

        Raises:
          Skipped: the file cannot be read.
        """
        return decoding.read_content(self.read, name)
