"""The standard convolutional networks of Miyato et al. 2018 (SNGAN)."""

import itertools

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.layers.basic import Conv, ConvTranspose, Dense, beside
from gan_jax.networks.layers.blocks import block
from gan_jax.networks.layers.initializers import NORMAL
from gan_jax.networks.layers.normalisation import normalised


class SNDCGANGenerator(nn.Module):
    """[B, d] -> [B, 8 start, 8 start, out_channels] in [-1, 1]: linear, three doublings, 3x3 convolution.

    Attributes:
      widths: channels of the linear layer and of the transposed 4x4 convolutions.
      out_channels: channels of the images.
      start: side of the linear layer's output in pixels.
      norm: 'batch' or 'none', for all layers but the last. The linear layer's norm has a scale for each
        output.
    """

    widths: tuple[int, ...] = (512, 256, 128, 64)
    out_channels: int = 3
    start: int = 4
    norm: str = "batch"

    @nn.compact
    def __call__(self, z: jax.Array, train: bool) -> jax.Array:
        """Images. In training, batch norm uses the batch's statistics and updates the running ones."""
        x = Dense(self.start**2 * self.widths[0], kernel_init=NORMAL, name="project")(z)
        x = nn.relu(normalised(x, self.norm, train, "norm_0"))
        x = x.reshape(x.shape[0], self.start, self.start, -1)
        for i, width in enumerate(self.widths[1:], start=1):
            x = block(self, lambda self, x, i=i, width=width: self._up(x, width, train, i), x)
        return jnp.tanh(Conv(self.out_channels, kernel_init=NORMAL, name="to_image")(x))

    def _up(self, x, width, train, i):
        x = ConvTranspose(width, kernel_init=NORMAL, name=f"up_{i}")(x)
        return nn.relu(normalised(x, self.norm, train, f"norm_{i}"))


class SNDCGANDiscriminator(nn.Module):
    """[B, S, S, C] -> logits [B, classes]; in the paper, `SpectralNorm` normalises the kernels.

    Each resolution has a 3x3 convolution. A strided 4x4 convolution of the same width follows it, but for the
    last one. A linear layer ends the network. The activation is leaky ReLU of slope 0.1. This is the paper's
    Table 3, with 2 935 873 parameters at 32 pixels. The codes of chainer-gan-lib and compare_gan widen in the
    strided convolutions instead, which gives 5 860 865 parameters.

    Attributes:
      widths: channels of the convolutions at each resolution.
      classes: number of logits.
      norm: normalisation of all convolutions but the first: 'none', 'batch' or 'layer'.
    """

    widths: tuple[int, ...] = (64, 128, 256, 512)
    classes: int = 1
    norm: str = "none"

    @nn.compact
    def __call__(self, x: jax.Array, train: bool, condition: jax.Array | None = None) -> jax.Array:
        """Logits. `condition` [B, K] joins the image as K constant planes."""
        x = Conv(self.widths[0], kernel_init=NORMAL, name="conv_0")(beside(x, condition))
        x = nn.leaky_relu(x, 0.1)
        for i, (before, width) in enumerate(itertools.pairwise(self.widths), start=1):
            for layer in ((f"down_{i}", before, 4, 2), (f"conv_{i}", width, 3, 1)):
                x = block(self, lambda self, x, layer=layer: self._layer(x, train, *layer), x)
        return Dense(self.classes, kernel_init=NORMAL, exact=True, name="logits")(x.reshape(len(x), -1))

    def _layer(self, x, train, name, width, kernel, stride):
        x = Conv(width, kernel, stride, kernel_init=NORMAL, name=name)(x)
        return nn.leaky_relu(normalised(x, self.norm, train, f"norm_{name}"), 0.1)
