"""What to do with the styles of `--mode=translate`: the flags, as fields, and what they exclude."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gan_jax.data.pixels.framing import MAX_PIXELS
from gan_jax.errors import ConfigError
from gan_jax.inference.sources import Source

COLOURS = ("none", "luminance", "match")
SHEETS = ("", "alpha", "mix")
_MOST = 4  # styles in a mixture


@dataclasses.dataclass(frozen=True)
class Wishes:
    """What to do with the styles; the fields are flags of `--mode=translate`.

    Attributes:
      style: a folder, a zip, a folder inside a zip, or an image: the styles in the order of their names.
      alpha: 1 for the style, 0 for the content alone, values between for a blend.
      weights: the weight of each style in a mixture of up to four, divided by their sum; () makes one image
        of every pair.
      mask: PNGs of style numbers from 0 on, one for each image and of its size; see `regions.Masks`.
      colour: 'match' gives the style the content's colours first, 'luminance' keeps the content's colours and
        takes only the brightness of the result, 'none' takes the style's colours.
      sheet: 'alpha' shows each style at five values of alpha; 'mix' four styles in the corners of a square
        and 25 mixtures.
      tile: larger images are computed in tiles of so many pixels a side; 0 never makes tiles.
      style_side: styles are scaled down so that the longer side has at most so many pixels.
      max_side: the same for the images; 0 keeps their size.
      max_pixels: limit of the pixels that are decoded of one image or style.
    """

    style: str = ""
    alpha: float = 1.0
    weights: tuple[float, ...] = ()
    mask: str = ""
    colour: str = "none"
    sheet: str = ""
    tile: int = 768
    style_side: int = 512
    max_side: int = 0
    max_pixels: int = MAX_PIXELS

    def __post_init__(self):
        """Refuses values out of range, and wishes that contradict each other."""
        for name, choices in {"colour": COLOURS, "sheet": SHEETS}.items():
            if getattr(self, name) not in choices:
                allowed = ", ".join(map(repr, choices))
                raise ConfigError(f"{name}={getattr(self, name)!r} is not allowed; allowed: {allowed}")
        allowed = "1, since sheet='alpha' has values of its own" if self.sheet == "alpha" else "0 to 1"
        if not (self.sheet == "alpha") <= self.alpha <= 1:
            raise ConfigError(f"alpha={self.alpha:g} is not allowed; allowed: {allowed}")
        good = all(0 <= w < np.inf for w in self.weights) and sum(self.weights) > 0
        if self.weights and not good:
            raise ConfigError(f"weights={listed(self.weights)}: allowed: 0 or more, with a sum above 0")
        if not self.style:
            raise ConfigError("--style is required: this model needs one, such as --style=PAINTINGS")
        both = [name for name in ("weights", "mask", "sheet") if getattr(self, name)]
        if len(both) > 1:
            raise ConfigError(f"--{both[0]} and --{both[1]} exclude each other; give one of both")

    def check_count(self, source: Source) -> None:
        """Refuses a number of styles that the wishes cannot use.

        Raises:
          ConfigError: naming the number that is there and the number that is needed.
        """
        count = len(source.names)
        if self.weights and not len(self.weights) == count <= _MOST:
            allowed = f"one for each of the {count} styles of {source.title}, {_MOST} at most"
            raise ConfigError(f"weights={listed(self.weights)} is not allowed; allowed: {allowed}")
        if self.sheet == "mix" and count != _MOST:
            raise ConfigError(f"sheet='mix' needs {_MOST} styles; {source.title} has {count}")


def of_styles(wishes: Mapping[str, Any]) -> list[str]:
    """The names of the given values that differ from the defaults of `Wishes`."""
    defaults = {field.name: field.default for field in dataclasses.fields(Wishes)}
    return [name for name, value in wishes.items() if value != defaults[name]]


def listed(weights: Sequence[float]) -> str:
    """Weights as the flag takes them, such as `0.5,1`."""
    return ",".join(f"{weight:g}" for weight in weights)
