"""Convolutions that are fast on every backend, pooling, and convolutions of a single position."""

import functools
import operator
from collections.abc import Callable, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax

_LAYOUT = ("NHWC", "HWIO", "NHWC")

# Bilinear algorithms F(2, r) for two outputs of a filter with r taps (Winograd 1980; Lavin and Gray
# 2015): outputs = A [(G taps) * (B inputs)], with r + 1 products instead of 2 r. By r: (A, B, G).
_ALGORITHMS = {
    2: (
        ((1, 1, 0), (0, 1, 1)),
        ((1, -1, 0), (0, 1, 0), (0, -1, 1)),
        ((1, 0), (1, 1), (0, 1)),
    ),
    3: (
        ((1, 1, 1, 0), (0, 1, -1, -1)),
        ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1)),
        ((1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1)),
    ),
}

Initializer = Callable[..., jax.Array]


def conv(x: jax.Array, kernel: jax.Array, stride: int = 1) -> jax.Array:
    if _pays(x.shape, kernel.shape, stride):
        return _by_products(x, kernel, stride)
    return lax.conv_general_dilated(x, kernel, (stride, stride), "SAME", dimension_numbers=_LAYOUT)


def _pays(shape, kernel_shape, stride):
    height, width = shape[1:3]
    k, l, inputs, outputs = kernel_shape
    whole = k == l and k % stride == 0 and height % (2 * stride) == 0 and width % (2 * stride) == 0
    return (
        jax.default_backend() == "cpu" and whole and k // stride in _ALGORITHMS
        and min(inputs, outputs) >= 16
    )


def conv_transpose(x: jax.Array, kernel: jax.Array, stride: int, padding: str = "SAME") -> jax.Array:
    shape = (len(x), stride * x.shape[1], stride * x.shape[2], kernel.shape[3])
    adjoint = jnp.flip(kernel, (0, 1)).swapaxes(2, 3)
    if padding == "SAME" and _pays(shape, adjoint.shape, stride):
        y = jax.ShapeDtypeStruct(shape, x.dtype)
        return jax.linear_transpose(lambda y: _by_products(y, adjoint, stride), y)(x)[0]
    return _direct_transpose(x, kernel, stride, padding)


