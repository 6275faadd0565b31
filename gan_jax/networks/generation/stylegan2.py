"""Generator and discriminator of StyleGAN2 (Karras et al. 2020, "Analyzing and Improving the Image Quality").

Block r works at a side of r pixels, for r = 4, 8 and so on to the side of the images. Images are in [-1, 1].
G's last layer is linear, so that its values may leave that range.
"""

import functools
import math
from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.generation.mapping import Mapping
from gan_jax.networks.layers.basic import biased
from gan_jax.networks.layers.blocks import block
from gan_jax.networks.layers.convolutions import conv
from gan_jax.networks.layers.equalised import Conv, Dense, leaky_relu
from gan_jax.networks.layers.minibatch import beside_deviation
from gan_jax.networks.layers.resampling import fir_down, fir_up, up_conv
from gan_jax.ops.precision import exactly, factors

ARCHITECTURES = ("original", "skip", "residual")

_GAIN = math.sqrt(2)
_HALF = math.sqrt(0.5)  # keeps the variance of a sum of two branches


def sides(size: int) -> list[int]:
    """The sides of the blocks, in pixels: 4, 8, ..., size."""
    return [2**k for k in range(2, size.bit_length())]


def num_styles(size: int) -> int:
    """L, the number of styles that G takes: one for each convolution and one for the last colours."""
    return 2 * len(sides(size))


def noise_sides(size: int) -> list[int]:
    """The side of each of the L - 1 noise maps, in the order of G's convolutions."""
    return [4, *(side for side in sides(size)[1:] for _ in range(2))]


def outer_blocks(size: int, count: int) -> set[str]:
    """The names of D's modules in its first `count` blocks, from the image's side on."""
    first = sides(size)[::-1][:count]
    return {name for side in first for name in (f"b{side}", f"b{side}_fromrgb")}


def modulated_conv(
    x: jax.Array, kernel: jax.Array, style: jax.Array, demodulate: bool = True, up: bool = False
) -> jax.Array:
    """Convolution whose kernel each image scales by its own style: [B, H, W, C] -> [B, h, w, D].

    With input channel i, output channel j and position k the kernel of an image is

        w'_ijk  = s_i w_ijk                                   modulation (eq. 1)
        w''_ijk = w'_ijk / sqrt(sum_ik w'_ijk^2 + 1e-8)       demodulation (eq. 3)

    The function scales the input's channels by s and the output's channels by the factor of demodulation.
    This gives the same result, and one convolution serves all images of a batch.

    Args:
      x: [B, H, W, C].
      kernel: w, [k, k, C, D].
      style: s, [B, C].
      demodulate: whether to demodulate.
      up: whether the convolution doubles the side, see `up_conv`.
    """
    y = x * style[:, None, None].astype(x.dtype)
    y = up_conv(y, kernel) if up else conv(*factors(y, kernel))
    if not demodulate:
        return y
    squares = jnp.square(kernel).sum((0, 1))
    factor = jax.lax.rsqrt(jnp.square(style) @ squares + 1e-8)
    return y * factor[:, None, None].astype(y.dtype)


class StyledConv(nn.Module):
    """Modulated convolution, noise, bias and leaky ReLU: [B, H, W, C] -> [B, h, w, D].

    The result is also sown as `maps`.

    Attributes:
      features: D.
      up: whether the side doubles.
      gain: factor of the result.
    """

    features: int
    up: bool = False
    gain: float = _GAIN

    @nn.compact
    def __call__(self, x: jax.Array, w: jax.Array, noise: Any) -> jax.Array:
        """Applies the layer to x, styles w [B, d] and noise [h, w] or [B, h, w]; None means no noise."""
        style = Dense(x.shape[-1], bias_init=1.0, exact=True, name="affine")(w)
        kernel = self.param("kernel", nn.initializers.normal(1.0), (3, 3, x.shape[-1], self.features))
        x = modulated_conv(x, kernel, style, up=self.up)
        strength = self.param("noise_strength", nn.initializers.zeros, ())
        if noise is not None:
            x = x + (strength * noise[..., None]).astype(x.dtype)
        x = leaky_relu(biased(self, x), self.gain)
        self.sow("intermediates", "maps", x)
        return x


class ToRGB(nn.Module):
    """Features to colours, which are float32 always, by a modulated 1x1 convolution without demodulation."""

    channels: int

    @nn.compact
    def __call__(self, x: jax.Array, w: jax.Array) -> jax.Array:
        """Applies the layer to x [B, H, W, C] and styles w [B, d]."""
        depth = x.shape[-1]
        style = Dense(depth, bias_init=1.0, exact=True, name="affine")(w) / math.sqrt(depth)
        kernel = self.param("kernel", nn.initializers.normal(1.0), (1, 1, depth, self.channels))
        x = modulated_conv(x, kernel, style, demodulate=False)
        return biased(self, exactly(x))


