"""The networks of yunjey's mnist-svhn-transfer, a CycleGAN for 32 pixels that lectures show."""

import flax.linen as nn
import jax

from gan_jax.networks.layers.basic import Conv, ConvTranspose
from gan_jax.networks.layers.initializers import NORMAL
from gan_jax.networks.layers.normalisation import norm

_SLOPE = 0.05


class Generator(nn.Module):
    """[B, H, W, C] -> [B, H, W, out_channels] in [-1, 1]; 4 divides H and W.

    Two strided convolutions 4x4, two 3x3, two transposed ones 4x4; batch norm and leaky ReLU 0.05 after all
    but the last; no bias, no skip.

    Attributes:
      width: of the first layer; the inner ones have twice this.
      out_channels: of the images.
    """

    width: int = 64
    out_channels: int = 3

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Images; `train` normalises by the batch and updates running statistics."""
        inner = 2 * self.width
        for i, (width, kernel, stride) in enumerate(
            [(self.width, 4, 2), (inner, 4, 2), (inner, 3, 1), (inner, 3, 1)]
        ):
            x = _activated(_layer(Conv, width, f"conv_{i}", kernel, stride)(x), train, f"norm_{i}")
        x = _activated(_layer(ConvTranspose, self.width, "up")(x), train, "up_norm")
        return nn.tanh(_layer(ConvTranspose, self.out_channels, "to_image")(x))


class Discriminator(nn.Module):
    """[B, S, S, C] -> logits [B, s, s, classes], s = S / 8 - 3: one for 32 pixels.

    Attributes:
      width: of the first layer; it doubles twice.
      classes: logits; 11, ten digits and 'fake', for the code's variant with labels.
    """

    width: int = 64
    classes: int = 1

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Logits; `train` normalises by the batch and updates running statistics."""
        x = nn.leaky_relu(_layer(Conv, self.width, "conv_0")(x), _SLOPE)
        for i in (1, 2):
            x = _activated(_layer(Conv, self.width * 2**i, f"conv_{i}")(x), train, f"norm_{i}")
        return _layer(Conv, self.classes, "logits", stride=1, padding=0)(x)


def _activated(x, train, name):
    return nn.leaky_relu(norm("batch", train, name)(x), _SLOPE)


def _layer(kind, width, name, kernel=4, stride=2, padding=1):
    return kind(width, kernel, stride, use_bias=False, kernel_init=NORMAL, padding=padding, name=name)
