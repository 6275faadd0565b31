"""Writes that follow no link, complete or not at all."""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

_UNFINISHED = ".gan_jax-*.tmp"  # names of files that are being written


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
    temporary = path.parent / _UNFINISHED.replace("*", secrets.token_hex(8))
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with contextlib.ExitStack() as unless_renamed:
        descriptor = os.open(temporary, flags, 0o666)
        unless_renamed.callback(temporary.unlink, missing_ok=True)
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        unless_renamed.pop_all()


def leftovers(folder: Path) -> Iterator[Path]:
    """The files in a folder, but not in its sub-folders, that a killed process was writing."""
    if not folder.is_symlink():
        yield from folder.glob(_UNFINISHED)
