"""Label maps on disk: a PNG of class indices or a picture in colours for each image, and checks of them."""

import dataclasses
import logging
import os
import posixpath
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from PIL import Image

from gan_jax.data.examples import Examples
from gan_jax.data.pixels.framing import Framing
from gan_jax.data.sources import decoding, listing
from gan_jax.data.sources.listing import Folder
from gan_jax.errors import DataError

_log = logging.getLogger(__name__)

IGNORED = 255  # the value of pixels without a class
# Most pixels of a label map in colours differ little from a class's colour, even after JPEG's compression.
# Few pixels of a photograph do. A map in which fewer than a tenth do is another picture.
_NEAR, _LEAST = 40.0, 0.1  # a Euclidean distance of levels 0 to 255, and a share of pixels


@dataclasses.dataclass(frozen=True)
class Maps:
    """The label maps of a folder's images.

    Attributes:
      folder: the folder of the maps.
      names: names of files in `folder`, in the order of the images.
      classes: number of classes; 0 allows any value.
      colours: the colours of the classes, uint8 [classes, 3]; None for PNGs of class indices.
      side: the half of the map's picture, 'left' or 'right'; '' for the image's.
    """

    folder: Folder
    names: tuple[str, ...]
    classes: int
    colours: np.ndarray | None = None
    side: str = ""


def beside(images: Folder, folder: Folder, spec: Mapping[str, Any]) -> Maps:
    """Finds the label map of every image, such as `labels/a/1.png` for `images/a/1.jpg`.

    A map in colours may also have the image's own name, `labels/a/1.jpg`.

    Args:
      images: the folder of the images.
      folder: the folder of the maps, which may be the same.
      spec: all fields of the role.

    Raises:
      DataError: an image has no label map.
    """
    known, colours = set(folder.images), spec["label_colours"]
    names = tuple(
        name if colours and name in known else f"{posixpath.splitext(name)[0]}.png" for name in images.images
    )
    lacking = sorted(set(names) - known)
    if lacking:
        found = (
            f"{len(lacking)} of {len(names)} images of {images.title}, such as {listing.shown(lacking[0])!r}"
        )
        raise DataError(f"{folder.title}: has no label map of {found}")
    painted = np.array(colours, np.uint8) if colours else None
    return Maps(folder, names, spec["label_classes"], painted, spec["label_side"])


def read(maps: Maps, images: Folder, places: Sequence[int], framing: Framing) -> np.ndarray:
    """The label maps of the images at `places`, int32 [N, H, W], with the images' framing.

    Each place takes the nearest pixel of the map at its full size, so that labels are not mixed. In a map in
    colours that pixel gets the class of the nearest colour. The colours are never interpolated. Choosing the
    class of every pixel first, and the nearest pixel then, gives the same map.

    Raises:
      DataError: a file is not a grey or palette PNG, has another size than its image, has a value that is not
        a class, or has few pixels in the colours of the classes; the message names the file.
    """
    framing = dataclasses.replace(framing, side=maps.side or framing.side)

    def one(row: int) -> np.ndarray:
        place = places[row]
        name = maps.names[place]
        title = f"{maps.folder.title}/{listing.shown(name)}"
        try:
            picture = _picture(maps, name, framing.max_pixels)
            size = decoding.upright_size(images.read(images.images[place]))
        except (OSError, decoding.Skipped) as error:
            raise DataError(f"{title}: cannot be read together with its image: {error}") from error
        if picture.size != size:
            wide, tall = picture.size
            raise DataError(
                f"{title}: has {wide} x {tall} pixels; expected {size[0]} x {size[1]}, its image's"
            )
        if maps.colours is None:
            _require_classes(np.asarray(picture), maps.classes, title)
        framed = np.asarray(framing.apply(picture, nearest=True))
        return framed if maps.colours is None else nearest_colours(framed, maps.colours, title)

    if not len(places):
        return np.zeros((0, *framing.sides[::-1]), np.int32)
    with decoding.quiet(), ThreadPoolExecutor(os.cpu_count()) as pool:
        # Bytes until the end, since integers of all maps at once would take four times the memory.
        return np.stack(list(pool.map(one, range(len(places))))).astype(np.int32)


def _picture(maps: Maps, name: str, max_pixels: int) -> Image.Image:
    """A map's whole picture at its full size, upright: class indices, or RGB with `colours`."""
    content = maps.folder.read(name)
    if maps.colours is None:
        return Image.fromarray(decoding.indices(content))
    return decoding.upright(content, max_pixels=max_pixels)


def nearest_colours(pixels: np.ndarray, colours: np.ndarray, title: str) -> np.ndarray:
    """The class of the nearest colour of each pixel, by the Euclidean distance of RGB: uint8 [H, W].

    Of equally near colours the first one wins.

    Args:
      pixels: uint8 [H, W, 3].
      colours: the colours of the classes, uint8 [K, 3].
      title: name of the picture in messages.

    Raises:
      DataError: fewer than a tenth of the pixels lie within a distance of 40 from a colour.
    """
    nearest, least = np.zeros(pixels.shape[:2], np.uint8), np.full(pixels.shape[:2], np.inf, np.float32)
    for number, colour in enumerate(colours):
        # One class after the other, since the distances to all would take much memory.
        distance = np.square(pixels.astype(np.float32) - colour).sum(-1)
        nearer = distance < least
        nearest[nearer], least[nearer] = number, distance[nearer]
    share = (least <= _NEAR**2).mean()
    if share < _LEAST:
        expected = f"at least {100 * _LEAST:.0f} %; see the fields label_maps and label_side"
        raise DataError(
            f"{title}: {100 * share:.0f} % of its pixels are near one of label_colours; expected {expected}"
        )
    return nearest


def warn_of_masks(examples: Examples, title: str) -> None:
    """Warns of label maps with the values 0 and 255 only, which are usually masks of two classes."""
    if examples.has_maps and set(np.unique(examples.columns["label"]).tolist()) == {0, IGNORED}:
        _log.warning(
            "%s: the label maps have the values 0 and %d only, and pixels of %d have no class and do not "
            "count; write a mask of two classes with the values 0 and 1",
            title, IGNORED, IGNORED,
        )  # fmt: skip


def require(examples: Examples, classes: int, title: str) -> None:
    """Refuses examples without label maps, or with values other than the classes and 255.

    Raises:
      DataError: naming the example and the value.
    """
    if not examples.has_maps:
        raise DataError(f"{title}: has no label maps, which derive='palette' and label_classes need")
    for row, pixels in enumerate(examples.columns["label"]):
        _require_classes(pixels, classes, f"{title}, example {row}")


def _require_classes(pixels: np.ndarray, classes: int, title: str) -> None:
    strange = pixels[(pixels >= classes) & (pixels != IGNORED)] if classes else pixels[:0]
    if strange.size:
        allowed = f"0 to {classes - 1}, or {IGNORED} for pixels without a class"
        raise DataError(f"{title}: has label {strange.flat[0]}; allowed: {allowed}")