def _by_products(x, kernel, stride):
    size, height, width, channels = x.shape
    taps = len(kernel) // stride
    out_mix, in_mix, tap_mix = _ALGORITHMS[taps]
    before = (len(kernel) - stride) // 2
    after = len(kernel) - stride - before
    x = jnp.pad(x, ((0, 0), (before, after), (before, after), (0, 0)))
    x = x.reshape(size, height // stride + taps - 1, stride, -1, stride * channels)
    x = x.swapaxes(2, 3).reshape(*x.shape[:2], -1, stride * stride * channels)
    kernel = kernel.reshape(taps, stride, taps, stride * channels, -1)
    kernel = kernel.swapaxes(1, 2).reshape(taps, taps, x.shape[3], -1)
    tiles = (height // stride // 2, width // stride // 2)
    inputs = [_mix(in_mix, _windows(row, tiles[1], taps, 2)) for row in _mix(in_mix, _windows(x, tiles[0], taps, 1))]
    weights = [_mix(tap_mix, row) for row in _mix(tap_mix, kernel)]
    products = [[v @ u for v, u in zip(*rows, strict=True)] for rows in zip(inputs, weights, strict=True)]
    columns = [_mix(out_mix, column) for column in zip(*products, strict=True)]
    rows = [_mix(out_mix, row) for row in zip(*columns, strict=True)]
    y = jnp.stack([jnp.stack(row, 3) for row in rows], 2)
    return y.reshape(size, 2 * tiles[0], 2 * tiles[1], -1)


def _windows(x, tiles, taps, axis):
    return [lax.slice_in_dim(x, o, o + 2 * tiles - 1, 2, axis) for o in range(taps + 1)]


def _mix(matrix, parts):
    return [
        functools.reduce(operator.add, [c * part if c not in (1,) else part for c, part in zip(row, parts, strict=True) if c])
        for row in matrix
    ]


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _direct_transpose(x: jax.Array, kernel: jax.Array, stride: int, padding: str = "SAME") -> jax.Array:
    return lax.conv_general_dilated(
        x,
        kernel,
        window_strides=(1, 1),
        padding=_padding(kernel, stride, padding),
        lhs_dilation=(stride, stride),
        dimension_numbers=_LAYOUT,
    )


def _padding(kernel, stride, padding):
    # lax.conv_transpose's own rule, per spatial dimension: (before, after) of the dilated input.
    def one(k):
        if padding == "VALID":
            total = k + stride - 2 + max(k - stride, 0)
            return k - 1, total - (k - 1)
        total = k + stride - 2
        before = k - 1 if stride > k - 1 else -(-total // 2)
        return before, total - before

    return [one(k) for k in kernel.shape[:2]]


def _adjoint(y, kernel, stride, padding):
    """The ordinary convolution whose input-derivative `conv_transpose` is: [.., D] -> [.., C]."""
    pads = [
        (k - 1 - before, k - 1 - after)
        for k, (before, after) in zip(
            kernel.shape[:2], _padding(kernel, stride, padding), strict=True
        )
    ]
    flipped = jnp.flip(kernel, (0, 1)).swapaxes(2, 3)
    return lax.conv_general_dilated(y, flipped, (stride, stride), pads, dimension_numbers=_LAYOUT)


def _forward(x, kernel, stride, padding):
    return _direct_transpose(x, kernel, stride, padding), (x, kernel)


def _backward(stride, padding, residuals, cotangent):
    x, kernel = residuals
    d_x, pullback = jax.vjp(lambda k: _adjoint(cotangent, k, stride, padding), kernel)
    # <cotangent, T x> = <adjoint(cotangent), x>, so the kernel's derivative is that of the adjoint
    # with the roles of input and cotangent swapped.
    return d_x, pullback(x)[0]


_direct_transpose.defvjp(_forward, _backward)


class Conv(nn.Module):
    """`nn.Conv` of the same parameters, by `conv`."""

    features: int
    kernel_size: int = 3
    stride: int = 1
    use_bias: bool = True
    kernel_init: Initializer = nn.initializers.lecun_normal()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Applies the layer."""
        k = self.kernel_size
        kernel = self.param("kernel", self.kernel_init, (k, k, x.shape[-1], self.features))
        x = conv(x, kernel, self.stride)
        if self.use_bias:
            x = x + self.param("bias", nn.initializers.zeros, (self.features,))
        return x


class ConvTranspose(nn.Module):
    """`nn.ConvTranspose` of the same parameters, by `conv_transpose`: [B, H, W, C] -> [B, sH, sW, D]."""

    features: int
    kernel_size: int = 4
    stride: int = 2
    use_bias: bool = True
    kernel_init: Initializer = nn.initializers.lecun_normal()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Applies the layer."""
        k = self.kernel_size
        kernel = self.param("kernel", self.kernel_init, (k, k, x.shape[-1], self.features))
        x = conv_transpose(x, kernel, self.stride)
        if self.use_bias:
            x = x + self.param("bias", nn.initializers.zeros, (self.features,))
        return x


class Project(nn.Module):
    """Transposed convolution of one position, as a matrix product: [B, d] -> [B, k, k, D]."""

    features: int
    kernel_size: int = 4
    kernel_init: Initializer = nn.initializers.lecun_normal()

    @nn.compact
    def __call__(self, z: jax.Array) -> jax.Array:
        """Applies the layer; it has no bias, since normalisation follows."""
        k = self.kernel_size
        kernel = self.param("kernel", self.kernel_init, (k, k, z.shape[-1], self.features))
        return jnp.einsum("bc,ijcd->bijd", z, kernel)


class Collapse(nn.Module):
    """Convolution of a kernel as large as its input, as a matrix product: [B, H, W, C] -> [B, D]."""

    features: int
    kernel_init: Initializer = nn.initializers.lecun_normal()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Applies the layer, with bias."""
        kernel = self.param("kernel", self.kernel_init, (*x.shape[1:], self.features))
        bias = self.param("bias", nn.initializers.zeros, (self.features,))
        return jnp.einsum("bijc,ijcd->bd", x, kernel) + bias


def max_pool(x: jax.Array, window: int) -> jax.Array:
    """Maximum over windows that do not overlap: [B, H, W, C] -> [B, H / window, W / window, C].

    Written as a reduction, whose gradient is many times faster on a CPU than that of a sliding
    window; equal maxima of a window share the gradient.
    """
    size, height, width, channels = x.shape
    x = x.reshape(size, height // window, window, width // window, window, channels)
    return x.max(axis=(2, 4))
