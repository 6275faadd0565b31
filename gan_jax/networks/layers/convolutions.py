"""Convolution and its transpose, with fast passes on a CPU for values and all derivatives."""

import contextlib
import contextvars
import functools
import itertools
import math
from collections.abc import Iterator

import jax
import jax.numpy as jnp
from jax import lax

from gan_jax.networks.layers import fewer_products

_LAYOUT = ("NHWC", "HWIO", "NHWC")
# Gathering patches pays when one side has 4 times the channels of the other, or when B h w <= 4 min(C, D).
_NARROW = 4
_PIXELS = 4
_MANY_PIXELS = 2048  # B h w from which matrix products find a kernel's derivative faster
_WIDE = 128  # channels with which copies for a product of several taps cost more than the product gains

Padding = str | int

_PORTABLE = contextvars.ContextVar("_PORTABLE", default=False)


@contextlib.contextmanager
def portable() -> Iterator[None]:
    """Traces XLA's own convolutions on every platform, for programs that run on another one.

    The fast passes of a CPU also need to know the number of images, which such a program leaves open.
    """
    token = _PORTABLE.set(True)
    try:
        yield
    finally:
        _PORTABLE.reset(token)


def conv(x: jax.Array, kernel: jax.Array, stride: int = 1, padding: Padding = "SAME") -> jax.Array:
    """Convolution: [B, H, W, C], [k, k, C, D] -> [B, h, w, D].

    Reverse-mode derivatives may be nested to any order, as gradient penalties need. Forward mode is not
    supported.

    Args:
      x: [B, H, W, C].
      kernel: [k, k, C, D].
      stride: in pixels.
      padding: 'SAME' pads with zeros to h = H / stride. 'REFLECT' mirrors (k - 1) / 2 pixels about the
        outermost pixels on every side, h = H; k must be odd and the stride 1. A number p pads p zeros on
        every side, as torch does, h = (H + 2 p - k) // stride + 1. For k = 3 and stride 2, p = 1 differs from
        'SAME'.

    Raises:
      ValueError: 'REFLECT' with another kernel or stride, or with an image no larger than its border.
    """
    mode = "constant"
    if padding == "REFLECT":
        _check_reflection(x, kernel, stride)
        padding, mode = len(kernel) // 2, "reflect"
    pads = _pads(x.shape[1:3], kernel, stride, padding)
    rows, columns = (
        (side + sum(pad) - k) // stride + 1
        for side, pad, k in zip(x.shape[1:3], pads, kernel.shape[:2], strict=True)
    )
    if _fast(x) and fewer_products.pays((len(x), rows, columns), kernel.shape, stride):
        return fewer_products.conv(x, kernel, stride, pads, mode)
    if mode == "reflect":
        x, pads = jnp.pad(x, ((0, 0), *pads, (0, 0)), mode), ((0, 0), (0, 0))
    if _on_cpu() and _heavy(kernel, len(x) * rows * columns):
        return _gathered(x, kernel, stride, pads, rows, columns)
    return _down(x, kernel, stride, pads)


def conv_transpose(
    x: jax.Array, kernel: jax.Array, stride: int, padding: Padding = "SAME", output_padding: int = 0
) -> jax.Array:
    """Transposed convolution, equal to `lax.conv_transpose` and faster on a CPU.

    Reverse-mode derivatives may be nested to any order. Forward mode is not supported.

    Args:
      x: [B, H, W, C].
      kernel: [k, k, C, D].
      stride: factor between input and output positions.
      padding: 'SAME' gives [B, stride H, stride W, D]. 'VALID' gives [B, stride H + max(k - stride, 0), ...].
        A number p gives what torch's layer with that padding gives, [B, stride (H - 1) + k - 2 p + o, ...].
      output_padding: o, if the padding is a number.
    """
    sides, pads = [], []
    for k, small in zip(kernel.shape[:2], x.shape[1:3], strict=True):
        before, after = _transposed_padding(k, stride, padding, output_padding)
        sides.append(stride * (small - 1) + before + after - k + 2)
        pads.append((k - 1 - before, k - 1 - after))
    adjoint = jnp.flip(kernel, (0, 1)).swapaxes(2, 3)
    whole = min(map(min, pads)) >= 0
    if _fast(x) and whole and fewer_products.pays(x.shape, adjoint.shape, stride):
        return fewer_products.adjoint(x, adjoint, stride, pads, sides)
    if _on_cpu() and whole and _heavy(kernel, math.prod(x.shape[:3])):
        down = lambda image: _gathered(image, adjoint, stride, pads, *x.shape[1:3])  # noqa: E731
        image = jax.ShapeDtypeStruct((len(x), *sides, kernel.shape[3]), x.dtype)
        return jax.linear_transpose(down, image)(x)[0]
    return _up(x, adjoint, stride, tuple(pads), tuple(sides))


