"""DiscoGAN's encoder-decoder and its discriminator (Kim et al. 2017), as in the official code."""

import flax.linen as nn
import jax

from gan_jax.networks.layers.basic import Conv, ConvTranspose
from gan_jax.networks.layers.blocks import block
from gan_jax.networks.layers.initializers import NEAR_ONE, NORMAL
from gan_jax.networks.layers.normalisation import normalised


class Generator(nn.Module):
    """[B, S, S, C] -> [B, S, S, out_channels] in [-1, 1], through a map of side S / 2**levels.

    Strided 4x4 convolutions with leaky ReLU 0.2 lead down; transposed ones with ReLU lead up. No layer has a
    bias. Batch norm follows all layers but the first and the last.

    Attributes:
      width: channels of the first layer; they double from level to level.
      levels: number of halvings; the official code has 4, for 64 pixels.
      out_channels: channels of the images.
      bottleneck: length of a vector between encoder and decoder; 0 has none. The official code has 100 for
        pairs of very different shape. With a bottleneck, S must be 4 * 2**levels.
    """

    width: int = 64
    levels: int = 4
    out_channels: int = 3
    bottleneck: int = 0

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Images. In training, batch norm uses the batch's statistics and updates the running ones."""
        x = _encode(self, x, train)[-1]
        if self.bottleneck:
            squeeze = _layer(Conv, self.bottleneck, "squeeze", stride=1, padding=0)
            x = nn.leaky_relu(normalised(squeeze(x), "batch", train, "squeeze_norm", NEAR_ONE), 0.2)
            widen = _layer(ConvTranspose, self.width * 2 ** (self.levels - 1), "widen", stride=1, padding=0)
            x = nn.relu(normalised(widen(x), "batch", train, "widen_norm", NEAR_ONE))
        for i in reversed(range(1, self.levels)):
            x = block(self, lambda self, x, i=i: _up(x, self.width * 2 ** (i - 1), train, i), x)
        return nn.tanh(_layer(ConvTranspose, self.out_channels, "to_image")(x))


class Discriminator(nn.Module):
    """[B, S, S, C] -> logits [B, 1] and the features of all layers but the first; S = 4 * 2**levels.

    The network is the generator's encoder and a convolution as wide as the remaining map. No layer has a
    bias. Images with one longer side have one logit for each place of that convolution, [B, n].

    Attributes:
      width: channels of the first layer; they double from level to level.
      levels: number of halvings; the official code has 4, for 64 pixels.
    """

    width: int = 64
    levels: int = 4

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> tuple[jax.Array, list[jax.Array]]:
        """Logits, and the features [B, s, s, d] after the activations of layers 2, 3, ..."""
        features = _encode(self, x, train)
        logits = _layer(Conv, 1, "logits", stride=1, padding=0, exact=True)(features[-1])
        return logits.reshape(x.shape[0], -1), features[1:]


def _encode(network, x, train):
    maps = []
    for i in range(network.levels):
        x = block(network, lambda self, x, i=i: _down(x, self.width * 2**i, train, i), x)
        maps.append(x)
    return maps


def _down(x, width, train, i):
    x = _layer(Conv, width, f"down_{i}")(x)
    return nn.leaky_relu(normalised(x, "batch", train, f"down_norm_{i}", NEAR_ONE) if i else x, 0.2)


def _up(x, width, train, i):
    x = _layer(ConvTranspose, width, f"up_{i}")(x)
    return nn.relu(normalised(x, "batch", train, f"up_norm_{i}", NEAR_ONE))


def _layer(kind, width, name, stride=2, padding=1, **options):
    return kind(width, 4, stride, use_bias=False, kernel_init=NORMAL, padding=padding, name=name, **options)
