"""Convolutions with fewer products (Toom-Cook, Winograd) for CPUs: constant matrices around one matmul.

Four neighbouring outputs of a filter with r taps are a product of polynomials. Evaluated at 4 + r - 1 points,
they need 4 + r - 1 multiplications instead of 4 r. In two dimensions these are 25 instead of 64 (r = 2) or 36
instead of 144 (r = 3). All steps are products with constant matrices, which XLA:CPU runs as fast as its
matrix product. All derivatives of any order are jax's own. Lavin and Gray 2015 describe stride 1. A strided
convolution is computed as one of stride 1 over the channels of `stride x stride` pixels. A kernel whose size
is no multiple of the stride is padded with zeros.
"""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

# Evaluation points besides infinity, by their number. A search over small fractions found the points of
# least rounding error: at most 2.5 (r = 2) and 4 (r = 3) times the error of a direct float32 sum.
_POINTS = {2: (0, 1), 3: (0, 1, -1), 4: (0, -1, 2, 0.5), 5: (0, 1, -1, 2, -0.5)}
_LARGEST = 16  # most outputs a side if an input pixel has fewer than _MANY products
_MANY = 128 * 128
_WHOLE = 32  # most outputs a side that are transformed at once, since the transforms are dense
_BLOCK = 16  # outputs a side of the blocks into which a larger image is cut
_FEWEST = 16  # least channels on either side; with fewer there is nothing to save
_SHARE = 0.6  # most products, as a share of the direct ones; above it the transforms cost the gain
_MOST = 2**26  # most values of the input or the output; more would take several times their memory
_ROWS = 48  # least tiles in a batch; with fewer, transforming the kernel costs the gain


