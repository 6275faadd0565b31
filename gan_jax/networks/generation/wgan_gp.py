"""Convolutional generator and critic of Gulrajani et al. 2017 (WGAN-GP) for digits, CIFAR and their grid.

All layers have biases, even before a norm. The activations are 'relu'; 'leaky_relu', of slope 0.2; 'tanh';
and 'gated', which is sigmoid(even channels) * tanh(odd channels) of a layer twice as wide.
"""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.generation.mlp import bounded
from gan_jax.networks.layers.basic import Conv, ConvTranspose, Dense, beside
from gan_jax.networks.layers.blocks import block
from gan_jax.networks.layers.initializers import GLOROT, NORMAL, Initializer, he_strided, narrow
from gan_jax.networks.layers.normalisation import normalised


class ConvGenerator(nn.Module):
    """[B, d] -> [B, S, S, out_channels] in [-1, 1]: a linear layer to start x start, then doublings.

    Attributes:
      widths: channels of the linear layer and of all transposed convolutions but the last.
      out_channels: channels of the images.
      start: side of the linear layer's output in pixels.
      crop: side in pixels to which the first doubling's output is cut (7 on the way to 28); 0 cuts nothing.
      kernel: side of the kernels in pixels.
      norm: normalisation of all layers but the last: 'none', 'batch' or 'layer'.
      dense_norm: the linear layer's norm has a scale for each 'channel' or for each 'unit'; 'none' omits the
        norm.
      activation: activation of all layers but the last.
      output: 'tanh', or 'sigmoid' as 2 sigmoid(x) - 1.
      init_scheme: 'he', see `he_strided`; 'narrow', uniform of standard deviation 0.02; or 'normal', N(0,
        0.02).
    """

    widths: tuple[int, ...] = (512, 256, 128, 64)
    out_channels: int = 3
    start: int = 4
    crop: int = 0
    kernel: int = 5
    norm: str = "batch"
    dense_norm: str = "channel"
    activation: str = "relu"
    output: str = "tanh"
    init_scheme: str = "he"

    @nn.compact
    def __call__(self, z: jax.Array, train: bool) -> jax.Array:
        """Images. In training, batch norm uses the batch's statistics and updates the running ones."""
        dense, deconv = kernel_inits(self.init_scheme, transposed=True)
        double = 2 if self.activation == "gated" else 1
        x = Dense(self.start**2 * self.widths[0] * double, kernel_init=dense, name="project")(z)
        if self.dense_norm == "unit":
            x = normalised(x, self.norm, train, "norm_0")
        x = x.reshape(x.shape[0], self.start, self.start, -1)
        if self.dense_norm == "channel":
            x = normalised(x, self.norm, train, "norm_0")
        x = activated(x, self.activation)
        for i, width in enumerate(self.widths[1:], start=1):
            up = functools.partial(_layer, ConvTranspose, width * double, 2, deconv, f"up_{i}", f"norm_{i}")
            x = block(self, functools.partial(up, train), x)
            if self.crop and i == 1:
                x = x[:, : self.crop, : self.crop]
        x = ConvTranspose(self.out_channels, self.kernel, kernel_init=deconv, name="to_image")(x)
        return bounded(x, self.output)


class ConvDiscriminator(nn.Module):
    """[B, S, S, C] -> logits [B, classes]: strided convolutions, then a linear layer.

    Attributes:
      widths: channels of the convolutions.
      classes: number of logits.
      kernel: side of the kernels in pixels.
      norm: normalisation of all convolutions but the first: 'none', 'batch' or 'layer'.
      activation: activation of the convolutions.
      init_scheme: as for `ConvGenerator`.
    """

    widths: tuple[int, ...] = (64, 128, 256, 512)
    classes: int = 1
    kernel: int = 5
    norm: str = "none"
    activation: str = "leaky_relu"
    init_scheme: str = "he"

    @nn.compact
    def __call__(self, x: jax.Array, train: bool, condition: jax.Array | None = None) -> jax.Array:
        """Logits. `condition` [B, K] joins the image as K constant planes."""
        x = beside(x, condition)
        dense, conv = kernel_inits(self.init_scheme)
        double = 2 if self.activation == "gated" else 1
        for i, width in enumerate(self.widths):
            norm = f"norm_{i}" if i else ""
            down = functools.partial(_layer, Conv, width * double, 2, conv, f"down_{i}", norm)
            x = block(self, functools.partial(down, train), x)
        return Dense(self.classes, kernel_init=dense, exact=True, name="logits")(x.reshape(len(x), -1))


def _layer(kind, width, stride, init, name, norm, train, network, x):
    """A convolution of a network's kernel size, its norm if that has a name, and its activation."""
    x = kind(width, network.kernel, stride, kernel_init=init, name=name)(x)
    x = normalised(x, network.norm, train, norm) if norm else x
    return activated(x, network.activation)


def kernel_inits(name: str, transposed: bool = False) -> tuple[Initializer, Initializer]:
    """Initial values of the linear and of the strided layers: 'he', 'narrow' or 'normal'.

    Raises:
      ValueError: `name` is none of these.
    """
    known = {"he": (GLOROT, he_strided(2, transposed)), "narrow": (narrow(),) * 2, "normal": (NORMAL,) * 2}
    if name not in known:
        raise ValueError(f"init_scheme={name!r} is not allowed; allowed: {', '.join(known)}")
    return known[name]


def activated(x: jax.Array, name: str) -> jax.Array:
    """The named activation of `x` [..., C]. 'gated' gives [..., C / 2].

    Raises:
      ValueError: the name is not known.
    """
    if name == "gated":
        return nn.sigmoid(x[..., ::2]) * jnp.tanh(x[..., 1::2])
    known = {"relu": nn.relu, "tanh": jnp.tanh, "leaky_relu": lambda x: nn.leaky_relu(x, 0.2)}
    if name not in known:
        raise ValueError(f"activation={name!r} is not allowed; allowed: gated, {', '.join(known)}")
    return known[name](x)
