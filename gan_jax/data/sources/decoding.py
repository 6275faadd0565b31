"""Image files decoded in threads to one size. Unusable files are skipped, each with its reason."""

import io
import os
import threading
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from gan_jax.data.pixels.framing import MAX_PIXELS, Framing
from gan_jax.data.sources import png_chunks
from gan_jax.files import reading

MIN_SIDE = 8  # least side of a picture in pixels

# The formats that Pillow decodes without another program.
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
_GREY = ("1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "F")  # Pillow's modes without colours
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # by EXIF's orientation
_ON_ITS_SIDE = (5, 6, 7, 8)  # the orientations whose width is the upright picture's height
_opening = threading.Lock()

Draft = Callable[[int, int], tuple[int, int] | None]


class Skipped(Exception):
    """A file that is left out. The message is the reason, the same text for the same reason."""


def decode_all(
    read: Callable[[str], bytes],
    names: Sequence[str],
    framing: Framing,
    shares: np.ndarray | None = None,
) -> tuple[np.ndarray, dict[int, str]]:
    """Decodes files in threads; Pillow releases the interpreter's lock while it decodes.

    Args:
      read: the content of a file by its name. An OSError means that the file cannot be read.
      names: names of the files.
      framing: the used part of each picture.
      shares: float [N, 2], which receives `framing.shares` of each picture; None receives nothing.

    Returns:
      Pictures uint8 [N, size, size, 3], or with rectangles [N, H, W, 3], and the reasons for files left out,
      by their place in N. Pictures of another shape than the first usable one are left out.
    """
    images = np.zeros((0, *framing.sides[::-1], 3), np.uint8)
    skipped: dict[int, str] = {}

    def one(place: int) -> np.ndarray | None:
        try:
            found, shown = decode_with_shares(read_content(read, names[place]), framing)
            if shares is not None:
                shares[place] = shown
            return found
        except Skipped as reason:
            skipped[place] = str(reason)
            return None

    def other(place: int) -> None:
        found = one(place)
        if found is not None:
            try:
                require_shape(found, images.shape[1:])
                images[place] = found
            except Skipped as reason:
                skipped[place] = str(reason)

    Image.init()  # loads all formats before several threads would
    with quiet(), ThreadPoolExecutor(os.cpu_count()) as pool:
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


def require_shape(image: np.ndarray, shape: tuple[int, ...]) -> None:
    """Refuses an image of another height or width than `shape`, which is that of the first image.

    Raises:
      Skipped: the sides differ.
    """
    if image.shape[:2] != shape[:2]:
        (tall, wide), (height, width) = image.shape[:2], shape[:2]
        raise Skipped(f"{wide} x {tall} pixels, not {width} x {height} as the first")


def quiet() -> Any:
    """A block without Pillow's warnings, such as one on a damaged EXIF, which do not name the file."""
    return warnings.catch_warnings(action="ignore")


def decode(content: bytes, framing: Framing) -> np.ndarray:
    """The part of a picture that `framing` uses, uint8 [H, W, 3] in its new size, see `upright`.

    Raises:
      Skipped: as for `upright`, or the picture is smaller than its crop.
    """
    return decode_with_shares(content, framing)[0]


def decode_with_shares(content: bytes, framing: Framing) -> tuple[np.ndarray, tuple[float, float]]:
    """The result of `decode`, and `framing.shares` of the picture.

    Raises:
      Skipped: as for `decode`.
    """
    picture = upright(content, lambda *size: framing.draft, framing.max_pixels)
    try:
        return np.asarray(framing.apply(picture)), framing.shares(*picture.size)
    except (ValueError, MemoryError) as error:
        raise Skipped(str(error) or "unreadable") from error


def upright(content: bytes, draft: Draft | None = None, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """A picture in RGB: upright by its EXIF orientation, transparent pixels over white.

    An EXIF that cannot be read turns nothing, since the pixels do not depend on it.

    Args:
      content: content of a file.
      draft: from the upright picture's width and height, the least width and height at which a large JPEG
        may be decoded; None decodes at the original size.
      max_pixels: limit of the pixels that are decoded.

    Raises:
      Skipped: the file is not an image, unreadable, too small, or has too many pixels.
    """
    try:
        return _decoded(content, draft, max_pixels)
    except UnidentifiedImageError as error:
        raise Skipped("not an image") from error
    except reading.DAMAGE as error:
        raise Skipped("unreadable") from error


def _decoded(content, draft, max_pixels):
    with _open(content) as picture:
        if min(picture.size) < MIN_SIDE:
            raise Skipped(f"smaller than {MIN_SIDE} pixels")
        orientation = _orientation(picture)
        turned = -1 if orientation in _ON_ITS_SIDE else 1  # a JPEG is decoded as it lies in the file
        least = draft(*picture.size[::turned]) if draft else None
        if least:
            picture.draft(None, least[::turned])
        if picture.width * picture.height > max_pixels:
            raise Skipped(f"more than {max_pixels} pixels")
        picture.load()
        rgb = _to_rgb(picture)
    return rgb.transpose(_TURNS[orientation]) if orientation in _TURNS else rgb


def _open(content: bytes, formats: tuple[str, ...] = _FORMATS) -> Any:
    """Opens a picture, whose header is read. Large texts and profiles of a PNG are not needed."""
    # Pillow's limits of pixels are a warning and, at twice as many, an error, by a variable of the module.
    # The functions of this file have limits of their own.
    with _opening:
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(io.BytesIO(png_chunks.without_large_texts(content)), formats=formats)
        finally:
            Image.MAX_IMAGE_PIXELS = before


def _orientation(picture: Any) -> int:
    """EXIF's orientation, 1 to 8, as far as Pillow leaves it to us; 1 if the EXIF cannot be read."""
    if picture.format == "TIFF":  # which Pillow turns as it decodes
        return 1
    try:
        return picture.getexif().get(ExifTags.Base.Orientation, 1)
    except reading.DAMAGE:
        return 1


def is_grey(content: bytes) -> bool:
    """Whether a picture's file has no colours: one channel, and transparency perhaps.

    Raises:
      Skipped: the file is not an image, or unreadable.
    """
    try:
        with _open(content) as picture:
            return picture.mode in _GREY
    except UnidentifiedImageError as error:
        raise Skipped("not an image") from error
    except reading.DAMAGE as error:
        raise Skipped("unreadable") from error


def upright_size(content: bytes) -> tuple[int, int]:
    """Width and height of the picture that `upright` gives without `draft`, read from the header.

    Raises:
      Skipped: the file is not an image, or unreadable.
    """
    try:
        with _open(content) as picture:
            return picture.size[::-1] if _orientation(picture) in _ON_ITS_SIDE else picture.size
    except UnidentifiedImageError as error:
        raise Skipped("not an image") from error
    except reading.DAMAGE as error:
        raise Skipped("unreadable") from error


def indices(content: bytes) -> np.ndarray:
    """The values of an 8-bit PNG, uint8 [H, W]: grey levels, or indices of its palette, upright by its EXIF.

    Raises:
      Skipped: the file is another kind of image, or unreadable.
    """
    try:
        with _open(content, ("PNG",)) as picture:
            if picture.mode not in ("L", "P"):
                raise Skipped(f"mode {picture.mode}; expected a grey or palette PNG of class indices")
            if picture.width * picture.height > MAX_PIXELS:
                raise Skipped(f"more than {MAX_PIXELS} pixels")
            orientation = _orientation(picture)
            turned = picture.transpose(_TURNS[orientation]) if orientation in _TURNS else picture
            return np.array(turned)
    except UnidentifiedImageError as error:
        raise Skipped("not a PNG") from error
    except reading.DAMAGE as error:
        raise Skipped("unreadable") from error


def read_content(read: Callable[[str], bytes], name: str) -> bytes:
    """The content of a file by its name.

    Raises:
      Skipped: the file cannot be read; the reason is the system's, such as `Permission denied`.
    """
    try:
        return read(name)
    except OSError as error:
        raise Skipped(reading.reason(error) if error.errno else "unreadable") from error


def _to_rgb(picture: Image.Image) -> Image.Image:
    sixteen = picture.mode.startswith("I;16")
    # Pillow has no mode of 16 bits for a PGM, and gives its levels as 0 to 65535 in 32 bits.
    if sixteen or (picture.mode == "I" and picture.format in ("PPM", "PNG")):
        # Pillow itself would clip at 255.
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8)).convert("RGB")
    if picture.mode in ("I", "F"):
        raise Skipped(f"values of mode {picture.mode}, whose range is not known")
    if picture.has_transparency_data:
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
    return picture.convert("RGB")
