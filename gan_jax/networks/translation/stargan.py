"""StarGAN's generator and discriminator (Choi et al. 2018, tables IV and V; official code)."""

import functools
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.layers.basic import Collapse, Conv, ConvTranspose
from gan_jax.networks.layers.blocks import block
from gan_jax.networks.layers.normalisation import instance_norm

# The official code keeps torch's default, U(-1/sqrt(fan_in), 1/sqrt(fan_in)). Torch counts the fan of a
# transposed convolution over its outputs.
_INIT = nn.initializers.variance_scaling(1 / 3, "fan_in", "uniform")
_INIT_UP = nn.initializers.variance_scaling(1 / 3, "fan_in", "uniform", in_axis=-1, out_axis=-2)


class Generator(nn.Module):
    """Images [B, S, S, C] and labels [B, n] -> images [B, S, S, C] in [-1, 1]; S is a multiple of 4.

    The label joins the image as n constant planes. The layers are a 7x7 convolution, two strided 4x4 ones,
    residual blocks, two transposed convolutions, a 7x7 one and tanh. Instance normalisation has a scale and a
    shift; it uses each image's own statistics in training and evaluation. There are no biases. 8 430 528
    parameters for n = 5.

    Every convolution must pad with zeros. Through reflection padding a constant plane stays constant, so the
    normalisation would remove it and the generator could not see its label.

    For the same reason the generator hardly sees the brightness and the contrast of a whole image: only the
    zeros around it tell x from a x + b.

    Attributes:
      width: channels of the first layer; they double twice.
      blocks: number of residual blocks.
    """

    width: int = 64
    blocks: int = 6

    @nn.compact
    def __call__(self, x: jax.Array, label: jax.Array) -> jax.Array:
        """The images with the labels' attributes."""
        channels = x.shape[-1]
        planes = jnp.broadcast_to(label[:, None, None, :], (*x.shape[:3], label.shape[-1]))
        x = jnp.concatenate([x, planes.astype(x.dtype)], axis=-1)
        first = functools.partial(_conv, self.width, 7, name="conv_0")
        x = block(self, functools.partial(_normed, first, "norm_0"), x)
        for i in (1, 2):
            down = functools.partial(_conv, self.width * 2**i, 4, 2, name=f"down_{i}")
            x = block(self, functools.partial(_normed, down, f"norm_{i}"), x)
        for i in range(self.blocks):
            x = x + block(self, functools.partial(_residual, f"block_{i}"), x)
        for i in (1, 0):
            options = {"use_bias": False, "kernel_init": _INIT_UP, "name": f"up_{i}"}
            up = functools.partial(ConvTranspose, self.width * 2**i, **options)
            x = block(self, functools.partial(_normed, up, f"up_norm_{i}"), x)
        return nn.tanh(_conv(channels, 7, name="to_image")(x))


class Discriminator(nn.Module):
    """Images [B, S, S, C] -> realness [B, s, s, 1], one score a patch, and class logits [B, classes].

    Strided 4x4 convolutions with leaky ReLU of slope 0.01 lead down to s = S / 2**downs. Two heads follow: a
    3x3 convolution for realness, and one as large as the remaining map for the classes. There is no
    normalisation. 44 762 048 parameters at 128 pixels for 5 classes.

    Attributes:
      classes: number of class logits, for all data sets together.
      width: channels of the first layer; each further layer has twice as many.
      downs: number of strided layers.
    """

    classes: int
    width: int = 64
    downs: int = 6

    @nn.compact
    def __call__(self, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Realness and class logits."""
        x = _trunk(x, self.width, self.downs)[-1]
        classes = Collapse(self.classes, use_bias=False, kernel_init=_INIT, exact=True, name="classes")
        return _conv(1, 3, exact=True, name="realness")(x), classes(x)


class PatchDiscriminator(nn.Module):
    """`Discriminator` without its class logits: [B, S, S, C] -> realness [B, s, s, 1], and all maps.

    44 721 088 parameters at any size for the default fields. StarGAN's authors trained DIAT and CycleGAN with
    it, to judge by the parameters that they count for them.

    Attributes:
      width: channels of the first layer; each further layer has twice as many.
      downs: number of strided layers.
    """

    width: int = 64
    downs: int = 6

    @nn.compact
    def __call__(self, x: jax.Array) -> tuple[jax.Array, list[jax.Array]]:
        """Realness, and the maps [B, S / 2**i, S / 2**i, C'] after each strided layer i = 1, 2, ..."""
        maps = _trunk(x, self.width, self.downs)
        return _conv(1, 3, exact=True, name="realness")(maps[-1]), maps


def _trunk(x, width, downs):
    """The maps after each strided layer, inside a compact method."""
    maps = []
    for i in range(downs):
        x = nn.leaky_relu(Conv(width * 2**i, 4, 2, kernel_init=_INIT, name=f"down_{i}")(x), 0.01)
        maps.append(x)
    return maps


def _normed(conv, name, network, x):
    """A new convolution of a network, its norm and ReLU."""
    del network
    return nn.relu(instance_norm(name)(conv()(x)))


def _residual(name, network, x):
    del network
    y = _conv(x.shape[-1], 3, name=f"{name}_conv_0")(x)
    y = _conv(x.shape[-1], 3, name=f"{name}_conv_1")(nn.relu(instance_norm(f"{name}_norm_0")(y)))
    return instance_norm(f"{name}_norm_1")(y)


def _conv(features: int, kernel_size: int, stride: int = 1, **options: Any) -> Conv:
    return Conv(features, kernel_size, stride, use_bias=False, kernel_init=_INIT, **options)
