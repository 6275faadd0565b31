"""Image files turned into square pixels, in threads; what cannot be read is left out, with its reason."""

import io
import os
import struct
import warnings
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from gan_jax.data.pixels.framing import Framing

MIN_SIDE = 8  # pixels; what is smaller is no picture

# Those that need no program outside of Pillow.
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
# What Pillow's decoders raise on bytes that are not what they should be.
_DAMAGE = (OSError, EOFError, SyntaxError, ValueError, LookupError, TypeError, AttributeError,
           ArithmeticError, MemoryError, RuntimeError, struct.error, zlib.error)  # fmt: skip


class Skipped(Exception):
    """A file that is left out; the message is the reason, the same for all of its kind."""


def decode_all(
    read: Callable[[str], bytes], names: Sequence[str], framing: Framing
) -> tuple[np.ndarray, dict[int, str]]:
    """Decodes files in threads, which Pillow lets run side by side.

    Args:
      read: the content of a file by name; an OSError says that it cannot be read.
      names: of the files.
      framing: what is used of each picture.

    Returns:
      Pictures uint8 [N, size, size, 3], and the reasons of those left out, by their place among N.
    """
    images = np.zeros((len(names), framing.size, framing.size, 3), np.uint8)
    skipped: dict[int, str] = {}

    def one(place: int) -> None:
        try:
            images[place] = decode(_content(read, names[place]), framing)
        except Skipped as reason:
            skipped[place] = str(reason)

    Image.init()  # all formats, before threads look for theirs
    # Pillow's own limit is obeyed by `decode`; its warning at half of that would be one line a file.
    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as pool:
        warnings.simplefilter("ignore")
        for done in [pool.submit(one, place) for place in range(len(names))]:
            done.result()
    return images, skipped


def decode(content: bytes, framing: Framing) -> np.ndarray:
    """What `framing` uses of a picture, uint8 [size, size, 3], see `upright`.

    Raises:
      Skipped: as `upright`; or the picture is smaller than its crop.
    """
    picture = upright(content, framing.draft)
    try:
        return np.asarray(framing.apply(picture))
    except (ValueError, MemoryError) as error:
        raise Skipped(str(error) or "unreadable") from error


def upright(content: bytes, draft: tuple[int, int] | None = None) -> Image.Image:
    """A picture in RGB: upright by its EXIF orientation, transparency over white.

    Args:
      content: of a file.
      draft: a large JPEG is decoded at a fraction of its size, no less than this width and height.

    Raises:
      Skipped: not an image, unreadable, too small, or more pixels than Pillow's limit.
    """
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            if min(picture.size) < MIN_SIDE:
                raise Skipped(f"smaller than {MIN_SIDE} pixels")
            limit = Image.MAX_IMAGE_PIXELS
            if limit is not None and picture.width * picture.height > limit:
                raise Skipped(f"more than {limit} pixels")
            if draft:
                picture.draft(None, draft)
            return _to_rgb(ImageOps.exif_transpose(picture))
    except Image.DecompressionBombError as error:
        raise Skipped(f"more than {Image.MAX_IMAGE_PIXELS} pixels") from error
    except UnidentifiedImageError as error:
        raise Skipped("not an image") from error
    except _DAMAGE as error:
        raise Skipped("unreadable") from error


def upright_size(content: bytes) -> tuple[int, int]:
    """Width and height of the picture that `upright` gives without `draft`, read from its header.

    Raises:
      Skipped: not an image, or unreadable.
    """
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            turned = picture.getexif().get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8)
            return picture.size[::-1] if turned else picture.size
    except UnidentifiedImageError as error:
        raise Skipped("not an image") from error
    except (*_DAMAGE, Image.DecompressionBombError) as error:
        raise Skipped("unreadable") from error


def indices(content: bytes) -> np.ndarray:
    """The values of a PNG of 8 bits, uint8 [H, W]: grey levels, or indices of its palette.

    Raises:
      Skipped: another kind of image, or unreadable.
    """
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as picture:
            if picture.mode not in ("L", "P"):
                raise Skipped(f"mode {picture.mode}; expected a grey or palette PNG of class indices")
            return np.array(picture)
    except UnidentifiedImageError as error:
        raise Skipped("not a PNG") from error
    except (*_DAMAGE, Image.DecompressionBombError) as error:
        raise Skipped("unreadable") from error


def _content(read: Callable[[str], bytes], name: str) -> bytes:
    try:
        return read(name)
    except OSError as error:
        raise Skipped("unreadable") from error


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I;16"):  # Pillow would clip at 255
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8)).convert("RGB")
    if picture.mode in ("I", "F"):  # of no known range
        raise ValueError(f"mode {picture.mode}")
    if picture.has_transparency_data:
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
    return picture.convert("RGB")
