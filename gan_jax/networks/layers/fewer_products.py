"""Convolutions with fewer products (Toom-Cook, Winograd) for CPUs: mixtures around one matrix product.

`tiles` explains the algorithm. The mixtures are sums of a few whole maps, which XLA:CPU computes as fast as
memory delivers them. The products of all tiles and channels are one batched matrix product. A strided
convolution is computed as one of stride 1 over the channels of `stride x stride` pixels. A kernel whose size
is no multiple of the stride is padded with zeros.
"""

import functools
import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from gan_jax.networks.layers import tiles

_FEWEST = 16  # least channels on either side; with fewer there is nothing to save
_SHARE = 0.65  # most products, as a share of the direct ones; above it the mixtures cost the gain
_MOST = 2**26  # most values of the input or the output; more would take several times their memory
_ROWS = 48  # least tiles in a batch; with fewer, mixing the kernel costs the gain
_NONE = ((0, 0), (0, 0))  # pads


def pays(shape: tuple[int, ...], kernel_shape: tuple[int, ...], stride: int) -> bool:
    """Whether `conv` supports kernels [k, k, C, D] for outputs [B, h, w, ...] and is faster for them."""
    batch, *sides = shape[:3]
    rows, columns, inputs, outputs = kernel_shape
    taps = -(-rows // stride)
    large = batch * math.prod(sides) * max(inputs, outputs) > _MOST
    if rows != columns or taps not in (2, 3) or large or min(inputs, outputs) < _FEWEST:
        return False
    cuts = tiles.cut(batch, sides, taps)
    products = math.prod(axis.tiles * axis.points * stride for axis in cuts)
    return products <= _SHARE * math.prod(rows * side for side in sides) and (
        batch * math.prod(axis.tiles for axis in cuts) >= _ROWS
    )


def conv(
    x: jax.Array, kernel: jax.Array, stride: int, pads: Sequence[tuple[int, int]], mode: str = "constant"
) -> jax.Array:
    """Convolution: [B, H, W, C], [k, k, C, D] -> [B, h, w, D], h = (H + pads - k) // stride + 1.

    Reverse-mode derivatives may be nested to any order. Forward mode is not supported.

    Args:
      x: [B, H, W, C].
      kernel: [k, k, C, D], of a shape that `pays` accepts.
      stride: in pixels.
      pads: pixels before and after, for each axis.
      mode: how the pads are filled, see `jnp.pad`.
    """
    if stride == 1 and mode == "constant":
        return _conv(x, kernel, tuple(pads))
    k, taps = len(kernel), -(-len(kernel) // stride)
    edges = []
    for side, (before, after) in zip(x.shape[1:3], pads, strict=True):
        # The image gets whole strides. Its extra pixels meet the extra taps of the kernel, which are zeros.
        whole = stride * ((side + before + after - k) // stride + taps)
        edges.append((before, whole - side - before))
    x = x[:, : min(0, edges[0][1]) or None, : min(0, edges[1][1]) or None]
    x = jnp.pad(x, ((0, 0), *((before, max(0, after)) for before, after in edges), (0, 0)), mode)
    return _conv(_to_depth(x, stride), _kernel_to_depth(kernel, stride), _NONE)


def adjoint(
    y: jax.Array, kernel: jax.Array, stride: int, pads: Sequence[tuple[int, int]], sides: Sequence[int]
) -> jax.Array:
    """The adjoint of `conv` in its image, for pads of zeros: [B, h, w, D], [k, k, C, D] -> [B, *sides, C].

    Args:
      y: [B, h, w, D].
      kernel: [k, k, C, D], of a shape that `pays` accepts for outputs [B, h, w, D].
      stride: in pixels, of `conv`.
      pads: pixels before and after, for each axis, of `conv`.
      sides: height and width of the image.
    """
    if stride == 1:
        return _adjoint(y, kernel, tuple(pads), tuple(sides))
    taps = -(-len(kernel) // stride)
    whole = tuple(side + taps - 1 for side in y.shape[1:3])
    x = _from_depth(_adjoint(y, _kernel_to_depth(kernel, stride), _NONE, whole), stride)
    return _padded(x, [-before for before, _ in pads], sides)


def _to_depth(x, stride):
    """[B, s H, s W, C] -> [B, H, W, s s C]."""
    batch, height, width, channels = x.shape
    x = x.reshape(batch, height // stride, stride, width // stride, stride, channels)
    return x.swapaxes(2, 3).reshape(batch, height // stride, width // stride, -1)


def _from_depth(x, stride):
    """[B, H, W, s s C] -> [B, s H, s W, C]."""
    batch, height, width, depth = x.shape
    x = x.reshape(batch, height, width, stride, stride, depth // stride**2)
    return x.swapaxes(2, 3).reshape(batch, height * stride, width * stride, -1)


def _kernel_to_depth(kernel, stride):
    """[k, k, C, D] -> [r, r, s s C, D], with taps of zeros after the last if k < r s."""
    k, taps = len(kernel), -(-len(kernel) // stride)
    kernel = jnp.pad(kernel, ((0, taps * stride - k),) * 2 + ((0, 0),) * 2)
    kernel = kernel.reshape(taps, stride, taps, stride, *kernel.shape[2:])
    return kernel.swapaxes(1, 2).reshape(taps, taps, -1, kernel.shape[-1])


# Each of `_conv`, `_adjoint` and `_by_kernel` is linear in either argument. The derivatives of each are the
# other two, so derivatives of any order consist of the three.


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def _conv(x, kernel, pads):
    """Convolution of stride 1: [B, H, W, C], [r, r, C, D] -> [B, h, w, D], h = H + pads - r + 1."""
    batch, taps, outputs = len(x), len(kernel), kernel.shape[-1]
    sides = [side + sum(pad) - taps + 1 for side, pad in zip(x.shape[1:3], pads, strict=True)]
    rows, columns = tiles.cut(batch, sides, taps)
    x = _analysed(x, rows, columns, pads)
    y = x @ _evaluated(kernel, rows, columns)
    y = _mixtures(columns.synthesis, list(y.reshape(columns.points, rows.points, -1, outputs)))
    y = _mixtures(rows.synthesis, [y[:, p] for p in range(rows.points)])
    y = y.reshape(rows.tile, columns.tile, batch, rows.tiles, columns.tiles, outputs)
    return _joined(y)[:, : rows.outputs, : columns.outputs]


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _adjoint(y, kernel, pads, sides):
    """The adjoint of `_conv` in its image: [B, h, w, D], [r, r, C, D] -> [B, *sides, C]."""
    batch, taps, channels = len(y), len(kernel), kernel.shape[2]
    rows, columns = tiles.cut(batch, y.shape[1:3], taps)
    y = _spread(y, rows, columns)
    kernel = _evaluated(kernel, rows, columns)
    x = jnp.einsum("ptd,pcd->ptc", y, kernel)
    x = x.reshape(columns.points, rows.points, batch, rows.tiles, columns.tiles, channels)
    x = _overlapping(columns, list(x), 3)
    x = _overlapping(rows, [x[:, p] for p in range(rows.points)], 2)
    return _padded(_joined(x), [-before for before, _ in pads], sides)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _by_kernel(x, y, taps, pads):
    """The derivative of <y, _conv(x, kernel, pads)> with respect to the kernel, [r, r, C, D]."""
    rows, columns = tiles.cut(len(x), y.shape[1:3], taps)
    x, y = _analysed(x, rows, columns, pads), _spread(y, rows, columns)
    kernel = jnp.einsum("ptc,ptd->pcd", x, y)
    kernel = _evaluation_of_both(rows, columns, x.dtype).T @ kernel.reshape(len(kernel), -1)
    return kernel.reshape(taps, taps, x.shape[-1], y.shape[-1])


def _evaluated(kernel, rows, columns):
    """The values of a kernel at the evaluation points, [columns' points x rows' points, C, D]."""
    values = _evaluation_of_both(rows, columns, kernel.dtype) @ kernel.reshape(len(kernel) ** 2, -1)
    return values.reshape(-1, *kernel.shape[2:])


def _evaluation_of_both(rows, columns, dtype):
    """[columns' points x rows' points, r r], turns a kernel into its values."""
    both = np.einsum("qj,pi->qpij", columns.evaluation, rows.evaluation)
    return jnp.asarray(both.reshape(columns.points * rows.points, -1), dtype)


def _analysed(x, rows, columns, pads):
    """The inputs of all tiles at the evaluation points, [columns' points x rows' points, B tiles, C]."""
    x = _padded(x, [before for before, _ in pads], (rows.inputs, columns.inputs))
    x = _mixtures(rows.analysis, [rows.every(x, i, axis=1) for i in range(rows.points)])
    x = _mixtures(columns.analysis, [columns.every(x, j, axis=3) for j in range(columns.points)])
    return x.reshape(columns.points * rows.points, -1, x.shape[-1])


def _spread(y, rows, columns):
    """The adjoint of the synthesis: [B, h, w, D] -> [columns' points x rows' points, B tiles, D]."""
    y = _padded(y, (0, 0), (rows.tile * rows.tiles, columns.tile * columns.tiles))
    y = _mixtures(rows.synthesis.T, [y[:, i :: rows.tile] for i in range(rows.tile)])
    y = _mixtures(columns.synthesis.T, [y[..., j :: columns.tile, :] for j in range(columns.tile)])
    return y.reshape(columns.points * rows.points, -1, y.shape[-1])


def _overlapping(axis, parts, axis_number):
    """The adjoint of the analysis: the inputs of all tiles, which are added where two tiles overlap.

    The result is stacked by the place in a tile, and has one tile more than the parts.
    """
    found = []
    for place in range(axis.tile):
        own = _with_zeros(_mixture(axis.analysis[:, place].tolist(), parts), (0, 1), axis_number)
        if place < axis.taps - 1:
            before = _mixture(axis.analysis[:, axis.tile + place].tolist(), parts)
            own += _with_zeros(before, (1, 0), axis_number)
        found.append(own)
    return jnp.stack(found)


def _with_zeros(x, counts, axis):
    return jnp.pad(x, [counts if i == axis else (0, 0) for i in range(x.ndim)])


def _joined(parts):
    """[tile, tile, B, tiles, tiles, C] -> [B, H, W, C]."""
    tile, _, batch, rows, _, channels = parts.shape
    return parts.transpose(2, 3, 0, 4, 1, 5).reshape(batch, rows * tile, -1, channels)


def _padded(x, before, sides):
    """Puts zeros before the pixels, and after them up to `sides`; negative numbers cut pixels."""
    edges = [(first, side - first - n, 0) for first, side, n in zip(before, sides, x.shape[1:3], strict=True)]
    return lax.pad(x, jnp.zeros((), x.dtype), ((0, 0, 0), *edges, (0, 0, 0)))


def _mixtures(coefficients, parts):
    """sum_i coefficients[p, i] parts[i] for every p, stacked."""
    return jnp.stack([_mixture(row, parts) for row in coefficients.tolist()])


def _mixture(row, parts):
    terms = [part if c == 1 else c * part for c, part in zip(row, parts, strict=True) if c]
    return functools.reduce(jnp.add, terms)


def _conv_forward(x, kernel, pads):
    return _conv(x, kernel, pads), (x, kernel)


def _conv_backward(pads, residuals, slope):
    x, kernel = residuals
    return _adjoint(slope, kernel, pads, x.shape[1:3]), _by_kernel(x, slope, len(kernel), pads)


def _adjoint_forward(y, kernel, pads, sides):
    return _adjoint(y, kernel, pads, sides), (y, kernel)


def _adjoint_backward(pads, sides, residuals, slope):
    del sides
    y, kernel = residuals
    return _conv(slope, kernel, pads), _by_kernel(slope, y, len(kernel), pads)


def _by_kernel_forward(x, y, taps, pads):
    return _by_kernel(x, y, taps, pads), (x, y)


def _by_kernel_backward(taps, pads, residuals, slope):
    del taps
    x, y = residuals
    return _adjoint(y, slope, pads, x.shape[1:3]), _conv(x, slope, pads)


_conv.defvjp(_conv_forward, _conv_backward)
_adjoint.defvjp(_adjoint_forward, _adjoint_backward)
_by_kernel.defvjp(_by_kernel_forward, _by_kernel_backward)
