"""A run's model as a mapping of single images of any size."""

import copy
import dataclasses
import math
import zlib
from collections.abc import Sequence

import jax
import numpy as np
from PIL import Image

from gan_jax.data import roles
from gan_jax.data.pixels import views
from gan_jax.data.pixels.framing import MAX_PIXELS
from gan_jax.data.sources import decoding
from gan_jax.data.sources.decoding import Skipped
from gan_jax.errors import ConfigError
from gan_jax.game import devices
from gan_jax.ops.directions import DIRECTIONS
from gan_jax.ops.pixels import to_uint8
from gan_jax.runs import functions, restore


@dataclasses.dataclass(frozen=True)
class Prepared:
    """An image as the model receives it.

    Attributes:
      name: name of the image's file.
      pixels: uint8 [H, W, C], before padding.
      padded: uint8 [H', W', C], after padding.
      top: rows of padding above the image.
      left: columns of padding left of the image.
    """

    name: str
    pixels: np.ndarray
    padded: np.ndarray
    top: int = 0
    left: int = 0

    def cropped(self, made: np.ndarray) -> np.ndarray:
        """The part [H, W, C'] of the padded image's translation [H', W', C'] that belongs to the image."""
        tall, wide = self.pixels.shape[:2]
        return made[self.top : self.top + tall, self.left : self.left + wide]


def padded(name: str, pixels: np.ndarray, multiple: int) -> Prepared:
    """An image uint8 [H, W, C], padded by reflection to sides that are multiples of a number; 0: as it is."""
    lacking = [-side % max(multiple, 1) for side in pixels.shape[:2]]
    (top, below), (left, right) = ((n // 2, n - n // 2) for n in lacking)
    wider = np.pad(pixels, ((top, below), (left, right), (0, 0)), mode="reflect")
    return Prepared(name, pixels, wider, top, left)


def reduced(picture: Image.Image, max_side: int) -> Image.Image:
    """The picture, scaled down so that its longer side has at most `max_side` pixels; 0: as it is."""
    if not 0 < max_side < max(picture.size):
        return picture
    scale = max_side / max(picture.size)
    wide, tall = (max(round(side * scale), 1) for side in picture.size)
    return picture.resize((wide, tall), Image.Resampling.BILINEAR)


def drafted(max_side: int) -> decoding.Draft:
    """The size at which a large JPEG is decoded: twice the sides that `reduced` gives, or a little more."""

    def draft(wide: int, tall: int) -> tuple[int, int] | None:
        scale = 2 * max_side / max(wide, tall)
        return (math.ceil(scale * wide), math.ceil(scale * tall)) if 0 < scale < 1 else None

    return draft


class Translator:
    """A run's model as a mapping of images from files."""

    def __init__(self, run: restore.Run, direction: str, condition: np.ndarray | None, seed: int):
        """Prepares the mapping.

        Raises:
          ConfigError: the model does not translate in this direction.
        """
        given, drawn = DIRECTIONS[direction]
        self._given, self._seed = given, seed
        self.condition = condition
        role = run.model.trained_role(given)
        height, width, self._channels = run.example[role][0]
        self.multiple = run.model.multiple
        resize = run.config.data.roles.get(role, {}).get("resize", "square")
        # Users' pictures are whole, so neither side nor crop is taken from the role.
        self._framing = roles.framing_like({**roles.DEFAULTS, "resize": resize}, height, width)

        generate = functions.method(run.model, "generate")

        def translate(state, batch, keys):
            return generate(state, batch, keys)[drawn]

        example = self._batch(np.zeros((1, height, width, self._channels), np.uint8))
        try:
            jax.eval_shape(translate, run.state, example, jax.random.key(0))
        except KeyError as error:
            found = f"direction={direction!r} is not possible with model {run.config.model.name!r}"
            raise ConfigError(f"{found}, which draws {' and '.join(_others(direction))}") from error
        config, step = run.config, int(run.state.step)
        way = f"{' to '.join(DIRECTIONS[direction])} ({direction})"
        self._facts = {"run": config.name, "model": config.model.name, "step": step, "direction": way}
        self._apply, self._state = devices.pmap_apply(translate), devices.replicate(run.state)

    def asking(self, condition: np.ndarray | None, seed: int) -> "Translator":
        """The same mapping with another label vector and another seed, which is not compiled again."""
        other = copy.copy(self)
        other.condition, other._seed = condition, seed
        return other

    @property
    def facts(self) -> dict[str, object]:
        """The run that translates, and the treatment of the images' sizes, in words."""
        sizes = f"kept; padded by reflection to multiples of {self.multiple} and cropped back"
        if not self.multiple:
            how = {
                "square": "the largest square in the middle",
                "crop": "the largest part in the middle",
                "width": "the whole width and the rows in the middle",
                "squeeze": "the whole image, its aspect ratio changed",
                "fit": "the whole image, its aspect ratio kept",
            }
            wide, tall = self._framing.sides
            sizes = f"{how[self._framing.resize]}, at {wide} x {tall} pixels"
        return {**self._facts, "sizes": sizes}

    def prepare(
        self, name: str, content: bytes, derive: str, max_side: int, max_pixels: int = MAX_PIXELS
    ) -> Prepared:
        """An image file as the model receives it.

        Raises:
          Skipped: the file cannot be read, or has too many pixels.
        """
        picture = decoding.upright(content, self._draft(max_side), max_pixels)
        return self.framed(name, picture, derive, max_side)

    def framed(self, name: str, picture: Image.Image, derive: str = "", max_side: int = 0) -> Prepared:
        """A picture in RGB as the model receives it.

        Raises:
          Skipped: it takes more memory than there is.
        """
        picture = reduced(picture, max_side) if self.multiple else self._framing.apply(picture)
        try:
            pixels = views.derived(np.asarray(picture)[None], derive, self._channels)[0]
        except MemoryError as error:
            raise Skipped("too large for the memory; see --max_side") from error
        return padded(name, pixels, self.multiple)

    def _draft(self, max_side):
        return drafted(max_side) if self.multiple else lambda *size: self._framing.draft

    def __call__(self, group: Sequence[Prepared]) -> list[np.ndarray]:
        """The translations of images of one padded shape, uint8 [H, W, C'] each.

        Raises:
          Skipped: the images do not fit in memory.
        """
        # An image's noise depends on the seed and on its own name, whichever images are translated with it.
        names = [zlib.crc32(item.name.encode(errors="surrogateescape")) for item in group]
        try:
            batch = self._batch(np.stack([item.padded for item in group]))
            made = to_uint8(self._apply(self._state, batch, self._seed, np.array(names, np.uint32)))
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error):
                raise
            raise Skipped("too large for the memory of the device; see --max_side") from error
        except (TypeError, ValueError, ArithmeticError) as error:
            # Layers that pad by reflection or halve the size refuse an image of too few pixels.
            tall, wide = group[0].padded.shape[:2]
            if not self.multiple or min(tall, wide) >= min(self._framing.sides):
                raise
            raise Skipped(f"too thin for the model at {wide} x {tall} pixels") from error
        if not self.multiple:
            return list(made)
        return [item.cropped(image) for image, item in zip(made, group, strict=True)]

    def _batch(self, pictures: np.ndarray) -> dict[str, np.ndarray]:
        batch = {self._given: pictures}
        if self.condition is not None:
            batch["label"] = np.repeat(self.condition[None], len(pictures), 0)
        return batch


def _others(direction: str) -> list[str]:
    return [f"{drawn}s of {given} images" for name, (given, drawn) in DIRECTIONS.items() if name != direction]
