"""Image files decoded in threads to one size. Unusable files are skipped, each with its reason."""

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

MIN_SIDE = 8  # least side of a picture in pixels

# The formats that Pillow decodes without another program.
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
# The errors of Pillow's decoders on damaged files.
_DAMAGE = (OSError, EOFError, SyntaxError, ValueError, LookupError, TypeError, AttributeError,
           ArithmeticError, MemoryError, RuntimeError, struct.error, zlib.error)  # fmt: skip


class Skipped(Exception):
    """A file that is left out. The message is the reason, the same text for the same reason."""


def decode_all(
    read: Callable[[str], bytes], names: Sequence[str], framing: Framing
) -> tuple[np.ndarray, dict[int, str]]:
    """Decodes files in threads; Pillow releases the interpreter's lock while it decodes.

    Args:
      read: the content of a file by its name. An OSError means that the file cannot be read.
      names: names of the files.
      framing: the used part of each picture.

    Returns:
      Pictures uint8 [N, size, size, 3], or with rectangles [N, H, W, 3], and the reasons for files left out,
      by their place in N. Pictures of another shape than the first usable one are left out.
    """
    images = np.zeros((0, framing.size, framing.size, 3), np.uint8)
    skipped: dict[int, str] = {}

    def one(place: int) -> np.ndarray | None:
        try:
            return decode(_content(read, names[place]), framing)
        except Skipped as reason:
            skipped[place] = str(reason)
            return None

    def other(place: int) -> None:
        found = one(place)
        if found is not None and found.shape == images.shape[1:]:
            images[place] = found
        elif found is not None:
            (tall, wide), (height, width) = found.shape[:2], images.shape[1:3]
            skipped[place] = f"{wide} x {tall} pixels, not {width} x {height} as the first"

    Image.init()  # loads all formats before several threads would
    # `decode` enforces Pillow's limit of pixels. Pillow's warning at half the limit would be one line a file.
    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as pool:
        warnings.simplefilter("ignore")
        for first in range(len(names)):
            found = pool.submit(one, first).result()
            if found is not None:
                images = np.zeros((len(names), *found.shape), np.uint8)
                images[first] = found
                for done in [pool.submit(other, place) for place in range(first + 1, len(names))]:
                    done.result()
                break
        else:
            images = np.zeros((len(names), *images.shape[1:]), np.uint8)
    return images, skipped


def decode(content: bytes, framing: Framing) -> np.ndarray:
    """The part of a picture that `framing` uses, uint8 [H, W, 3] in its new size, see `upright`.

    Raises:
      Skipped: as for `upright`, or the picture is smaller than its crop.
    """
    picture = upright(content, framing.draft)
    try:
        return np.asarray(framing.apply(picture))
    except (ValueError, MemoryError) as error:
        raise Skipped(str(error) or "unreadable") from error


def upright(content: bytes, draft: tuple[int, int] | None = None) -> Image.Image:
    """A picture in RGB: upright by its EXIF orientation, transparent pixels over white.

    Args:
      content: content of a file.
      draft: a large JPEG is decoded at reduced size, with at least this width and height.

    Raises:
      Skipped: the file is not an image, unreadable, too small, or has more pixels than Pillow's limit.
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
    """Width and height of the picture that `upright` gives without `draft`, read from the header.

    Raises:
      Skipped: the file is not an image, or unreadable.
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
    """The values of an 8-bit PNG, uint8 [H, W]: grey levels, or indices of its palette.

    Raises:
      Skipped: the file is another kind of image, or unreadable.
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
    if picture.mode in ("I", "F"):  # their range of values is not known
        raise ValueError(f"mode {picture.mode}")
    if picture.has_transparency_data:
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
    return picture.convert("RGB")
