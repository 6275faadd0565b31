"""Writes that follow no link, complete or not at all."""

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

_UNFINISHED = ".gan_jax-*.tmp"  # names of files and folders that are being written

_under_way: set[Path] = set()


def require_below(root: Path, path: Path) -> None:
    """Refuses a path that a link leads out of a folder.

    Raises:
      OSError: the real path of `path`, which need not exist, does not lie below the real path of `root`.
    """
    # `Path.resolve` raises another type of error for links in a circle.
    real, top = os.path.realpath(path), os.path.realpath(root)
    if not Path(real).is_relative_to(top):
        raise OSError(errno.ELOOP, f"a link in its path leads out of {root}, to {real}")


def open_own(path: Path, flags: int) -> int:
    """Opens a file that only this program writes, such as a lock; returns its descriptor.

    A link is not followed, so that no other file is changed through it.

    Args:
      path: of the file.
      flags: of `os.open`; with `os.O_CREAT` a missing file is made.

    Raises:
      OSError: the file is a link, not a regular file, or has a second name; or it cannot be opened.
    """
    # Without O_NONBLOCK, opening a FIFO would wait for another process.
    flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, f"{path.name} is a link") from error
        raise
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        os.close(descriptor)
        what = "has a second name (a hard link)" if stat.S_ISREG(found.st_mode) else "is not a regular file"
        raise OSError(errno.EINVAL, f"{path.name} {what}")
    return descriptor


def write(root: Path, name: str, content: bytes) -> None:
    """Writes a file below a folder, completely or not at all. A link in the file's place is replaced.

    Args:
      root: the folder. Nothing outside of it is changed.
      name: the file's path relative to the folder; missing folders are made.
      content: of the file.

    Raises:
      OSError: the disk is full, or a link in the path leads out of the folder.
    """
    path = root / name
    require_below(root, path.parent)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Nobody can put a link in the place of a name that cannot be guessed, and O_EXCL follows none.
    temporary = path.parent / _UNFINISHED.replace("*", os.urandom(8).hex())
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with _removed(temporary), open(os.open(temporary, flags, 0o666), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        temporary.replace(path)


@contextlib.contextmanager
def aside(path: Path) -> Iterator[Path]:
    """A new folder beside `path`, to be filled and renamed to `path`; it is removed if it is still there."""
    temporary = path.parent / _UNFINISHED.replace("*", os.urandom(8).hex())
    with _removed(temporary):
        temporary.mkdir()
        yield temporary


@contextlib.contextmanager
def _removed(temporary: Path) -> Iterator[None]:
    """Removes an unfinished file or folder at the end of a block, unless it was renamed meanwhile."""
    _under_way.add(temporary)
    try:
        yield
    finally:
        _remove(temporary)
        _under_way.discard(temporary)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def abandon() -> None:
    """Removes what this process is writing, before it ends without unwinding."""
    for temporary in list(_under_way):
        with contextlib.suppress(OSError):
            _remove(temporary)


def remove_leftovers(folder: Path) -> None:
    """Removes from a folder, but not from its sub-folders, what a killed process was writing."""
    if not folder.is_symlink():
        for path in folder.glob(_UNFINISHED):
            _remove(path)
