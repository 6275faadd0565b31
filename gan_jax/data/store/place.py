"""Where stores are, and which of them holds the images of a source."""

import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.data.store import making
from gan_jax.data.store.filling import Filler
from gan_jax.data.store.stored import File, Stored
from gan_jax.errors import DataError
from gan_jax.files import reading


@dataclasses.dataclass(frozen=True)
class Store:
    """A folder of decoded images, which several runs share.

    Attributes:
      root: the folder. Each set of images has a folder below it.
      above: a set is stored if its images take more bytes than these; a smaller one stays in memory.
      poll: called while images are decoded; it may raise to interrupt.
    """

    root: Path | str
    above: int = 2**30
    poll: Callable[[], Any] = lambda: None

    def takes(self, size: int) -> bool:
        """Whether images of so many bytes are stored."""
        return size > self.above

    def rows(self, filler: Filler) -> "Rows":
        """All rows of a source, from its store, which is made where it is missing.

        Raises:
          DataError: the store cannot be made, or is damaged; see `making.make`.
        """
        folder = Path(self.root).absolute() / key(filler)
        if not folder.is_dir():
            making.make(folder, filler, self.poll)
        found = opened(folder)
        used(folder)
        return found


@dataclasses.dataclass(frozen=True)
class Rows:
    """The rows of a store.

    Attributes:
      images: uint8 [N, H, W, C]. Rows that are skipped are zeros.
      shares: float [N, 2], the shares of width and height that each image shows of its crop.
      skipped: row -> why it has no image.
      columns: what the source told of each row beside the pixels, [N, ...] by name.
    """

    images: Stored
    shares: np.ndarray
    skipped: Mapping[int, str]
    columns: Mapping[str, np.ndarray]


def key(filler: Filler) -> str:
    """The name of the folder of a source's store. It tells whatever decides the pixels."""
    text = json.dumps({"format": making.FORMAT, **filler.facts()}, sort_keys=True)
    word = re.sub(r"\W+", "_", Path(filler.title).name)[-40:].strip("_") or "images"
    return f"{word}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def opened(folder: Path) -> Rows:
    """The rows of a finished store, after a look at its files' headers and sizes.

    Raises:
      DataError: a file is missing or damaged.
    """
    try:
        known = making.read_rows(folder)
        images = Stored([File(folder / making.IMAGES, known.checksums)])
    except (OSError, LookupError, ValueError) as error:
        raise damaged(folder, reading.reason(error)) from error
    return Rows(images, known.shares, known.skipped, known.columns)


def damaged(folder: Path, reason: str) -> DataError:
    """The error for a store that cannot be used as it is."""
    command = f"python -m gan_jax.main --mode=store --store={folder.parent}"
    return DataError(
        f"store {folder} is damaged: {reason}; `{command} --verify={folder.name}` reads all of it, and "
        f"--remove={folder.name} removes it, so that the next run makes it again"
    )


def used(folder: Path) -> None:
    """Notes that a store is used now, where this process may write there."""
    if os.access(folder / making.LISTING, os.W_OK):
        os.utime(folder / making.LISTING)