def _heavy(kernel, pixels):
    return pixels <= _PIXELS * min(kernel.shape[2:])


def _gathered(x, kernel, stride, pads, rows, columns):
    """Convolution as one matrix product of patches, the fastest way for small images and many channels."""
    x = jnp.pad(x, ((0, 0), *pads, (0, 0)))
    taps = itertools.product(*map(range, kernel.shape[:2]))
    parts = [x[:, i::stride, j::stride][:, :rows, :columns] for i, j in taps]
    return jnp.concatenate(parts, -1) @ kernel.reshape(-1, kernel.shape[-1])


def _on_cpu():
    return jax.default_backend() == "cpu" and not _PORTABLE.get()


def _fast(x):
    # The transforms around the products need more digits than 16 bits have.
    return _on_cpu() and x.dtype.itemsize > 2


def _check_reflection(x, kernel, stride):
    k = len(kernel)
    if k % 2 == 0 or stride != 1 or k // 2 >= min(x.shape[1:3]):
        found = f"kernel {k}, stride {stride} and images {x.shape[1:3]}"
        raise ValueError(
            f"padding='REFLECT' takes odd kernels, stride 1 and images larger than its border; found {found}"
        )


def _pads(sides, kernel, stride, padding):
    if padding == "SAME":
        return tuple(lax.padtype_to_pads(sides, kernel.shape[:2], (stride, stride), "SAME"))
    return ((padding, padding),) * 2


def _transposed_padding(k, stride, padding, extra):
    """Zeros before and after the dilated input: lax.conv_transpose's own rule, or torch's."""
    if not isinstance(padding, str):
        return k - 1 - padding, k - 1 - padding + extra
    if padding == "VALID":
        return k - 1, stride - 1 + max(k - stride, 0)
    total = k + stride - 2
    before = k - 1 if stride > k - 1 else -(-total // 2)
    return before, total - before


# `_down` and `_up` are adjoint to each other in the image. The kernel derivative of either is that of
# `_down`. Derivatives of any order therefore consist of three passes. For transposed layers and for every
# gradient penalty, jax itself would derive the kernel derivative of a dilated convolution. XLA takes 10 to
# 60 times as long for it on a CPU: where the window of a convolution is larger than its input, XLA swaps
# the two and misses its fast path. The three passes here avoid this case.


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _down(x, kernel, stride, pads):
    """Convolution: [B, H, W, C], [k, k, C, D] -> [B, h, w, D]."""
    return _xla(x, kernel, pads, stride=stride)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3, 4))
def _up(y, kernel, stride, pads, sides):
    """The adjoint of `_down` for images of `sides` pixels: [B, h, w, D], [k, k, C, D] -> [B, H, W, C]."""
    dilated = []
    for k, (before, _), side, small in zip(kernel.shape, pads, sides, y.shape[1:3], strict=False):
        dilated.append((k - 1 - before, side + before - (stride * (small - 1) + 1)))
    return _xla(y, jnp.flip(kernel, (0, 1)).swapaxes(2, 3), dilated, dilation=stride)


