"""The 101-layer residual generator and critic of Gulrajani et al. 2017's robustness grid, of any depth."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.layers.basic import Conv, ConvTranspose, Dense, beside, depth_to_space
from gan_jax.networks.layers.blocks import block
from gan_jax.networks.layers.initializers import GLOROT, HE, glorot_strided, he_strided
from gan_jax.networks.layers.normalisation import normalised


class Bottleneck(nn.Module):
    """Shortcut + 0.3 * norm of (ReLU, 1x1, ReLU, 3x3, ReLU, 1x1): [B, H, W, C] -> [B, H', W', features].

    Attributes:
      features: channels of the output, an even number.
      resample: 'up' doubles the sides, 'down' halves them, 'none'.
      norm: 'none', 'batch' or 'layer'.
    """

    features: int
    resample: str = "none"
    norm: str = "batch"

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Applies the block."""
        shortcut = self._shortcut(x)
        y = Conv(x.shape[-1] // 2, 1, kernel_init=HE, name="conv_1")(nn.relu(x))
        y = self._middle(nn.relu(y))
        y = Conv(self.features, 1, use_bias=False, kernel_init=HE, name="conv_3")(nn.relu(y))
        return shortcut + 0.3 * normalised(y, self.norm, train, "norm")

    def _shortcut(self, x):
        if self.resample == "up":
            x = Conv(4 * self.features, 1, kernel_init=GLOROT, name="shortcut")(x)
            return depth_to_space(x)
        if self.resample == "down":
            # A 1x1 convolution of stride 2 sees every other pixel only.
            return Conv(self.features, 1, kernel_init=glorot_strided(2), name="shortcut")(x[:, ::2, ::2])
        if x.shape[-1] == self.features:
            return x
        return Conv(self.features, 1, kernel_init=GLOROT, name="shortcut")(x)

    def _middle(self, x):
        width = self.features // 2
        if self.resample == "up":
            return ConvTranspose(width, 3, kernel_init=he_strided(2, transposed=True), name="conv_2")(x)
        stride = 2 if self.resample == "down" else 1
        return Conv(width, 3, stride, kernel_init=he_strided(stride), name="conv_2")(x)


class BottleneckGenerator(nn.Module):
    """[B, d] -> [B, S, S, out_channels] in [-1, 1], S = 4 * 2**(len(widths) - 1).

    Attributes:
      widths: channels at each resolution, from 4 pixels upwards.
      blocks: number of blocks at each resolution; a further block doubles the size between resolutions.
      out_channels: channels of the images.
      norm: 'batch' or 'none'.
    """

    widths: tuple[int, ...] = (512, 256, 128, 64, 32)
    blocks: tuple[int, ...] = (6, 6, 6, 6, 5)
    out_channels: int = 3
    norm: str = "batch"

    @nn.compact
    def __call__(self, z: jax.Array, train: bool) -> jax.Array:
        """Images. In training, batch norm uses the batch's statistics and updates the running ones."""
        x = Dense(16 * self.widths[0], kernel_init=GLOROT, name="project")(z)
        x = x.reshape(x.shape[0], 4, 4, -1)
        x = _stages(self, x, train, self.widths, self.blocks, "up", self.norm)
        # The authors' script divides the outputs of both networks by 5.
        return jnp.tanh(Conv(self.out_channels, 1, kernel_init=GLOROT, name="to_image")(x) / 5)


class BottleneckDiscriminator(nn.Module):
    """[B, S, S, C] -> logits [B, classes], the mirror image of `BottleneckGenerator`.

    Attributes:
      widths: channels at each resolution, from the image's downwards.
      blocks: number of blocks at each resolution.
      classes: number of logits.
      norm: 'none', 'batch' or 'layer'.
    """

    widths: tuple[int, ...] = (32, 64, 128, 256, 512)
    blocks: tuple[int, ...] = (5, 6, 6, 6, 6)
    classes: int = 1
    norm: str = "layer"

    @nn.compact
    def __call__(self, x: jax.Array, train: bool, condition: jax.Array | None = None) -> jax.Array:
        """Logits. `condition` [B, K] joins the image as K constant planes."""
        x = Conv(self.widths[0], 1, kernel_init=GLOROT, name="from_image")(beside(x, condition))
        x = _stages(self, x, train, self.widths, self.blocks, "down", self.norm)
        return Dense(self.classes, kernel_init=GLOROT, exact=True, name="logits")(x.reshape(len(x), -1)) / 5


def _stages(network, x, train, widths, blocks, resample, norm):
    def applied(network, x, how, width, name):
        del network
        return Bottleneck(width, how, norm, name=name)(x, train)

    for stage, (width, count) in enumerate(zip(widths, blocks, strict=True)):
        places = [(resample, f"{resample}_{stage}")] if stage else []
        for how, name in (*places, *(("none", f"block_{stage}_{i}") for i in range(count))):
            x = block(network, functools.partial(applied, how=how, width=width, name=name), x)
    return x