def pays(shape: tuple[int, ...], kernel_shape: tuple[int, ...], stride: int) -> bool:
    """Whether `conv` supports kernels [k, k, C, D] for outputs [B, h, w, ...] and is faster for them."""
    batch, *sides = shape[:3]
    rows, columns, inputs, outputs = kernel_shape
    taps = -(-rows // stride)
    large = max(sides) > _LARGEST and stride**2 * inputs * outputs < _MANY
    large |= batch * math.prod(sides) * max(inputs, outputs) > _MOST
    if rows != columns or taps not in (2, 3) or large or min(inputs, outputs) < _FEWEST:
        return False
    made = [_Tiles(side, taps) for side in sides]
    products = math.prod(axis.tiles * axis.points * stride for axis in made)
    return products <= _SHARE * math.prod(rows * side for side in sides) and (
        batch * math.prod(axis.tiles for axis in made) >= _ROWS
    )


def conv(
    x: jax.Array, kernel: jax.Array, stride: int, pads: Sequence[tuple[int, int]], mode: str = "constant"
) -> jax.Array:
    """Convolution: [B, H, W, C], [k, k, C, D] -> [B, h, w, D], h = (H + pads - k) // stride + 1.

    Args:
      x: [B, H, W, C].
      kernel: [k, k, C, D], of a shape that `pays` accepts.
      stride: in pixels.
      pads: pixels before and after, for each axis.
      mode: how the pads are filled, see `jnp.pad`.
    """
    batch, _, _, channels = x.shape
    k, outputs, depth = len(kernel), kernel.shape[-1], stride * stride * channels
    taps = -(-k // stride)
    sides = [(side + sum(pad) - k) // stride + 1 for side, pad in zip(x.shape[1:3], pads, strict=True)]
    if max(sides) > _WHOLE:
        return _in_blocks(x, kernel, stride, pads, mode, sides)
    rows, columns = (_Axis(side, taps) for side in sides)
    points = rows.points * columns.points

    # The image is padded or cut to whole tiles, and the kernel to whole strides; the extra taps are zeros.
    taken = [axis.inputs * stride for axis in (rows, columns)]
    after = [n - side - pad[0] for n, side, pad in zip(taken, x.shape[1:3], pads, strict=True)]
    x = x[:, : min(0, after[0]) or None, : min(0, after[1]) or None]
    edges = [(pad[0], max(0, n)) for pad, n in zip(pads, after, strict=True)]
    x = jnp.pad(x, ((0, 0), *edges, (0, 0)), mode)
    kernel = jnp.pad(kernel, ((0, taps * stride - k),) * 2 + ((0, 0),) * 2)

    x = x.reshape(batch, rows.inputs, stride, columns.inputs, stride, channels)
    x = x.transpose(1, 3, 0, 2, 4, 5).reshape(rows.inputs, columns.inputs, -1)
    x = _apply(rows.analysis, columns.analysis, x)
    x = x.reshape(rows.points, rows.tiles, columns.points, columns.tiles, -1).swapaxes(1, 2)

    kernel = kernel.reshape(taps, stride, taps, stride, channels, outputs).swapaxes(1, 2)
    evaluate = jnp.asarray(np.kron(rows.evaluation, columns.evaluation), x.dtype)
    kernel = evaluate @ kernel.reshape(taps * taps, -1)
    y = x.reshape(points, -1, depth) @ kernel.reshape(points, depth, outputs)

    y = y.reshape(rows.points, columns.points, rows.tiles, columns.tiles, -1).swapaxes(1, 2)
    y = y.reshape(rows.points * rows.tiles, columns.points * columns.tiles, -1)
    y = _apply(rows.synthesis, columns.synthesis, y)
    return y.reshape(*y.shape[:2], batch, outputs).transpose(2, 0, 1, 3)


def _in_blocks(x, kernel, stride, pads, mode, sides):
    """`conv` of an image that is cut into blocks, which overlap by what a kernel reaches over their edges."""
    blocks = [side if side <= _WHOLE else _BLOCK for side in sides]
    counts = [-(-side // block) for side, block in zip(sides, blocks, strict=True)]
    x = jnp.pad(x, ((0, 0), *pads, (0, 0)), mode)
    for axis, (count, block) in enumerate(zip(counts, blocks, strict=True), 1):
        step, reach = stride * block, stride * (block - 1) + len(kernel)
        lacking = max(0, step * (count - 1) + reach - x.shape[axis])
        x = jnp.pad(x, [(0, lacking if i == axis else 0) for i in range(4)])
        x = jnp.concatenate(
            [lax.slice_in_dim(x, i * step, i * step + reach, axis=axis) for i in range(count)]
        )
    y = conv(x, kernel, stride, ((0, 0), (0, 0)))
    y = y.reshape(counts[1], counts[0], -1, *y.shape[1:]).transpose(2, 1, 3, 0, 4, 5)
    y = y.reshape(len(y), counts[0] * blocks[0], counts[1] * blocks[1], -1)
    return y[:, : sides[0], : sides[1]]


class _Tiles:
    """How an axis with a given number of outputs is cut into tiles.

    Attributes:
      tile: outputs of each tile; the last tile may have more than are wanted.
      tiles: number of tiles.
      points: products for each tile.
      inputs: input positions, padding included.
    """

    def __init__(self, outputs, taps):
        self.tile = 2 if outputs % 4 in (1, 2) else 4
        self.tiles = -(-outputs // self.tile)
        self.points, self.inputs = self.tile + taps - 1, self.tile * self.tiles + taps - 1


class _Axis(_Tiles):
    """The constant matrices for one spatial axis of a convolution of stride 1.

    Attributes:
      analysis: [points * tiles, inputs], transforms the input.
      evaluation: [points, taps], transforms the kernel.
      synthesis: [outputs, points * tiles], transforms the products into outputs.
    """

    def __init__(self, outputs, taps):
        super().__init__(outputs, taps)
        self.evaluation = _evaluation(self.points, taps)
        interpolation = np.linalg.inv(_evaluation(self.points, self.points)).T
        analysis = np.zeros((self.points, self.tiles, self.inputs))
        for i in range(self.tiles):
            analysis[:, i, self.tile * i : self.tile * i + self.points] = interpolation
        self.analysis = analysis.reshape(-1, self.inputs)
        synthesis = np.einsum("pm,ij->impj", _evaluation(self.points, self.tile), np.eye(self.tiles))
        self.synthesis = synthesis.reshape(self.tile * self.tiles, -1)[:outputs]


def _evaluation(points, terms):
    """Powers of each point, [points, terms]; the last row stands for the point at infinity."""
    finite = np.vander(_POINTS[points - 1], terms, increasing=True)
    return np.vstack([finite, np.eye(terms)[-1]])


def _apply(rows, columns, x):
    """Applies constant matrices [P, H] and [Q, W] to the leading axes: [H, W, L] -> [P, Q, L]."""
    x = (jnp.asarray(rows, x.dtype) @ x.reshape(len(x), -1)).reshape(len(rows), *x.shape[1:])
    # The matrix is repeated for every row, since XLA would transpose x for a single product.
    return jnp.broadcast_to(jnp.asarray(columns, x.dtype), (len(x), *columns.shape)) @ x