def _xla(x, window, pads, stride=1, dilation=1):
    """XLA's own convolution; `dilation` is the distance of neighbouring input pixels."""
    rows = None
    if _on_cpu():
        x, pads = _with_zeros(x, window, pads, dilation)
        if not any(map(any, pads)) and dilation == 1 and 1 < len(window) < x.shape[1] / 2:
            # XLA is up to 6 times slower without any padding, so one row too many is computed.
            rows = 1 + (x.shape[1] - len(window)) // stride
            pads = ((0, stride), (0, 0))
    y = lax.conv_general_dilated(
        x,
        window,
        window_strides=(stride, stride),
        padding=pads,
        lhs_dilation=(dilation, dilation),
        dimension_numbers=_LAYOUT,
    )
    return y[:, :rows]


def _with_zeros(x, window, pads, dilation):
    """Input and padding, with zeros moved from the padding into x until x is as large as the window."""
    lacking = [max(0, k - side) for k, side in zip(window.shape[:2], x.shape[1:3], strict=True)]
    if not any(lacking):
        return x, pads
    before = [min(n, pad // dilation) for n, (pad, _) in zip(lacking, pads, strict=True)]
    zeros = [(first, n - first) for first, n in zip(before, lacking, strict=True)]
    pads = [
        tuple(p - dilation * z for p, z in zip(*both, strict=True)) for both in zip(pads, zeros, strict=True)
    ]
    # The barrier keeps XLA from taking the zeros back into the padding.
    return lax.optimization_barrier(jnp.pad(x, ((0, 0), *zeros, (0, 0)))), pads


def _by_kernel(x, y, kernel, stride, pads):
    """The derivative of <y, _down(x, kernel)> with respect to the kernel, [k, k, C, D]."""
    if _on_cpu() and stride == 1 and _NARROW * y.shape[-1] <= x.shape[-1]:
        # y has fewer channels, so the window is gathered from y; the offsets then run backwards.
        k = kernel.shape[:2]
        around = [(n - 1 - before, n - 1 - after) for n, (before, after) in zip(k, pads, strict=True)]
        y, x = y.transpose(3, 1, 2, 0), x.transpose(1, 2, 0, 3)
        return jnp.flip(_xla(y, x, around), (1, 2)).transpose(1, 2, 3, 0)

    if _on_cpu() and math.prod(y.shape[:3]) >= _MANY_PIXELS:
        return _products(x, y, kernel, stride, pads)

    def down(kernel):
        strides = (stride, stride)
        return lax.conv_general_dilated(x, kernel, strides, pads, dimension_numbers=_LAYOUT)

    return jax.linear_transpose(down, kernel)(y)[0]


def _products(x, y, kernel, stride, pads):
    """`_by_kernel` as one matrix product for each row of the kernel, or for each tap if x has many channels.

    XLA takes a convolution whose window is the whole image. It is 2 to 8 times slower for many pixels.
    """
    taps, columns, channels, outputs = kernel.shape
    rows, width = (stride * (side - 1) + 1 for side in y.shape[1:3])
    x = lax.pad(x, jnp.zeros((), x.dtype), ((0, 0, 0), *((*pad, 0) for pad in pads), (0, 0, 0)))
    shifted = [x[:, :, j : j + width : stride] for j in range(columns)]
    if channels < _WIDE:
        shifted = [jnp.concatenate(shifted, -1)]
    y = y.reshape(-1, outputs)
    found = [part[:, i : i + rows : stride] for i in range(taps) for part in shifted]
    found = [part.reshape(len(y), -1).T @ y for part in found]
    return jnp.concatenate(found).reshape(kernel.shape)


def _down_forward(x, kernel, stride, pads):
    return _down(x, kernel, stride, pads), (x, kernel)


def _down_backward(stride, pads, residuals, slope):
    x, kernel = residuals
    return _up(slope, kernel, stride, pads, x.shape[1:3]), _by_kernel(x, slope, kernel, stride, pads)


def _up_forward(y, kernel, stride, pads, sides):
    return _up(y, kernel, stride, pads, sides), (y, kernel)


def _up_backward(stride, pads, sides, residuals, slope):
    del sides
    y, kernel = residuals
    return _down(slope, kernel, stride, pads), _by_kernel(slope, y, kernel, stride, pads)


_down.defvjp(_down_forward, _down_backward)
_up.defvjp(_up_forward, _up_backward)
