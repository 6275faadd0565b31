"""The networks of yunjey's mnist-svhn-transfer, a CycleGAN for 32 pixels that many lectures use."""

import functools

import flax.linen as nn
import jax

from gan_jax.networks.layers.basic import Conv, ConvTranspose
from gan_jax.networks.layers.blocks import block
from gan_jax.networks.layers.initializers import NEAR_ONE, NORMAL
from gan_jax.networks.layers.normalisation import normalised

_SLOPE = 0.05


class Generator(nn.Module):
    """[B, H, W, C] -> [B, H, W, out_channels] in [-1, 1]; 4 divides H and W.

    Two strided 4x4 convolutions, two 3x3 ones and two transposed 4x4 ones. Batch norm and leaky ReLU 0.05
    follow all layers but the last. There are no biases and no skip connections.

    Attributes:
      width: channels of the first layer; the inner layers have twice as many.
      out_channels: channels of the images.
    """

    width: int = 64
    out_channels: int = 3

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Images. In training, batch norm uses the batch's statistics and updates the running ones."""
        inner = 2 * self.width
        for i, (width, kernel, stride) in enumerate(
            [(self.width, 4, 2), (inner, 4, 2), (inner, 3, 1), (inner, 3, 1)]
        ):
            layer = (width, f"conv_{i}", kernel, stride)
            x = block(self, functools.partial(_normed, layer, train, f"norm_{i}"), x)
        x = _activated(_layer(ConvTranspose, self.width, "up")(x), train, "up_norm")
        return nn.tanh(_layer(ConvTranspose, self.out_channels, "to_image")(x))


class Discriminator(nn.Module):
    """[B, S, S, C] -> logits [B, s, s, classes], s = S / 8 - 3: one position for 32 pixels.

    Attributes:
      width: channels of the first layer; they double twice.
      classes: logits at each position. The code's variant with labels has 11, for ten digits and 'fake'.
    """

    width: int = 64
    classes: int = 1

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Logits. In training, batch norm uses the batch's statistics and updates the running ones."""
        x = nn.leaky_relu(_layer(Conv, self.width, "conv_0")(x), _SLOPE)
        for i in (1, 2):
            layer = (self.width * 2**i, f"conv_{i}")
            x = block(self, functools.partial(_normed, layer, train, f"norm_{i}"), x)
        return _layer(Conv, self.classes, "logits", stride=1, padding=0, exact=True)(x)


def _normed(layer, train, norm, network, x):
    del network
    return _activated(_layer(Conv, *layer)(x), train, norm)


def _activated(x, train, name):
    return nn.leaky_relu(normalised(x, "batch", train, name, NEAR_ONE), _SLOPE)


def _layer(kind, width, name, kernel=4, stride=2, padding=1, **options):
    options = {"use_bias": False, "kernel_init": NORMAL, "padding": padding, **options}
    return kind(width, kernel, stride, name=name, **options)
