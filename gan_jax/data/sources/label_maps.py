"""Label maps on disk: a PNG file of class indices for each image, and checks of their values."""

import dataclasses
import logging
import os
import posixpath
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from gan_jax.data.examples import Examples
from gan_jax.data.pixels.framing import Framing
from gan_jax.data.sources import decoding, listing
from gan_jax.data.sources.listing import Folder
from gan_jax.errors import DataError

_log = logging.getLogger(__name__)

IGNORED = 255  # the value of pixels without a class


@dataclasses.dataclass(frozen=True)
class Maps:
    """The label maps of a folder's images.

    Attributes:
      folder: the folder of the maps.
      names: names of files in `folder`, in the order of the images.
      classes: number of classes; 0 allows any value.
    """

    folder: Folder
    names: tuple[str, ...]
    classes: int


def beside(images: Folder, folder: Folder, classes: int) -> Maps:
    """Finds the label map of every image, such as `labels/a/1.png` for `images/a/1.jpg`.

    Raises:
      DataError: an image has no label map.
    """
    names = tuple(f"{posixpath.splitext(name)[0]}.png" for name in images.images)
    lacking = sorted(set(names) - set(folder.images))
    if lacking:
        found = (
            f"{len(lacking)} of {len(names)} images of {images.title}, such as {listing.shown(lacking[0])!r}"
        )
        raise DataError(f"{folder.title}: has no label map of {found}")
    return Maps(folder, names, classes)


def read(maps: Maps, images: Folder, places: Sequence[int], framing: Framing) -> np.ndarray:
    """The label maps of the images at `places`, int32 [N, H, W], with the images' framing.

    Each place takes the nearest pixel, so that labels are not mixed.

    Raises:
      DataError: a file is not a grey or palette PNG, has another size than its image, or has a value that is
        not a class; the message names the file.
    """

    def one(row: int) -> np.ndarray:
        place = places[row]
        name = maps.names[place]
        title = f"{maps.folder.title}/{listing.shown(name)}"
        try:
            pixels = decoding.indices(maps.folder.read(name))
            size = decoding.upright_size(images.read(images.images[place]))
        except (OSError, decoding.Skipped) as error:
            raise DataError(f"{title}: cannot be read together with its image: {error}") from error
        if pixels.shape[::-1] != size:
            wide, tall = pixels.shape[::-1]
            raise DataError(
                f"{title}: has {wide} x {tall} pixels; expected {size[0]} x {size[1]}, its image's"
            )
        _require_classes(pixels, maps.classes, title)
        return np.asarray(framing.apply(Image.fromarray(pixels), nearest=True))

    if not len(places):
        return np.zeros((0, *framing.sides[::-1]), np.int32)
    with decoding.quiet(), ThreadPoolExecutor(os.cpu_count()) as pool:
        # Bytes until the end, since integers of all maps at once would take four times the memory.
        return np.stack(list(pool.map(one, range(len(places))))).astype(np.int32)


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
