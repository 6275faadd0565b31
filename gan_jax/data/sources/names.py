"""The names in a folder or zip, listed once for all roles that read it."""

import gc
import os
import stat
import time
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

_KEPT = 8  # folders and zips whose names are kept; 200 000 names take 25 MB
_UNSURE = 2 * 10**9  # nanoseconds; some file systems count a change's time in steps of two seconds


class _Names(NamedTuple):
    """Sorted names, the folders that they were read from with the times of their last change, and a time."""

    names: list[str]
    changed: dict[str, int]
    began: int


_folders: OrderedDict[str, _Names] = OrderedDict()
_zips: OrderedDict[str, tuple[Any, zipfile.ZipFile, list[str]]] = OrderedDict()


def below(path: Path) -> list[str]:
    """The files below a folder, sorted, relative to it, without hidden ones.

    Links to folders are followed, but not back to a folder above. A link that leads back counts as a file,
    which is no image, so that messages name it.

    Raises:
      OSError: a folder cannot be read.
    """
    known = _folders.pop(str(path), None)
    if known is None or not _unchanged(known):
        known = _walk(str(path))
    _keep(_folders, str(path), known)
    return known.names


def _unchanged(known: _Names) -> bool:
    """Whether no folder has changed since the names were read; a change at the same time cannot be seen."""
    try:
        now = {folder: os.stat(folder).st_mtime_ns for folder in known.changed}
    except OSError:
        return False
    return now == known.changed and max(now.values()) < known.began - _UNSURE


def _walk(top: str) -> _Names:
    # Paths are strings here, since pathlib takes most of the time for a large folder.
    names: list[str] = []
    changed: dict[str, int] = {}
    began = time.time_ns()
    waiting: list[tuple[str, str, frozenset[tuple[int, int]]]] = [(top, "", frozenset())]
    while waiting:
        folder, prefix, above = waiting.pop()
        found = os.stat(folder)
        identity = (found.st_dev, found.st_ino)
        if identity in above:
            names.append(prefix[:-1])
            continue
        changed[folder] = found.st_mtime_ns
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name == "__MACOSX":
                    continue
                if entry.is_dir():
                    waiting.append((entry.path, f"{prefix}{entry.name}/", above | {identity}))
                else:
                    names.append(prefix + entry.name)
    return _Names(sorted(names), changed, began)


def inside(path: Path) -> tuple[zipfile.ZipFile, list[str]]:
    """An opened zip, which several callers may read at once, and its files, sorted, without hidden ones.

    Nobody closes the zip, since others may still read it.

    Raises:
      OSError, or the errors of `zipfile` for damage: the zip cannot be read.
    """
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        raise OSError("not a regular file")
    identity = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    known = _zips.pop(str(path), None)
    fresh = time.time_ns() - found.st_mtime_ns < _UNSURE
    if known is None or known[0] != identity or fresh:
        archive = _opened(path)
        # Most zips have their names in order, which a set would lose.
        visible = dict.fromkeys(name for name in archive.namelist() if not _hidden(name))
        known = identity, archive, sorted(visible)
    _keep(_zips, str(path), known)
    return known[1:]


def _opened(path: Path) -> zipfile.ZipFile:
    """The zip, opened without the garbage collector, which takes a fifth of the time for 200 000 members."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return zipfile.ZipFile(path)
    finally:
        if collecting:
            gc.enable()


def _hidden(name: str) -> bool:
    """Whether a member of a zip is a folder, is hidden or is below a hidden folder."""
    if name.endswith("/"):
        return True
    slashed = f"/{name}"
    return "/." in slashed or ("/__MACOSX" in slashed and "__MACOSX" in name.split("/"))


def _keep(known: OrderedDict[str, Any], path: str, value: Any) -> None:
    known[path] = value
    while len(known) > _KEPT:
        known.popitem(last=False)
