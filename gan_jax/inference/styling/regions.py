"""Masks that say which style each part of an image gets."""

import contextlib
import dataclasses
from collections.abc import Mapping
from pathlib import PurePosixPath

import numpy as np
from PIL import Image

from gan_jax.data.sources import decoding
from gan_jax.data.sources.decoding import Skipped
from gan_jax.errors import DataError
from gan_jax.inference.sources import Source
from gan_jax.inference.translator import Prepared


@dataclasses.dataclass(frozen=True)
class Masks:
    """The masks of images, checked before any work.

    A mask is a PNG, grey or palette, whose values are numbers of styles: 0 for the first style in the order
    of names, and so on. The mask of `a.jpg` is `a.png`. A single file is the mask of every image.

    Attributes:
      sources: where the masks are; () for none.
      numbers: the masks uint8 [H, W] by the image's name.
    """

    sources: tuple[Source, ...] = ()
    numbers: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)

    @classmethod
    def open(cls, given: str, stack: contextlib.ExitStack, contents: Source, styles: int) -> "Masks":
        """The masks that `--mask` names; none for ''.

        Raises:
          ConfigError: there is no such file or folder.
          DataError: an image has no mask, or a mask has another size or a number without a style.
        """
        if not given:
            return cls()
        source = Source.open(given, stack, "mask")
        by_stem = {_stem(name): name for name in source.names}
        whole = source.folder is None and len(source.names) == 1
        numbers = {}
        for image in contents.names:
            name = source.names[0] if whole else by_stem.get(_stem(image))
            if name is None:
                raise DataError(f"mask={source.title}: has no mask {_stem(image)}.png for {image}")
            numbers[image] = _checked(source, name, contents, image, styles)
        return cls((source,), numbers)

    def read(self, content: Prepared, multiple: int) -> np.ndarray:
        """The numbers at every position of a content's maps, [h, w]: those in the middle of each position."""
        mask = self.numbers[content.name]
        tall, wide = content.pixels.shape[:2]
        if mask.shape != (tall, wide):  # the content was scaled down
            mask = np.asarray(Image.fromarray(mask).resize((wide, tall), Image.Resampling.NEAREST))
        below, right = content.padded.shape[0] - tall, content.padded.shape[1] - wide
        around = ((content.top, below - content.top), (content.left, right - content.left))
        middle = slice(multiple // 2, None, multiple)
        return np.pad(mask, around, mode="edge")[middle, middle]


def _checked(source, name, contents, image, styles):
    """A mask after all checks; an image that cannot be read is left to the work itself, which skips it."""
    where = f"mask={source.title}: {name}"
    try:
        mask = decoding.indices(source.content(name))
    except Skipped as reason:
        raise DataError(f"{where} cannot be used: {reason}") from reason
    try:
        wide, tall = decoding.upright_size(contents.content(image))
    except Skipped:
        return mask
    if mask.shape != (tall, wide):
        found = f"has {mask.shape[1]} x {mask.shape[0]} pixels"
        raise DataError(f"{where} {found}; allowed: {wide} x {tall}, the size of {image}")
    if mask.max() >= styles:
        raise DataError(
            f"{where} has the number {mask.max()}; allowed: 0 to {styles - 1}, one for each style"
        )
    return mask


def _stem(name):
    return str(PurePosixPath(name).with_suffix(""))
