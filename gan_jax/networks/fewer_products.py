"""Convolutions by fewer products (Toom-Cook, Winograd), for CPUs: constant matrices around one matmul.

Four neighbouring outputs of a filter with r taps are polynomial products: evaluated at 4 + r - 1
points they need 4 + r - 1 multiplications instead of 4 r, in two dimensions 25 instead of 64 (r = 2)
or 36 instead of 144 (r = 3). All steps are products with constant matrices, which XLA:CPU runs at the
rate of its matrix product; all derivatives of any order are jax's own. A strided convolution is one
of stride 1 over the channels of `stride x stride` pixels (Lavin and Gray 2015 for stride 1).
"""

import math

import jax
import jax.numpy as jnp
import numpy as np

# Evaluation points besides infinity, by their number: those of least rounding error (a search over
# small fractions); it stays within a factor of 2.5 (r = 2) and 4 (r = 3) of a direct float32 sum's.
_POINTS = {2: (0, 1), 3: (0, 1, -1), 4: (0, -1, 2, 0.5), 5: (0, 1, -1, 2, -0.5)}
_LARGEST = 16  # outputs per side; beyond, the dense transforms cost more than they save, ...
_LARGEST_OF_MANY = 32  # ... unless there are as many products for each input pixel as here:
_MANY = 128 * 128
_FEWEST = 16  # channels on either side, below which there is nothing to save
_ROWS = 32  # tiles in a batch, below which transforming the kernel costs more than is saved


def pays(shape: tuple[int, ...], kernel_shape: tuple[int, ...], stride: int) -> bool:
    """Whether `conv` takes inputs [B, H, W, C] and kernels [k, k, C, D], and is the faster one there."""
    sides = [size / stride for size in shape[1:3]]
    rows, columns, inputs, outputs = kernel_shape
    largest = _LARGEST_OF_MANY if stride**2 * inputs * outputs >= _MANY else _LARGEST
    return (
        rows == columns
        and rows / stride in (2, 3)
        and all(side % 2 == 0 and side <= largest for side in sides)
        and min(inputs, outputs) >= _FEWEST
        and shape[0] * math.prod(side / _tile(side) for side in sides) >= _ROWS
    )


def conv(x: jax.Array, kernel: jax.Array, stride: int, mode: str = "constant") -> jax.Array:
    """'SAME' convolution: [B, H, W, C], [k, k, C, D] -> [B, H / stride, W / stride, D].

    `pays` names the shapes it takes; `mode` is that of `jnp.pad` for the border.
    """
    batch, height, width, channels = x.shape
    outputs, depth = kernel.shape[-1], stride * stride * channels
    taps, before = len(kernel) // stride, (len(kernel) - stride) // 2
    rows, columns = (_Axis(side // stride, taps) for side in (height, width))
    points = rows.points * columns.points

    edges = (before, len(kernel) - stride - before)
    x = jnp.pad(x, ((0, 0), edges, edges, (0, 0)), mode)
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


def conv_transpose(x: jax.Array, kernel: jax.Array, stride: int) -> jax.Array:
    """'SAME' transposed convolution, the adjoint of `conv`: [B, H, W, C] -> [B, sH, sW, D]."""
    batch, height, width, _ = x.shape
    y = jax.ShapeDtypeStruct((batch, stride * height, stride * width, kernel.shape[-1]), x.dtype)
    adjoint = jnp.flip(kernel, (0, 1)).swapaxes(2, 3)
    return jax.linear_transpose(lambda y: conv(y, adjoint, stride), y)(x)[0]


class _Axis:
    """The constant matrices for one spatial axis of a convolution of stride 1.

    Attributes:
      inputs: positions, padding included.
      analysis: [points * tiles, inputs], of the input.
      evaluation: [points, taps], of the kernel.
      synthesis: [outputs, points * tiles], of the products.
    """

    def __init__(self, outputs, taps):
        tile = _tile(outputs)
        self.tiles, self.points, self.inputs = outputs // tile, tile + taps - 1, outputs + taps - 1
        self.evaluation = _evaluation(self.points, taps)
        interpolation = np.linalg.inv(_evaluation(self.points, self.points)).T
        analysis = np.zeros((self.points, self.tiles, self.inputs))
        for i in range(self.tiles):
            analysis[:, i, tile * i : tile * i + self.points] = interpolation
        self.analysis = analysis.reshape(-1, self.inputs)
        synthesis = np.einsum("pm,ij->impj", _evaluation(self.points, tile), np.eye(self.tiles))
        self.synthesis = synthesis.reshape(outputs, -1)


def _tile(outputs):
    return 4 if outputs % 4 == 0 else 2


def _evaluation(points, terms):
    """Powers of each point, [points, terms]; the last row is the point at infinity."""
    finite = np.vander(_POINTS[points - 1], terms, increasing=True)
    return np.vstack([finite, np.eye(terms)[-1]])


def _apply(rows, columns, x):
    """Constant [P, H] and [Q, W] applied to the leading axes: [H, W, L] -> [P, Q, L]."""
    x = (jnp.asarray(rows, x.dtype) @ x.reshape(len(x), -1)).reshape(len(rows), *x.shape[1:])
    # One matrix for every row, as a batch: XLA would otherwise transpose x for a single product.
    return jnp.broadcast_to(jnp.asarray(columns, x.dtype), (len(x), *columns.shape)) @ x
