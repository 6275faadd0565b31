"""A page of images and what was made of them, with thumbnails in files beside it."""

import dataclasses
import io
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import numpy as np
from PIL import Image

from gan_jax import __version__
from gan_jax.drawing import pages

PAGE = "index.html"

_FILES = "index_files"  # as browsers call what belongs to a page
_SIDE = 256  # pixels of a thumbnail's longer side, at most


@dataclasses.dataclass(frozen=True)
class Thumbnail:
    """A small picture: its file relative to the page, and the pixels that it has."""

    name: str
    width: int
    height: int

    @property
    def url(self) -> str:
        """Its address relative to the page."""
        return address(self.name)

    @property
    def coarse(self) -> bool:
        """Whether it is so small that its pixels are to be seen."""
        return max(self.width, self.height) <= _SIDE // 4


@dataclasses.dataclass(frozen=True)
class Pair:
    """One image: `source`, its name; `target`, the file of what was made of it; and their thumbnails."""

    source: str
    target: str
    before: Thumbnail
    after: Thumbnail

    @property
    def url(self) -> str:
        """The address of what was made, relative to the page."""
        return address(self.target)


def files(target: str) -> tuple[str, str]:
    """The files of the thumbnails beside a target, relative to the page: before, after."""
    stem = PurePosixPath(target).with_suffix("")
    return f"{_FILES}/{stem}.before.webp", f"{_FILES}/{stem}.after.webp"


def thumbnail(pixels: np.ndarray, name: str) -> tuple[Thumbnail, bytes]:
    """An image uint8 [H, W, 1 or 3] at 256 pixels a side at most, as WebP, and its bytes.

    `name` is its file, relative to the page. Images that are smaller keep their pixels exactly.
    """
    small = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    whole = max(small.size) <= _SIDE
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", lossless=whole, quality=80, method=0 if whole else 4)
    return Thumbnail(name, *small.size), buffer.getvalue()


def page(title: str, facts: Mapping[str, object], pairs: Sequence[Pair], skipped: Mapping[str, str]) -> bytes:
    """The page: it needs the folder that it lies in, and no network and no script.

    Thumbnails are files and not part of the page: a browser then reads those on the screen alone, and a page
    of 5 000 pairs opens at once, where one with all of them inside would be a hundred megabytes.

    Args:
      title: its heading.
      facts: how the images were made; those that are '' are left out.
      pairs: in the order in which they are shown.
      skipped: the reasons of images that could not be used, by name.
    """
    facts = {name: value for name, value in facts.items() if value != ""}
    values = {"title": title, "facts": facts, "pairs": pairs, "skipped": skipped, "version": __version__}
    return pages.render("comparison.html", ["gan_jax.inference", "gan_jax.report"], values)


def address(name: str) -> str:
    """A relative path as part of an address, whatever it is made of."""
    return urllib.parse.quote(name, errors="surrogateescape")
