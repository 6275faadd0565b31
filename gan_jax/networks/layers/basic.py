"""Layers: convolutions as linen modules, some of them as matrix products, and norms and pooling."""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.layers.convolutions import Padding, conv, conv_transpose
from gan_jax.networks.layers.initializers import Initializer
from gan_jax.ops.precision import factors


class Dense(nn.Module):
    """A dense layer with the parameters and the arithmetic of `nn.Dense`: [..., C] -> [..., D].

    With `exact` the layer computes in float32 under every policy of `ops.precision`. The other layers of this
    file have the same field.
    """

    features: int
    use_bias: bool = True
    kernel_init: Initializer = nn.initializers.lecun_normal()
    exact: bool = False

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Applies the layer."""
        kernel = self.param("kernel", self.kernel_init, (x.shape[-1], self.features))
        x, kernel = factors(x, kernel, exact=self.exact)
        x = jax.lax.dot_general(x, kernel, (((x.ndim - 1,), (0,)), ((), ())))
        return biased(self, x, (1,) * (x.ndim - 1) + (-1,)) if self.use_bias else x


class Conv(nn.Module):
    """A convolution with the parameters of `nn.Conv`: [B, H, W, C] -> [B, H / stride, W / stride, D].

    It calls `conv`, which is faster than `nn.Conv` on a CPU.
    """

    features: int
    kernel_size: int = 3
    stride: int = 1
    use_bias: bool = True
    kernel_init: Initializer = nn.initializers.lecun_normal()
    padding: Padding = "SAME"
    exact: bool = False

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Applies the layer."""
        k = self.kernel_size
        kernel = self.param("kernel", self.kernel_init, (k, k, x.shape[-1], self.features))
        x, kernel = factors(x, kernel, exact=self.exact)
        x = conv(x, kernel, self.stride, self.padding)
        return biased(self, x) if self.use_bias else x


class ConvTranspose(nn.Module):
    """A transposed convolution with the parameters of `nn.ConvTranspose`: [B, H, W, C] -> [B, sH, sW, D].

    It calls `conv_transpose`, which is faster than `nn.ConvTranspose` on a CPU.
    """

    features: int
    kernel_size: int = 4
    stride: int = 2
    use_bias: bool = True
    kernel_init: Initializer = nn.initializers.lecun_normal()
    padding: Padding = "SAME"
    output_padding: int = 0

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Applies the layer."""
        k = self.kernel_size
        kernel = self.param("kernel", self.kernel_init, (k, k, x.shape[-1], self.features))
        x, kernel = factors(x, kernel)
        x = conv_transpose(x, kernel, self.stride, self.padding, self.output_padding)
        return biased(self, x) if self.use_bias else x


class Project(nn.Module):
    """A transposed convolution of a single position, as a matrix product: [B, d] -> [B, k, k, D]."""

    features: int
    kernel_size: int = 4
    kernel_init: Initializer = nn.initializers.lecun_normal()

    @nn.compact
    def __call__(self, z: jax.Array) -> jax.Array:
        """Applies the layer. It has no bias, since a normalisation follows."""
        k = self.kernel_size
        kernel = self.param("kernel", self.kernel_init, (k, k, z.shape[-1], self.features))
        return jnp.einsum("bc,ijcd->bijd", *factors(z, kernel))


class Collapse(nn.Module):
    """A convolution whose kernel is as large as its input, as a matrix product: [B, H, W, C] -> [B, D]."""

    features: int
    use_bias: bool = True
    kernel_init: Initializer = nn.initializers.lecun_normal()
    exact: bool = False

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Applies the layer."""
        kernel = self.param("kernel", self.kernel_init, (*x.shape[1:], self.features))
        x = jnp.einsum("bijc,ijcd->bd", *factors(x, kernel, exact=self.exact))
        return biased(self, x) if self.use_bias else x


def biased(layer: nn.Module, x: jax.Array, shape: tuple[int, ...] = ()) -> jax.Array:
    """`x` [..., D] plus the parameter `bias` [D] of a layer, in the type of `x`.

    The bias first takes the given shape, if any.
    """
    bias = layer.param("bias", nn.initializers.zeros, x.shape[-1:]).astype(x.dtype)
    return x + (bias.reshape(shape) if shape else bias)


def beside(x: jax.Array, condition: jax.Array | None) -> jax.Array:
    """Appends a condition [B, K] to images as K constant planes, or to vectors as K columns.

    If the condition is None, `x` is returned as it is.
    """
    if condition is None:
        return x
    if x.ndim == 4:
        condition = jnp.broadcast_to(condition[:, None, None], (*x.shape[:3], condition.shape[-1]))
    return jnp.concatenate([x, condition.astype(x.dtype)], axis=-1)


def max_pool(x: jax.Array, window: int) -> jax.Array:
    """Maximum over windows that do not overlap: [B, H, W, C] -> [B, H / window, W / window, C].

    The maximum is taken over strided slices. Their gradient is 5 to 20 times faster on a CPU than that of
    `nn.max_pool`. Equal maxima of a window share the gradient.
    """
    rows = largest([x[:, i::window] for i in range(window)])
    return largest([rows[:, :, i::window] for i in range(window)])


def largest(parts: Sequence[jax.Array]) -> jax.Array:
    """The maximum of arrays of one shape, element by element; equal maxima share the gradient.

    The gradient asks which part is larger, never which one equals the maximum. XLA may compute a part twice
    and round it differently; then none is equal, `jnp.max` has the gradient 0 / 0, and `jnp.maximum`
    has 0.
    """
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    a, b = largest(parts[:half]), largest(parts[half:])
    return jnp.where(a > b, a, jnp.where(a < b, b, (a + b) / 2))


def mean_pool(x: jax.Array) -> jax.Array:
    """The mean of each 2x2 pixels: [B, H, W, C] -> [B, H / 2, W / 2, C]."""
    rows = x[:, ::2] + x[:, 1::2]
    return (rows[:, :, ::2] + rows[:, :, 1::2]) / 4


def upsample(x: jax.Array) -> jax.Array:
    """Repeats every pixel to 2x2 pixels: [B, H, W, C] -> [B, 2 H, 2 W, C]."""
    batch, height, width, depth = x.shape
    x = jnp.broadcast_to(x[:, :, None, :, None], (batch, height, 2, width, 2, depth))
    return x.reshape(batch, 2 * height, 2 * width, depth)


def depth_to_space(x: jax.Array) -> jax.Array:
    """Turns groups of 4 channels into 2x2 pixels, row by row: [B, H, W, 4 C] -> [B, 2 H, 2 W, C]."""
    batch, height, width, depth = x.shape
    x = x.reshape(batch, height, width, 2, 2, depth // 4).transpose(0, 1, 3, 2, 4, 5)
    return x.reshape(batch, 2 * height, 2 * width, depth // 4)
