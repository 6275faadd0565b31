"""Image files of a folder or zip by name. No zip is unpacked, so names in a zip never become paths."""

import os
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from gan_jax.data.sources.arrays import absolute
from gan_jax.errors import DataError

ATTRIBUTES = "attributes.csv"  # file name of a folder's attributes

# Images are recognised by name, so that a slice can be taken before any file is opened.
_SUFFIXES = (".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
_NAMED = 3  # most files named in a message
_MAX_BYTES = 2**28  # limit of one file's size
# The errors of zipfile on damaged, encrypted and unusually compressed members.
_DAMAGE = (OSError, EOFError, ValueError, LookupError, RuntimeError, NotImplementedError, zipfile.BadZipFile,
           zlib.error)  # fmt: skip


def find(path: str, manual_dir: str = "") -> tuple[Path, str] | None:
    """The folder or zip that a path names, and the folder inside the zip ('' for the whole zip).

    The result is None if the path names another kind of file or nothing.

    Raises:
      DataError: the path is relative and no folder is given.
    """
    full = absolute(path, manual_dir)
    if full.is_dir():
        return full, ""
    for part in (full, *full.parents):
        if part.suffix.lower() == ".zip" and part.is_file():
            inner = full.relative_to(part).as_posix()
            return part, "" if inner == "." else inner
    return None


class Folder:
    """The image files below a folder, with nested ones; a context manager.

    Hidden files (a name that begins with '.') and `__MACOSX` are left out. Links are followed, but not
    back to a folder above.

    Attributes:
      title: name of the folder in messages.
      images: names relative to the folder, with '/', in lexicographic order.
      others: names of the files whose suffix is not an image's.
    """

    def __init__(self, path: Path, inner: str = ""):
        """Lists the folder `path`, or the folder `inner` of the zip `path`.

        Raises:
          DataError: the folder or zip cannot be read, has no folder `inner`, or has no image file.
        """
        self.title = f"{path}/{inner}" if inner else str(path)
        self._path, self._inner = path, inner
        self._zip: zipfile.ZipFile | None = None
        try:
            if path.is_dir():
                names = list(_walk(path))
            else:
                self._zip = zipfile.ZipFile(path)
                names = self._members(inner)
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise DataError(f"{path}: cannot be read; expected a folder or a zip: {error}") from error
        visible = sorted(name for name in names if not _hidden(name))
        self.images = tuple(name for name in visible if name.lower().endswith(_SUFFIXES))
        self.others = tuple(sorted({*visible} - {*self.images, ATTRIBUTES}))
        if not self.images:
            self.close()
            found = f"{len(self.others)} other files" if self.others else "nothing"
            raise DataError(f"{self.title}: holds no image file, but {found}; known: {', '.join(_SUFFIXES)}")

    def __enter__(self) -> "Folder":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Closes the zip."""
        if self._zip is not None:
            self._zip.close()

    def read(self, name: str) -> bytes:
        """The content of one file. Several threads may call this method at once.

        Raises:
          OSError: the file cannot be read, or is larger than any image.
        """
        try:
            if self._zip is None:
                path = self._path / name
                size = path.stat().st_size
            else:
                member = self._zip.getinfo(self._inside(name))
                size = member.file_size
            if size > _MAX_BYTES:
                raise OSError(f"{size} bytes; allowed: {_MAX_BYTES}")
            return path.read_bytes() if self._zip is None else self._zip.read(member)
        except _DAMAGE as error:
            raise OSError(f"{name}: {error}") from error

    def attributes(self) -> tuple[bytes, str] | None:
        """Content and title of `attributes.csv` inside the folder, or else beside the folder or zip.

        Raises:
          DataError: the file exists but cannot be read.
        """
        if self._zip is not None:
            known = set(self._zip.namelist())
            beside = str(PurePosixPath(self._inner).with_name(ATTRIBUTES)) if self._inner else ""
            for member in (self._inside(ATTRIBUTES), beside):
                if member in known:
                    title = f"{self._path}/{member}"
                    try:
                        return self._zip.read(member), title
                    except _DAMAGE as error:
                        raise DataError(f"{title}: cannot be read: {error}") from error
        inside = [self._path / ATTRIBUTES] if self._zip is None else []
        for path in (*inside, self._path.parent / ATTRIBUTES):
            if path.is_file():
                return content(path), str(path)
        return None

    def _inside(self, name: str) -> str:
        return f"{self._inner}/{name}" if self._inner else name

    def _members(self, inner: str) -> list[str]:
        assert self._zip is not None
        files = [info.filename for info in self._zip.infolist() if not info.is_dir()]
        start = f"{inner}/" if inner else ""
        names = [name.removeprefix(start) for name in files if name.startswith(start)]
        if inner and not names:
            self._zip.close()
            folders = sorted({name.rpartition("/")[0] for name in files if not _hidden(name)} - {""})
            there = ", ".join(folders[:20]) or "none"
            raise DataError(f"{self._path}: has no folder {inner!r}; folders there: {there}")
        return list(dict.fromkeys(names))


def content(path: Path) -> bytes:
    """The whole content of a file.

    Raises:
      DataError: the file cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def shown(name: str) -> str:
    """A file's name on one line of a log, with '?' for unprintable characters."""
    return re.sub(r"[^ -~\u00a1-\ud7ff\ue000-\uffff]", "?", name)


def some(names: Sequence[str]) -> str:
    """The first few of many names, on one line."""
    return ", ".join([*map(shown, names[:_NAMED]), *(["..."] if len(names) > _NAMED else [])])


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Names of classes in the order of their numbers: by value if all are whole numbers, else by letters."""
    found = sorted(names)
    return tuple(sorted(found, key=int)) if all(map(_is_number, found)) else tuple(found)


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdecimal()


def counted(reasons: Mapping[str, str]) -> str:
    """Files left out (name -> reason), by reason: `2 not an image (a.md, b.md), 1 unreadable (c.png)`."""
    names: dict[str, list[str]] = defaultdict(list)
    for name, reason in reasons.items():
        names[reason].append(name)
    return ", ".join(f"{len(found)} {reason} ({some(found)})" for reason, found in names.items())


def _walk(path: Path) -> Iterator[str]:
    """Names of the files below a folder. Links to folders are followed, but not back to a folder above.

    A link that leads back counts as a file, which is no image, so that messages name it.
    """

    def refuse(error: OSError) -> None:
        raise error

    above = {str(path): {_identity(path)}}
    for folder, below, files in os.walk(path, onerror=refuse, followlinks=True):
        for name in list(below):
            inner = os.path.join(folder, name)
            identity = _identity(inner)
            if identity in above[folder]:
                files.append(name)
            if identity in above[folder] or _hidden(name):
                below.remove(name)
            else:
                above[inner] = {*above[folder], identity}
        for name in files:
            yield (Path(folder) / name).relative_to(path).as_posix()


def _identity(path: Path | str) -> tuple[int, int]:
    """What distinguishes a folder from all others, by whatever links it is reached."""
    found = os.stat(path)
    return found.st_dev, found.st_ino


def _hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))
