"""The stores in a folder: what there is, whether it is intact, and its removal."""

import dataclasses
import json
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.data.store import making, place
from gan_jax.errors import ConfigError, DataError, nearest
from gan_jax.files import locking, reading


@dataclasses.dataclass(frozen=True)
class Kept:
    """One store.

    Attributes:
      name: of its folder.
      source: what the images are; '' if the listing cannot be read.
      images: number of rows; None for a store that is not finished.
      size: bytes that its files take on the disk.
      used: seconds since 1970 of its last use.
    """

    name: str
    source: str
    images: int | None
    size: int
    used: float


def stores(root: Path) -> list[Kept]:
    """The stores below a folder, the most recently used one last; none if there is no such folder.

    Raises:
      DataError: the folder cannot be read.
    """
    try:
        found = [_kept(folder) for folder in root.iterdir() if _is_store(folder)] if root.exists() else []
    except OSError as error:
        raise DataError(f"store={root} cannot be read: {reading.reason(error)}") from error
    return sorted(found, key=lambda kept: kept.used)


def _is_store(folder: Path) -> bool:
    return folder.is_dir() and (folder / making.IMAGES).is_file()


def _kept(folder: Path) -> Kept:
    # Blocks, since the file of an unfinished store has its full size from the start.
    size = sum(512 * path.stat().st_blocks for path in folder.rglob("*") if path.is_file())
    listing = folder / making.LISTING
    if not listing.is_file():
        return Kept(folder.name, "", None, size, folder.stat().st_mtime)
    try:
        content = json.loads(listing.read_bytes())
        return Kept(folder.name, content["source"], content["images"], size, listing.stat().st_mtime)
    except (ValueError, LookupError, TypeError):  # it is for people, and nothing else reads it
        return Kept(folder.name, "", None, size, listing.stat().st_mtime)


def _folder(root: Path, name: str, flag: str) -> Path:
    known = [kept.name for kept in stores(root)]
    if name not in known:
        raise ConfigError(f"{flag}={name!r}: this store of {root} {nearest(name, known)}")
    return root / name


def verify(root: Path, name: str, poll: Callable[[], Any] = lambda: None) -> int:
    """Reads a whole store and compares each image with its checksum; returns the number of images.

    `poll` is called between blocks; it may raise to interrupt.

    Raises:
      ConfigError: there is no such store.
      DataError: images are damaged; the message names their rows.
    """
    folder = _folder(root, name, "verify")
    images = place.opened(folder).images
    known, wrong, row = images.checksums, [], 0
    for block in images.blocks():
        poll()
        found = np.array([zlib.crc32(image) for image in block], np.uint32)
        wrong += (row + np.flatnonzero(found != known[row : row + len(block)])).tolist()
        row += len(block)
    if wrong:
        shown = ", ".join(map(str, wrong[:3])) + (", ..." if wrong[3:] else "")
        raise place.damaged(
            folder, f"{len(wrong)} of {len(images)} images are not what was stored, rows {shown}"
        )
    return len(images)


def remove(root: Path, name: str) -> int:
    """Removes a store, finished or not, and returns the bytes that it took. Runs that have it open go on.

    Raises:
      ConfigError: there is no such store.
      DataError: a process makes the store now, or the system refuses.
    """
    folder = _folder(root, name, "remove")
    size = _kept(folder).size
    lock = root / f"{name.removesuffix('.part')}.lock"

    def busy(process: str) -> None:
        raise DataError(f"store {folder} is being made by process {process}")

    try:
        with locking.held(lock, busy, lambda: None):
            # Renamed first, so that nobody opens a store of which a part is gone.
            going = folder.with_name(f"{folder.name}.removed")
            folder.rename(going)
            shutil.rmtree(going)
    except OSError as error:
        raise DataError(f"store {folder} cannot be removed: {reading.reason(error)}") from error
    return size
