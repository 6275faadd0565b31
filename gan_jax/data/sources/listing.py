"""Image files of a folder or zip by name. No zip is unpacked, so names in a zip never become paths."""

import hashlib
import os
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from gan_jax.data.sources import names as listed
from gan_jax.data.sources.arrays import absolute, locate, shortened
from gan_jax.errors import DataError
from gan_jax.files import reading

ATTRIBUTES = "attributes.csv"  # file name of a folder's attributes

# Images are recognised by name, so that a slice can be taken before any file is opened.
_SUFFIXES = (".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
_NAMED = 3  # most files named in a message
_IMAGE_BYTES = 2**28  # the largest image file
_TABLE_BYTES = 2**27  # the largest table; one of CelebA's size has 2**25


def find(path: str, manual_dir: str = "") -> tuple[Path, str] | None:
    """The folder, zip or image that a path names, and the folder inside the zip ('' for the whole zip).

    An image stands for a folder with this image alone; so does the path of an image inside a zip. The result
    is None if the path names another kind of file or nothing.

    Raises:
      DataError: the path is relative and no folder is given, or the system refuses the path.
    """
    full = absolute(path, manual_dir)
    try:
        if full.is_dir() or (full.is_file() and full.name.lower().endswith(_SUFFIXES)):
            return full, ""
        for part in (full, *full.parents):
            if part.suffix.lower() == ".zip" and part.is_file():
                inner = full.relative_to(part).as_posix()
                return part, "" if inner == "." else inner
    except OSError as error:  # such as a folder that may not be entered, or a name that is too long
        raise DataError(f"{shortened(full)}: cannot be read: {reading.reason(error)}") from error
    return None


class Folder:
    """The image files below a folder, with nested ones, or one image file; a context manager.

    Hidden files (a name that begins with '.') and `__MACOSX` are left out. Links are followed, but not back
    to a folder above. A folder or zip that has not changed is listed once, however many roles read it.

    Attributes:
      title: name of the folder in messages.
      images: names relative to the folder, with '/', in lexicographic order.
      others: names of the files whose suffix is not an image's.
    """

    def __init__(self, path: Path, inner: str = ""):
        """Lists the folder or image `path`, or the folder or image `inner` of the zip `path`.

        Raises:
          DataError: the folder or zip cannot be read, has no folder `inner`, or has no image file.
        """
        self.title = f"{path}/{inner}" if inner else str(path)
        self._path, self._inner = path, inner
        self._zip: zipfile.ZipFile | None = None
        try:
            if path.is_dir():
                visible = listed.below(path)
            elif path.name.lower().endswith(_SUFFIXES):
                self._path, visible = path.parent, [path.name]
            else:
                self._zip, whole = listed.inside(path)
                visible = self._below(whole, inner)
        except reading.DAMAGE as error:
            self.close()
            message = f"{path}: cannot be read; expected a folder or a zip: {reading.reason(error)}"
            raise DataError(message) from error
        self.images = tuple(name for name in visible if name.lower().endswith(_SUFFIXES))
        known = {*self.images, ATTRIBUTES}
        self.others = tuple(name for name in visible if name not in known)
        if not self.images:
            self.close()
            found = f"{len(self.others)} other files" if self.others else "nothing"
            raise DataError(f"{self.title}: holds no image file, but {found}; known: {', '.join(_SUFFIXES)}")

    def __enter__(self) -> "Folder":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the zip, which other folders may still read."""
        self._zip = None

    def read(self, name: str) -> bytes:
        """The content of one file. Several threads may call this method at once.

        Raises:
          OSError: the file cannot be read, or is larger than any image.
        """
        if self._zip is None:
            return image(self._path / name)
        return reading.read_member(self._zip, self._zip.getinfo(self._inside(name)), _IMAGE_BYTES)

    def stamp(self, names: Sequence[str]) -> tuple[dict[str, str], frozenset[str]]:
        """What changes if files do, as JSON, and the names of links that lead nowhere.

        Files are known by their names, sizes and times of change; files in a zip by the checksums that the
        zip has of them.
        """
        place, lacking = os.path.abspath(self._path), set()
        digest = hashlib.sha256()
        for name in names:
            if self._zip is not None:
                info = self._zip.getinfo(self._inside(name))
                facts = f"{info.file_size} {info.CRC}"
            else:
                try:
                    found = os.stat(f"{place}/{name}")
                    facts = f"{found.st_size} {found.st_mtime_ns}"
                except OSError as error:
                    facts = reading.reason(error)
                    lacking.add(name)
            digest.update(f"{name}\0{facts}\0".encode(errors="surrogateescape"))
        where = self._inside("") if self._zip is not None else ""
        return {"folder": f"{place}/{where}", "files": digest.hexdigest()}, frozenset(lacking)

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
                        info = self._zip.getinfo(member)
                        return reading.read_member(self._zip, info, _TABLE_BYTES), title
                    except OSError as error:
                        raise DataError(f"{title}: cannot be read: {reading.reason(error)}") from error
        inside = [self._path / ATTRIBUTES] if self._zip is None else []
        for path in (*inside, self._path.parent / ATTRIBUTES):
            if os.path.lexists(path):
                return content(path), str(path)
        return None

    def _inside(self, name: str) -> str:
        return f"{self._inner}/{name}" if self._inner else name

    def _below(self, names: list[str], inner: str) -> list[str]:
        """The names of a zip that lie in its folder `inner`, relative to it, or the image `inner` alone."""
        if not inner:
            return names
        if inner in names:
            self._inner, _, name = inner.rpartition("/")
            return [name]
        start = f"{inner}/"
        found = [name.removeprefix(start) for name in names if name.startswith(start)]
        if not found:
            folders = sorted({name.rpartition("/")[0] for name in names} - {""})
            there = ", ".join(folders[:20]) or "none"
            raise DataError(f"{self._path}: has no folder {inner!r}; folders there: {there}")
        return found


def image(path: Path) -> bytes:
    """The whole content of an image file, of 256 MiB at most.

    Raises:
      OSError: the file cannot be read, is larger, or is not a regular file.
    """
    return reading.read(path, _IMAGE_BYTES)


def content(path: Path) -> bytes:
    """The whole content of a table, of 128 MiB at most.

    Raises:
      DataError: the file cannot be read, or is larger.
    """
    try:
        return reading.read(path, _TABLE_BYTES)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {reading.reason(error)}") from error


def text(path: str, manual_dir: str = "") -> tuple[bytes, str]:
    """The content and the full path of a table that a configuration names, also inside a zip.

    Raises:
      DataError: the path is relative and no folder is given, or the file is missing, damaged or too large.
    """
    found = find(path, manual_dir)
    if found is None or not found[1]:
        full = locate(path, manual_dir)
        return content(full), str(full)
    archive, member = found
    title = f"{archive}/{member}"
    try:
        opened, known = listed.inside(archive)
        if member not in known:
            raise DataError(f"{archive}: has no file {member!r}; files there: {some(known)}")
        return reading.read_member(opened, opened.getinfo(member), _TABLE_BYTES), title
    except reading.DAMAGE as error:
        raise DataError(f"{title}: cannot be read: {reading.reason(error)}") from error


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
