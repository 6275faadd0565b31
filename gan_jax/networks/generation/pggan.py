"""Generator and discriminator of progressive GAN (Karras et al. 2018), whose sides grow during training.

Stage s has images of 4 * 2^s pixels a side. The level, a float, says how far growth is. At level s, the
stages up to s are whole. At level s - 1 + alpha, stage s is mixed with stage s - 1 with weight alpha. Images
are in [-1, 1]. G's last layer is linear, so that its values may leave that range.
"""

import math
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.generation.stylegan2 import sides
from gan_jax.networks.layers.basic import mean_pool, upsample
from gan_jax.networks.layers.blocks import block
from gan_jax.networks.layers.equalised import Conv, Dense, leaky_relu
from gan_jax.networks.layers.minibatch import beside_deviation
from gan_jax.networks.layers.normalisation import pixel_norm
from gan_jax.networks.layers.resampling import blur
from gan_jax.ops.precision import exactly

GAIN = math.sqrt(2)  # of the kernels before a leaky ReLU


def mixed(new: jax.Array, old: jax.Array, level: jax.Array, stage: int) -> jax.Array:
    """`alpha new + (1 - alpha) old` with `alpha = min(max(level - (stage - 1), 0), 1)`.

    At alpha = 1 the result is `new`, bit for bit.
    """
    alpha = jnp.clip(level - (stage - 1), 0.0, 1.0)
    return alpha * new + (1 - alpha) * old


def colour_stages(size: int, level: Any, stage: int | None) -> range:
    """The stages whose colours a network of this size computes.

    Without a level, this is the last stage alone. With a level, these are the last two stages if `stage` is
    given, and otherwise all stages.
    """
    last = len(sides(size)) - 1 if stage is None else stage
    if level is None:
        return range(last, last + 1)
    return range(0 if stage is None else max(last - 1, 0), last + 1)


def seen(images: jax.Array, size: int, level: Any, stage: int) -> jax.Array:
    """Real images as D sees them at a stage: [B, size, size, C] -> [B, r, r, C] with r = 4 * 2^stage.

    Each pixel is the mean of a square. With a level, the images are mixed with themselves at half the side,
    as G's images are. Otherwise D could tell real images by their sharpness.
    """
    for _ in range(len(sides(size)) - 1 - stage):
        images = mean_pool(images)
    return images if level is None else mixed(images, upsample(mean_pool(images)), level, stage)


class Generator(nn.Module):
    """The generator: latents [B, d] -> images [B, r, r, channels].

    Every convolution is followed by a leaky ReLU and `pixel_norm`.

    Attributes:
      size: pixels a side of the whole network, a power of two from 4 on.
      channels: channels of the images.
      width_base: a layer at r pixels has min(width_base / r, width_max) channels. The paper has 16 384.
      width_max: most channels.
      blurred: whether a filter [1, 2, 1] follows each doubling of the side, as in StyleGAN.
    """

    size: int
    channels: int = 3
    width_base: int = 16384
    width_max: int = 512
    blurred: bool = False

    @nn.compact
    def __call__(self, z: jax.Array, level: Any = None, stage: int | None = None) -> jax.Array:
        """Applies the network.

        Args:
          z: [B, d]; `pixel_norm` projects it onto a sphere.
          level: how far growth is; None: the stage is whole.
          stage: the last stage that is computed, r = 4 * 2^stage. With None and a level, all stages are
            computed and mixed, r = size. The level alone then says what the images show.
        """
        coloured = colour_stages(self.size, level, stage)
        x = pixel_norm(z)
        rgb: Any = None
        for i, side in enumerate(sides(self.size)[: coloured.stop]):
            x = block(self, lambda self, x, side=side: self._layers(x, side), x)
            if i in coloured:
                made = exactly(Conv(self.channels, 1, name=f"b{side}_torgb")(x))
                rgb = made if rgb is None else mixed(made, upsample(rgb), level, i)
        return rgb

    def _layers(self, x, side):
        width = min(self.width_base // side, self.width_max)
        if side == 4:
            # The paper's 4x4 convolution of one position. The factor 1/4 gives the scale of the code.
            x = Dense(16 * width, GAIN / 4, use_bias=False, name="b4_dense")(x)
            x = x.reshape(x.shape[0], 4, 4, width)
            x = x + self.param("b4_bias", nn.initializers.zeros, (width,)).astype(x.dtype)
            x = pixel_norm(leaky_relu(x))
            return pixel_norm(leaky_relu(Conv(width, gain=GAIN, name="b4_conv")(x)))
        up = "blurred_up" if self.blurred else "up"
        x = pixel_norm(leaky_relu(Conv(width, gain=GAIN, resample=up, name=f"b{side}_conv0")(x)))
        return pixel_norm(leaky_relu(Conv(width, gain=GAIN, name=f"b{side}_conv1")(x)))


class Discriminator(nn.Module):
    """The discriminator: images [B, r, r, C] -> scores [B]. It has no normalisation.

    Attributes:
      size: pixels a side of the whole network.
      width_base: a layer at r pixels has min(width_base / r, width_max) channels.
      width_max: most channels.
      group: images in a group of the minibatch standard deviation; 0: none.
      blurred: whether a filter [1, 2, 1] comes before each convolution that halves the side, as in StyleGAN.
        The mean of 2x2 pixels then comes before the leaky ReLU, as in StyleGAN's code.
    """

    size: int
    width_base: int = 16384
    width_max: int = 512
    group: int = 4
    blurred: bool = False

    @nn.compact
    def __call__(self, images: jax.Array, level: Any = None, stage: int | None = None) -> jax.Array:
        """Applies the network to images of the stage's side; level and stage are those of `Generator`."""
        coloured = colour_stages(self.size, level, stage)
        steps = sides(self.size)[: coloured.stop]
        x = self._read(images, steps[-1])
        for i in reversed(range(1, len(steps))):
            x = block(self, lambda self, x, side=steps[i]: self._layers(x, side), x)
            if i - 1 in coloured:
                images = mean_pool(images)
                x = mixed(x, self._read(images, steps[i - 1]), level, i)
        x = beside_deviation(x, self.group) if self.group else x
        x = leaky_relu(Conv(self._width(4), gain=GAIN, name="b4_conv")(x))
        x = leaky_relu(Dense(self._width(4), GAIN, name="b4_dense")(x.reshape(len(x), -1)))
        return Dense(1, exact=True, name="b4_out")(x)[:, 0]

    def _width(self, side):
        return min(self.width_base // side, self.width_max)

    def _read(self, images, side):
        return leaky_relu(Conv(self._width(side), 1, GAIN, name=f"b{side}_fromrgb")(images))

    def _layers(self, x, side):
        x = leaky_relu(Conv(self._width(side), gain=GAIN, name=f"b{side}_conv0")(x))
        conv1 = Conv(self._width(side // 2), gain=GAIN, name=f"b{side}_conv1")
        if self.blurred:
            return leaky_relu(mean_pool(conv1(blur(x, (1, 2, 1), (1, 1)))))
        return mean_pool(leaky_relu(conv1(x)))
