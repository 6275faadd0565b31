"""A run that gives images the styles of others, for images of any size, tile by tile."""

import itertools
from collections.abc import Iterator, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from gan_jax.data.sources.decoding import Skipped
from gan_jax.game import devices
from gan_jax.ops import style
from gan_jax.ops.pixels import to_uint8
from gan_jax.runs import functions, restore

Box = tuple[slice, slice]


class Stylist:
    """The encoder and the decoder of a run, applied to tiles that fit in memory.

    A tile is computed with all surrounding pixels that affect it. The tiles together therefore equal the
    result of the whole image, without seams. Statistics are those of the whole image's maps.
    """

    def __init__(self, run: restore.Run, tile: int):
        """Places the run's state on the devices.

        Args:
          run: a run whose model takes styles.
          tile: pixels a side of a tile; 0 takes images whole.
        """
        model = run.model
        self.multiple = model.multiple
        self._reach: int = model.reach  # type: ignore[attr-defined]  # of models that take styles
        self._tile = -(-tile // self.multiple) * self.multiple
        self._state = devices.replicate(run.state)
        self._encode = devices.pmap_apply(functions.method(model, "encode"))
        self._decode = devices.pmap_apply(functions.method(model, "decode"))

    def encode(self, pixels: np.ndarray) -> np.ndarray:
        """The maps [h, w, C] of an image [H, W, 3], uint8 or in [-1, 1]; `multiple` divides H and W.

        Raises:
          Skipped: the image or a tile is too small for the network, or too large for the memory.
        """
        m, sides = self.multiple, pixels.shape[:2]
        if min(sides) < 2 * m:
            raise Skipped(f"smaller than {m + 1} pixels")
        parts = {}
        for inner, outer in _tiles(sides, self._tile, self._reach):
            maps = self._apply(self._encode, {"image": pixels[outer][None]})
            parts[_start(inner)] = maps[_within(inner, outer, m)]
        return _joined(parts)

    def decode(self, maps: np.ndarray) -> np.ndarray:
        """The image uint8 [H, W, 3] of maps [h, w, C].

        Raises:
          Skipped: a tile is too large for the memory.
        """
        m, parts = self.multiple, {}
        for inner, outer in _tiles(maps.shape[:2], self._tile // self.multiple, self._reach // m):
            image = to_uint8(self._apply(self._decode, {"maps": maps[outer][None]}))
            y, x = _within(inner, outer, 1)
            parts[_start(inner)] = image[y.start * m : y.stop * m, x.start * m : x.stop * m]
        return _joined(parts)

    def moments(self, pixels: np.ndarray) -> style.Moments:
        """The statistics [1, 1, 1, C] of a style, an image [h, w, 3] as for `encode`."""
        return style.moments(jnp.asarray(self.encode(pixels))[None])

    def _apply(self, function, batch):
        try:
            return function(self._state, batch)[0]
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error):
                raise
            raise Skipped("too large for the memory of the device; see --tile") from error


def mixed(
    maps: np.ndarray, styles: Sequence[style.Moments], weights: Sequence[float], alpha: float
) -> np.ndarray:
    """Maps [h, w, C] with the statistics of several styles, weighted, then blended with the maps by alpha."""
    content = jnp.asarray(maps)[None]
    own = style.moments(content)
    parts = [style.adain(content, *moments, own=own) for moments in styles]
    return np.asarray(style.blend(content, style.weighted(parts, weights), alpha)[0])


def by_region(
    maps: np.ndarray, styles: Sequence[style.Moments], regions: np.ndarray, alpha: float
) -> np.ndarray:
    """Maps [h, w, C] in which region k has style k.

    Each region is normalised by its own statistics, not by those of the whole image.

    Args:
      maps: the content's.
      styles: the statistics of each style.
      regions: the number of the style at every position, [h, w].
      alpha: weight of the styled maps against the content's.
    """
    content, styled = jnp.asarray(maps)[None], jnp.zeros((1, *maps.shape))
    for k, moments in enumerate(styles):
        mask = jnp.asarray(regions == k)
        part = style.adain(content, *moments, own=style.moments(content, mask=mask))
        styled = jnp.where(mask[None, ..., None], part, styled)
    return np.asarray(style.blend(content, styled, alpha)[0])


def _tiles(sides: tuple[int, ...], tile: int, reach: int) -> Iterator[tuple[Box, Box]]:
    """The tiles of a plane, and each tile with the `reach` around it that lies in the plane."""
    axes = []
    for side in sides:
        starts = range(0, side, tile or side)
        inner = [slice(first, min(first + (tile or side), side)) for first in starts]
        axes.append([(s, slice(max(s.start - reach, 0), min(s.stop + reach, side))) for s in inner])
    for (y, around_y), (x, around_x) in itertools.product(*axes):
        yield (y, x), (around_y, around_x)


def _within(inner: Box, outer: Box, unit: int) -> Box:
    """The place of a tile in the result that includes its surroundings, in units."""
    y, x = (
        slice((a.start - b.start) // unit, (a.stop - b.start) // unit)
        for a, b in zip(inner, outer, strict=True)
    )
    return y, x


def _start(inner: Box) -> tuple[int, int]:
    return inner[0].start, inner[1].start


def _joined(parts: dict[tuple[int, int], np.ndarray]) -> np.ndarray:
    """Tiles by the place of their corner, as one array."""
    lines = itertools.groupby(sorted(parts), key=lambda place: place[0])
    return np.concatenate([np.concatenate([parts[p] for p in line], 1) for _, line in lines])