class Block(nn.Module):
    """The layers of G at one side. It carries features and colours from block to block.

    Attributes:
      features: channels of the convolutions.
      channels: channels of the images.
      architecture: one of ARCHITECTURES.
      last: whether this is the block of the largest side.
    """

    features: int
    channels: int
    architecture: str
    last: bool

    @nn.compact
    def __call__(self, x: Any, rgb: Any, ws: Sequence[jax.Array], noise: Sequence[Any]) -> tuple[Any, Any]:
        """The features [B, r, r, D] and the colours [B, r, r, C] or None.

        Args:
          x: features of the block before, [B, r / 2, r / 2, C]; None for the first block.
          rgb: colours of the block before, or None.
          ws: the styles of the block's convolutions and of its colours, [B, d] each.
          noise: the maps of its convolutions.
        """
        residual = self.architecture == "residual"
        if x is None:
            const = self.param("const", nn.initializers.normal(1.0), (4, 4, self.features))
            (x,) = factors(jnp.broadcast_to(const, (ws[0].shape[0], *const.shape)))
            x = StyledConv(self.features, name="conv1")(x, ws[0], noise[0])
        else:
            before = x
            x = StyledConv(self.features, True, name="conv0")(x, ws[0], noise[0])
            gain = _GAIN * (_HALF if residual else 1.0)
            x = StyledConv(self.features, gain=gain, name="conv1")(x, ws[1], noise[1])
            if residual:
                x = x + fir_up(Conv(self.features, 1, _HALF, use_bias=False, name="skip")(before))
            rgb = None if rgb is None else fir_up(rgb)
        if self.last or self.architecture == "skip":
            colours = ToRGB(self.channels, name="torgb")(x, ws[-1])
            rgb = colours if rgb is None else rgb + colours
        return x, rgb


def _call(kind, fields, name, network, *inputs):
    """A new module of a network, applied."""
    del network
    return kind(*fields, name=name)(*inputs)


class Synthesis(nn.Module):
    """The synthesis network: styles [B, L, d] -> images [B, size, size, channels].

    Attributes:
      size: pixels a side, a power of two from 8 on.
      channels: channels of the images.
      width_base: block r has min(width_base / r, width_max) channels.
      width_max: most channels.
      architecture: 'skip', where every block adds colours; 'residual'; or 'original', as in StyleGAN, where
        only the last block makes colours (Table 2 of the paper compares them).
    """

    size: int
    channels: int = 3
    width_base: int = 32768
    width_max: int = 512
    architecture: str = "skip"

    @nn.compact
    def __call__(self, ws: jax.Array, noise: Sequence[Any] | None = None) -> jax.Array:
        """Applies the network.

        Args:
          ws: [B, L, d], the style of each layer. A block's colours take the style of the next convolution.
          noise: the L - 1 noise maps of `noise_sides`, [r, r] for all images or [B, r, r]; None: no noise.
        """
        maps: Sequence[Any] = [None] * (ws.shape[1] - 1) if noise is None else noise
        x: Any = None
        rgb: Any = None
        first = 0
        for side in sides(self.size):
            convs = 1 if side == 4 else 2
            fields = (
                min(self.width_base // side, self.width_max),
                self.channels,
                self.architecture,
                side == self.size,
            )
            styles = [ws[:, i] for i in range(first, first + convs + 1)]
            layers = functools.partial(_call, Block, fields, f"b{side}")
            x, rgb = block(self, layers, x, rgb, styles, maps[first : first + convs])
            first += convs
        return rgb


class DBlock(nn.Module):
    """The layers of D at one side: [B, r, r, C] -> [B, r / 2, r / 2, D].

    Attributes:
      features: channels of the first convolution.
      after: D, channels of the second convolution.
      residual: whether the block has a 1x1 path beside the convolutions.
    """

    features: int
    after: int
    residual: bool

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Applies the layers."""
        before = x
        x = leaky_relu(Conv(self.features, name="conv0")(x), _GAIN)
        gain = _GAIN * (_HALF if self.residual else 1.0)
        x = leaky_relu(Conv(self.after, resample="down", name="conv1")(x), gain)
        if self.residual:
            x = x + Conv(self.after, 1, _HALF, use_bias=False, resample="down", name="skip")(before)
        return x


class Discriminator(nn.Module):
    """The discriminator: images [B, size, size, channels] -> logits [B].

    With classes, the logit is the inner product of D's features and an embedding of the class, divided by the
    root of their number (a projection discriminator, Miyato and Koyama 2018; Karras et al. 2020, ADA).

    Attributes:
      size: pixels a side.
      width_base: block r has min(width_base / r, width_max) channels.
      width_max: most channels.
      architecture: 'residual'; 'skip', where every block reads the image at its side; or 'original'.
      group: images in a group of the minibatch standard deviation; 0: none.
      class_layers: layers of the network that embeds classes.
    """

    size: int
    width_base: int = 32768
    width_max: int = 512
    architecture: str = "residual"
    group: int = 4
    class_layers: int = 8

    @nn.compact
    def __call__(self, images: jax.Array, classes: Any = None) -> jax.Array:
        """Applies the network to images and, for conditional models, one-hot classes [B, K]."""
        width = lambda side: min(self.width_base // side, self.width_max)  # noqa: E731
        x: Any = None
        skip = self.architecture == "skip"
        for side in reversed(sides(self.size)):
            if x is None or skip:
                read = leaky_relu(Conv(width(side), 1, name=f"b{side}_fromrgb")(images), _GAIN)
                x = read if x is None else x + read
                images = fir_down(images)
            if side > 4:
                fields = (width(side), width(side // 2), self.architecture == "residual")
                x = block(self, functools.partial(_call, DBlock, fields, f"b{side}"), x)
        x = beside_deviation(x, self.group) if self.group else x
        x = leaky_relu(Conv(width(4), name="b4_conv")(x), _GAIN)
        x = leaky_relu(Dense(width(4), name="b4_fc")(x.reshape(len(x), -1)), _GAIN)
        if classes is None:
            return Dense(1, exact=True, name="b4_out")(x)[:, 0]
        x = Dense(width(4), exact=True, name="b4_out")(x)
        embedding = Mapping(width(4), self.class_layers, name="mapping")(None, classes)
        return (x * embedding).sum(-1) / math.sqrt(width(4))
