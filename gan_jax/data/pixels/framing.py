"""The part of a picture that is used, and its size: side, crop and resizing."""

import dataclasses
from collections.abc import Collection
from typing import Any

import numpy as np
from PIL import Image

from gan_jax.errors import ConfigError, DataError

SIDES = ("", "left", "right")
RESIZES = ("square", "crop", "squeeze", "width", "fit")
FILTERS = ("bilinear", "bicubic")
MAX_PIXELS = 89_478_485  # Pillow's own limit: a quarter of a gibibyte in RGB


@dataclasses.dataclass(frozen=True)
class Framing:
    """How a picture of any width and height becomes one of a given size, antialiased.

    Attributes:
      size: side of the result in pixels, or its height if there is a width; with 'fit' the longer side.
      side: 'left' or 'right' half of two images beside each other; '' for the whole picture.
      crop: the pixels of the half or whole picture that are used: (width, height) of the middle, or the box
        (left, top, right, bottom); () uses all.
      resize: 'crop' or 'square' takes the largest part in the middle of the crop that has the result's aspect
        ratio. 'squeeze' takes the whole crop and changes the aspect ratio. 'width' takes the whole width and
        the rows in the middle; a crop with too few rows is stretched. 'fit' takes the whole crop and keeps
        the aspect ratio, so that the result is a rectangle.
      filter: interpolation of the pixels, 'bilinear' or 'bicubic', as in Pillow.
      max_pixels: limit of the pixels that are decoded; a larger picture is left out.
      width: width of the result in pixels; 0 is `size`.

    Raises:
      ConfigError: a value is none of these.
    """

    size: int
    side: str = ""
    crop: tuple[int, ...] = ()
    resize: str = "square"
    filter: str = "bilinear"
    max_pixels: int = MAX_PIXELS
    width: int = 0

    def __post_init__(self):
        """Checks all fields but the size."""
        for name, choices in {"side": SIDES, "resize": RESIZES, "filter": FILTERS}.items():
            require_choice(name, getattr(self, name), choices)
        if type(self.max_pixels) is not int or not 1 <= self.max_pixels <= 2**32:
            found = f"a role's max_pixels={self.max_pixels!r}"
            raise ConfigError(f"{found} is not allowed; allowed: 1 to {2**32}")
        crop = tuple(self.crop) if isinstance(self.crop, tuple | list) else None
        whole = crop is not None and all(type(value) is int and value >= 0 for value in crop)
        if crop is None or not whole or not _is_crop(crop):
            allowed = "(), (width, height) or (left, top, right, bottom), in pixels"
            raise ConfigError(f"a role's crop={self.crop!r} is not allowed; allowed: {allowed}")
        if self.resize == "fit" and self.width not in (0, self.size):
            known = ", ".join(map(repr, RESIZES[:-1]))
            raise ConfigError(f"a role's resize='fit' is for images without a width; allowed: {known}")
        object.__setattr__(self, "crop", crop)

    @property
    def sides(self) -> tuple[int, int]:
        """Width and height of the result, but for 'fit'."""
        return self.width or self.size, self.size

    @property
    def draft(self) -> tuple[int, int] | None:
        """The least width and height for decoding at reduced size; None if the original size is needed."""
        wide, tall = self.sides
        return None if self.crop else ((4 if self.side else 2) * wide, 2 * tall)

    def shares(self, width: int, height: int) -> tuple[float, float]:
        """The shares of the crop's width and height that are used.

        Two pictures of one scene show the same part of it only where these shares are equal.

        Raises:
          ValueError: as for `box`.
        """
        left, top, right, bottom = self._cropped(width, height)
        box = self.box(width, height)
        return (box[2] - box[0]) / (right - left), (box[3] - box[1]) / (bottom - top)

    def box(self, width: int, height: int) -> tuple[int, int, int, int]:
        """The used part of a picture, (left, top, right, bottom) in the picture's pixels.

        Raises:
          ValueError: the crop is larger than the picture or half.
        """
        box = self._cropped(width, height)
        wide, tall = self.sides
        if self.resize in ("square", "crop", "width"):
            across, down = box[2] - box[0], box[3] - box[1]
            # Integers keep a square exactly as large as the picture's shorter side.
            used = across, max(1, min(down, across * tall // wide))
            if self.resize != "width":
                used = max(1, min(across, down * wide // tall)), used[1]
            box = _middle(box, *used)
        start = width - width // 2 if self.side == "right" else 0
        return start + box[0], box[1], start + box[2], box[3]

    def _cropped(self, width, height):
        """The crop of the half or whole picture, in the pixels of that half or whole."""
        wide = width // 2 if self.side else width
        box = (0, 0, wide, height)
        if len(self.crop) == 2:
            box = _middle(box, *self.crop)
        elif self.crop:
            box = (self.crop[0], self.crop[1], self.crop[2], self.crop[3])
        if min(box) < 0 or box[2] > wide or box[3] > height:
            raise ValueError("smaller than its crop")
        return box

    def shape(self, box: tuple[int, int, int, int]) -> tuple[int, int]:
        """Width and height of the result, for the used part of a picture."""
        if self.resize != "fit":
            return self.sides
        sides = box[2] - box[0], box[3] - box[1]
        wide, tall = (max(1, round(self.size * side / max(sides))) for side in sides)
        return wide, tall

    def apply(self, picture: Image.Image, nearest: bool = False) -> Image.Image:
        """The picture, of any mode that Pillow resizes, in its new size.

        `nearest` takes the nearest pixel for each place, for values that must not be mixed.

        Raises:
          ValueError: as for `box`.
        """
        left, top, right, bottom = box = self.box(*picture.size)
        if (right - left) * (bottom - top) <= (Image.MAX_IMAGE_PIXELS or MAX_PIXELS):
            part = picture.crop(box)
        else:  # Pillow's method has the limit that `max_pixels` has raised
            part = Image.fromarray(np.asarray(picture)[top:bottom, left:right])
        how = "nearest" if nearest else self.filter
        return part.resize(self.shape(box), Image.Resampling[how.upper()])

    def apply_all(self, images: np.ndarray, nearest: bool = False) -> np.ndarray:
        """Images uint8 [N, H, W, 1 or 3] in their new size, see `shape`; `nearest` as for `apply`.

        Raises:
          DataError: the crop is larger than the images.
        """
        height, width, channels = images.shape[1:]
        try:
            box = self.box(width, height)
        except ValueError as error:
            raise DataError(f"images of {width} x {height} pixels are {error}, {self.crop}") from error
        wide, tall = self.shape(box)
        if box == (0, 0, wide, tall) == (0, 0, width, height):
            return images
        framed = np.empty((len(images), tall, wide, channels), np.uint8)
        for row, image in enumerate(images):
            picture = self.apply(Image.fromarray(image.squeeze(-1) if channels == 1 else image), nearest)
            framed[row] = np.asarray(picture).reshape(framed.shape[1:])
        return framed


def require_choice(field: str, value: Any, choices: Collection[Any]) -> None:
    """Raises ConfigError unless the value of a role's field is one of those allowed."""
    if value not in choices:
        allowed = ", ".join(map(repr, choices))
        raise ConfigError(f"a role's {field}={value!r} is not allowed; allowed: {allowed}")


def _is_crop(crop: tuple[int, ...]) -> bool:
    if len(crop) == 4:
        return crop[0] < crop[2] and crop[1] < crop[3]
    return not crop or (len(crop) == 2 and min(crop) > 0)


def _middle(box: tuple[int, int, int, int], wide: int, tall: int) -> tuple[int, int, int, int]:
    left = box[0] + (box[2] - box[0] - wide) // 2
    top = box[1] + (box[3] - box[1] - tall) // 2
    return left, top, left + wide, top + tall
