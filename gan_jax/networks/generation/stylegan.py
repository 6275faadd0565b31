"""The synthesis network of StyleGAN (Karras et al. 2019, "A Style-Based Generator Architecture").

Its images grow as those of progressive GAN do, see `pggan`. There are two styles and two noise maps for each
stage: those of the constant, or of the first dense layer, and of each convolution.
"""

import functools
from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.generation.pggan import GAIN, Generator, colour_stages, mixed
from gan_jax.networks.generation.stylegan2 import sides
from gan_jax.networks.layers.basic import biased, upsample
from gan_jax.networks.layers.blocks import block
from gan_jax.networks.layers.equalised import Conv, Dense, leaky_relu
from gan_jax.networks.layers.normalisation import channel_norm
from gan_jax.ops.precision import exactly, factors


def noise_sides(size: int) -> list[int]:
    """The side of each of the L noise maps, in the order of the layers."""
    return [side for side in sides(size) for _ in range(2)]


class Styled(nn.Module):
    """What follows each convolution: noise, bias, leaky ReLU, and AdaIN by the style.

    AdaIN gives each channel i of each image the mean b_i and the deviation |1 + s_i|, with (s, b) an affine
    map of the style w (eq. 1 of the paper, whose scale is 1 + s). The result is also sown as `maps`.
    """

    @nn.compact
    def __call__(self, x: jax.Array, w: jax.Array, noise: Any) -> jax.Array:
        """Applies the layers to x [B, h, w, C], styles w [B, d], and noise [h, w] or [B, h, w], or None."""
        width = x.shape[-1]
        if noise is not None:
            strength = self.param("noise_strength", nn.initializers.zeros, (width,))
            x = x + (strength * noise[..., None]).astype(x.dtype)
        x = leaky_relu(biased(self, x))
        scale, shift = jnp.split(Dense(2 * width, exact=True, name="style")(w)[:, None, None], 2, -1)
        x = (channel_norm(x) * (1 + scale) + shift).astype(x.dtype)
        self.sow("intermediates", "maps", x)
        return x


class Synthesis(nn.Module):
    """The synthesis network: styles [B, L, d] -> images [B, r, r, channels].

    Attributes:
      size: pixels a side of the whole network, a power of two from 4 on.
      channels: channels of the images.
      width_base: a layer at r pixels has min(width_base / r, width_max) channels. The paper has 16 384.
      width_max: most channels.
      blurred: whether a filter [1, 2, 1] follows each doubling of the side.
      constant: whether the first layer is a learned constant; otherwise it is a dense layer of the first
      style.
    """

    size: int
    channels: int = 3
    width_base: int = 16384
    width_max: int = 512
    blurred: bool = True
    constant: bool = True

    @nn.compact
    def __call__(
        self, ws: jax.Array, noise: Sequence[Any] = (), level: Any = None, stage: int | None = None
    ) -> jax.Array:
        """Applies the network.

        Args:
          ws: [B, L, d], the style of each layer.
          noise: the L noise maps of `noise_sides`, [r, r] or [B, r, r]. Without maps, the network has no
            parameters for noise.
          level: how far growth is, see `pggan.Generator`.
          stage: the last stage that is computed, see `pggan.Generator`.
        """
        coloured = colour_stages(self.size, level, stage)
        x: Any = None
        rgb: Any = None
        for i, side in enumerate(sides(self.size)[: coloured.stop]):
            for j in (2 * i, 2 * i + 1):
                drawn = noise[j] if len(noise) else None
                layers = functools.partial(_styled, side, j)
                x = block(self, layers, x, ws[:, 0], ws[:, j], drawn)
            if i in coloured:
                made = exactly(Conv(self.channels, 1, name=f"b{side}_torgb")(x))
                rgb = made if rgb is None else mixed(made, upsample(rgb), level, i)
        return rgb

    def _layer(self, x, w, side, j):
        """Layer j before its noise and style: the first layer, or a convolution without bias."""
        width = min(self.width_base // side, self.width_max)
        if j == 0 and self.constant:
            const = self.param("const", nn.initializers.ones, (4, 4, width))
            return factors(jnp.broadcast_to(const, (w.shape[0], *const.shape)))[0]
        if j == 0:
            # The factor 1/4 gives the scale of the authors' code, as in progressive GAN.
            dense = Dense(16 * width, GAIN / 4, use_bias=False, name="b4_dense")
            return dense(w).reshape(-1, 4, 4, width)
        up = ("blurred_up" if self.blurred else "up") if j % 2 == 0 else "none"
        return Conv(width, gain=GAIN, use_bias=False, resample=up, name=f"b{side}_conv{j % 2}")(x)


def _styled(side, j, network, x, first, w, noise):
    """Layer j of a synthesis network, with its noise and style."""
    x = network._layer(x, first, side, j)
    return Styled(name=f"b{side}_styled{j % 2}")(x, w, noise)


class Unstyled(nn.Module):
    """Progressive GAN's generator of the first style alone, with the arguments of `Synthesis`.

    It has the first two lines of Table 1 of the paper. Layers get neither styles nor noise.
    """

    generator: Generator

    def __call__(
        self, ws: jax.Array, noise: Sequence[Any] = (), level: Any = None, stage: int | None = None
    ) -> jax.Array:
        """Applies the network."""
        del noise
        return self.generator(ws[:, 0], level, stage)
