"""Tiles of a spatial axis, for convolutions with fewer products (Toom-Cook, Winograd).

m neighbouring outputs of a filter with r taps are a product of polynomials. Evaluated at m + r - 1 points,
they need m + r - 1 multiplications instead of m r. For m = 4 in two dimensions, these are 25 instead of
64 (r = 2) or 36 instead of 144 (r = 3). Lavin and Gray 2015 describe it. For inputs d, a kernel g and the
matrices of `Axis`, the outputs of a tile are

    y = synthesis ((analysis d) * (evaluation g)).

The tiles of inputs overlap by r - 1 positions.
"""

import math
from collections.abc import Sequence

import jax
import numpy as np
from jax import lax

# Evaluation points besides infinity, by their number. A search over small fractions found the points of
# least rounding error: at most 2.5 (r = 2) and 4 (r = 3) times the error of a direct float32 sum.
_POINTS = {2: (0, 1), 3: (0, 1, -1), 4: (0, -1, 2, 0.5), 5: (0, 1, -1, 2, -0.5)}
_MANY = 128  # least tiles of four outputs a side; with fewer, mixing the kernel costs more than twos do


def cut(batch: int, sides: Sequence[int], taps: int) -> list["Axis"]:
    """How the axes of a batch of outputs are cut: with the fewest products, or in twos where few tiles arise.

    Args:
      batch: number of images.
      sides: outputs along each axis.
      taps: of the kernel, r.
    """
    best = [
        min((Axis(side, taps, 2), Axis(side, taps, 4)), key=lambda axis: axis.points * axis.tiles)
        for side in sides
    ]
    if batch * math.prod(axis.tiles for axis in best) >= _MANY:
        return best
    return [Axis(side, taps, 2) for side in sides]


class Axis:
    """One spatial axis of a convolution of stride 1 that is cut into tiles.

    Attributes:
      outputs: number of outputs.
      tile: outputs of each tile; the last tile may have more than are wanted.
      tiles: number of tiles.
      points: products for each tile.
      inputs: input positions, padding included.
    """

    def __init__(self, outputs: int, taps: int, tile: int):
        """An axis of `outputs` for kernels of `taps`, cut into tiles of `tile` outputs."""
        self.outputs, self.taps, self.tile = outputs, taps, tile
        self.tiles = -(-outputs // tile)
        self.points, self.inputs = tile + taps - 1, tile * self.tiles + taps - 1

    @property
    def analysis(self) -> np.ndarray:
        """[points, points], turns the inputs of a tile into values at the points."""
        exact = np.linalg.inv(_evaluation(self.points, self.points)).T
        return np.where(np.abs(exact) < 1e-9, 0, exact)

    @property
    def evaluation(self) -> np.ndarray:
        """[points, taps], turns a kernel into values at the points."""
        return _evaluation(self.points, self.taps)

    @property
    def synthesis(self) -> np.ndarray:
        """[tile, points], turns products at the points into the outputs of a tile."""
        return _evaluation(self.points, self.tile).T

    def every(self, x: jax.Array, i: int, axis: int) -> jax.Array:
        """The i-th input of every tile, along an axis of `inputs` positions."""
        return lax.slice_in_dim(x, i, i + self.tile * (self.tiles - 1) + 1, self.tile, axis)


def _evaluation(points, terms):
    """Powers of each point, [points, terms]; the last row stands for the point at infinity."""
    finite = np.vander(_POINTS[points - 1], terms, increasing=True)
    return np.vstack([finite, np.eye(terms)[-1]])
