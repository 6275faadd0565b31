"""A page of images and their translations, with thumbnails in separate files."""

import dataclasses
import io
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import numpy as np
from PIL import Image

from gan_jax import __version__
from gan_jax.drawing import pages
from gan_jax.inference import targets

PAGE = "index.html"

_FILES = "index_files"  # the name that browsers use for the files of a saved page
_SIDE = 256  # most pixels of a thumbnail's longer side


@dataclasses.dataclass(frozen=True)
class Thumbnail:
    """A small picture: its file relative to the page, and its size in pixels."""

    name: str
    width: int
    height: int

    @property
    def url(self) -> str:
        """The thumbnail's address relative to the page."""
        return address(self.name)

    @property
    def coarse(self) -> bool:
        """Whether the thumbnail is so small that the page should show its single pixels."""
        return max(self.width, self.height) <= _SIDE // 4


@dataclasses.dataclass(frozen=True)
class Pair:
    """One image and its translation.

    Attributes:
      source: name of the image.
      target: file of the translation, relative to the page.
      before: thumbnail of the image.
      after: thumbnail of the translation.
    """

    source: str
    target: str
    before: Thumbnail
    after: Thumbnail

    @property
    def url(self) -> str:
        """The translation's address relative to the page."""
        return address(self.target)


def files(target: str) -> tuple[str, str]:
    """The files of a target's two thumbnails, relative to the page: before, after."""
    stem = str(PurePosixPath(target).with_suffix(""))
    before, after = (targets.fitted(stem, ending) for ending in (".before.webp", ".after.webp"))
    return f"{_FILES}/{before}", f"{_FILES}/{after}"


def thumbnail(pixels: np.ndarray, name: str) -> tuple[Thumbnail, bytes]:
    """The thumbnail of an image uint8 [H, W, 1 or 3], 256 pixels a side at most, and its bytes as WebP.

    `name` is the thumbnail's file, relative to the page. Smaller images keep their pixels exactly.
    """
    small = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    whole = max(small.size) <= _SIDE
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", lossless=whole, quality=80, method=0 if whole else 4)
    return Thumbnail(name, *small.size), buffer.getvalue()


def page(title: str, facts: Mapping[str, object], pairs: Sequence[Pair], skipped: Mapping[str, str]) -> bytes:
    """The page. It needs only the files in its own folder, no network and no script.

    Thumbnails are separate files, so that a browser reads only those on the screen. A page of 5 000 pairs
    then opens at once; with all pictures inside, it would have a hundred megabytes.

    Args:
      title: heading of the page.
      facts: how the images were made; empty strings are left out.
      pairs: the pairs in the order in which they are shown.
      skipped: name -> reason, for images that could not be used.
    """
    facts = {name: value for name, value in facts.items() if value != ""}
    values = {"title": title, "facts": facts, "pairs": pairs, "skipped": skipped, "version": __version__}
    return pages.render("comparison.html", ["gan_jax.inference", "gan_jax.report"], values)


def address(name: str) -> str:
    """A relative path, quoted as part of an address; it may have any characters."""
    return urllib.parse.quote(name, errors="surrogateescape")
