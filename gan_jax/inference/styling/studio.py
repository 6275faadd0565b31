"""The pictures that are made of one content: in every style, as a mixture, by regions, or as a sheet."""

import functools
from collections.abc import Callable, Mapping

import jax.numpy as jnp
import numpy as np

from gan_jax.data.sources import decoding
from gan_jax.data.sources.decoding import Skipped
from gan_jax.drawing import sheets
from gan_jax.errors import DataError
from gan_jax.inference.styling import stylist
from gan_jax.inference.styling.regions import Masks
from gan_jax.inference.styling.wishes import Wishes
from gan_jax.inference.translator import Prepared, drafted, padded, reduced
from gan_jax.ops import colour, style
from gan_jax.ops.pixels import to_float, to_uint8

_STEPS = 5  # images a side of a sheet
_GAP = 2  # pixels between the images of a sheet


class Studio:
    """Makes the pictures of one content after another."""

    def __init__(
        self,
        artist: stylist.Stylist,
        styles: Mapping[str, np.ndarray],
        masks: Masks | None,
        wishes: Wishes,
    ):
        """The pictures are made by `artist`, in the given styles: name -> uint8 [h, w, 3].

        Args:
          artist: the run that gives styles.
          styles: the styles' pixels by name.
          masks: the regions of each content; None without the wish `mask`.
          wishes: what to do with the styles.
        """
        self._artist, self._styles, self._masks, self._wishes = artist, styles, masks, wishes
        self._fixed = [] if wishes.colour == "match" else self._moments(None)

    def prepare(self, name: str, content: bytes) -> Prepared:
        """An image file as the model receives it. Raises Skipped if it cannot be used."""
        side, limit = self._wishes.max_side, self._wishes.max_pixels
        picture = reduced(decoding.upright(content, drafted(side), limit), side)
        return padded(name, np.asarray(picture), self._artist.multiple)

    def jobs(self) -> list[tuple[str, Callable[[Prepared], np.ndarray]]]:
        """What is made of each content: what the page adds to its name, and the function that makes it."""
        wishes = self._wishes
        if wishes.sheet:
            return [("", self._sheet)]
        if wishes.mask:
            return [("", self._regions)]
        if wishes.weights:
            share = np.array(wishes.weights) / sum(wishes.weights)
            return [("", functools.partial(self._mixture, weights=share, alpha=wishes.alpha))]
        rows, several = np.eye(len(self._styles)), len(self._styles) > 1
        return [
            (name if several else "", functools.partial(self._mixture, weights=row, alpha=wishes.alpha))
            for name, row in zip(self._styles, rows, strict=True)
        ]

    def _mixture(self, content, weights, alpha):
        return self._made(content, self._maps(content), weights, alpha)

    def _made(self, content, maps, weights, alpha):
        used = [k for k, weight in enumerate(weights) if weight]
        moments = self._moments_for(content)
        chosen = [moments[k] for k in used]
        return self._finished(content, stylist.mixed(maps, chosen, [float(weights[k]) for k in used], alpha))

    def _regions(self, content):
        assert self._masks is not None  # of the wish `mask`
        numbers = self._masks.read(content, self._artist.multiple)
        maps = stylist.by_region(self._maps(content), self._moments_for(content), numbers, self._wishes.alpha)
        return self._finished(content, maps)

    def _sheet(self, content):
        """A row for each style and a column for each alpha, or the mixtures of four styles in a square."""
        maps, steps = self._maps(content), np.linspace(0, 1, _STEPS)
        if self._wishes.sheet == "alpha":
            cells = [(row, a) for row in np.eye(len(self._styles)) for a in steps]
        else:
            corners = [np.outer((1 - y, y), (1 - x, x)).ravel() for y in steps for x in steps]
            cells = [(corner, self._wishes.alpha) for corner in corners]
        made = [self._made(content, maps, weights, float(alpha)) for weights, alpha in cells]
        return sheets.mosaic(np.stack(made), _STEPS, _GAP)

    def _maps(self, content):
        return self._artist.encode(content.padded)

    def _finished(self, content, maps):
        """The picture of maps, cropped to the content, with the content's colours if they are kept."""
        made = content.cropped(self._artist.decode(maps))
        if self._wishes.colour != "luminance":
            return made
        pair = (jnp.asarray(to_float(pixels[None])) for pixels in (made, content.pixels))
        return to_uint8(np.asarray(colour.with_colours_of(*pair)))[0]

    def _moments_for(self, content):
        return self._fixed or self._moments(content)

    def _moments(self, content):
        """The statistics of all styles, with the content's colours if there is a content."""
        found = []
        for name, pixels in self._styles.items():
            if content is not None:
                images = (jnp.asarray(to_float(part[None])) for part in (pixels, content.pixels))
                pixels = np.asarray(style.coral(*images))[0]
            try:
                found.append(self._artist.moments(pixels))
            except Skipped as reason:
                raise DataError(f"style {name!r} cannot be used: {reason}") from reason
        return found
