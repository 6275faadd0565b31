"""Encoders and decoders of variational autoencoders: images to q(z|x), and z to the logits of p(x|z)."""

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.layers.basic import Conv, ConvTranspose, Dense
from gan_jax.networks.layers.initializers import Initializer

# Each preset's units of the hidden layer, or channels after the first convolution.
WIDTHS = {"mlp": 400, "aevb": 500, "conv": 32}

Activation = Callable[[jax.Array], jax.Array]


def pair(name: str, *, size: int, channels: int, z_dim: int, width: int = 0) -> tuple[nn.Module, nn.Module]:
    """Encoder and decoder of a variational autoencoder.

    Args:
      name: 'mlp' has one hidden layer of ReLU in each network. 'aevb' has tanh instead and kernels from N(0,
        0.01), as in Kingma and Welling 2013 (appendix C). 'conv' has two strided convolutions.
      size: side of the images in pixels; for 'conv' a multiple of 4.
      channels: channels of the images.
      z_dim: dimensions of the latent vector.
      width: units of the hidden layer, or channels after the first convolution; 0 gives the preset's own.

    Returns:
      The encoder, images -> (mean, log variance) [B, z_dim] each, and the decoder, [B, z_dim] -> logits of
      images.
    """
    width = width or WIDTHS[name]
    shape = (size, size, channels)
    if name == "conv":
        return ConvEncoder(width, z_dim), ConvDecoder(width, shape)
    if name == "mlp":
        return MLPEncoder(width, z_dim), MLPDecoder(width, shape)
    narrow = nn.initializers.normal(0.01)
    return MLPEncoder(width, z_dim, nn.tanh, narrow), MLPDecoder(width, shape, nn.tanh, narrow)


def reparametrise(mean: jax.Array, log_variance: jax.Array, noise: jax.Array) -> jax.Array:
    """`z = mean + exp(log_variance / 2) noise`, all of one shape: a draw of q(z|x) for noise from N(0, I)."""
    return mean + jnp.exp(0.5 * log_variance) * noise


class MLPEncoder(nn.Module):
    """[B, H, W, C] -> mean and log variance [B, z_dim], with one hidden layer and two linear heads."""

    width: int
    z_dim: int
    activation: Activation = nn.relu
    kernel_init: Initializer = nn.initializers.lecun_normal()

    @nn.compact
    def __call__(self, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Parameters of q(z|x), for images in [0, 1]."""
        x = x.reshape(len(x), -1)
        x = self.activation(Dense(self.width, kernel_init=self.kernel_init, name="hidden")(x))
        return _heads(x, self.z_dim, self.kernel_init)


class MLPDecoder(nn.Module):
    """[B, z_dim] -> logits [B, *shape], with one hidden layer."""

    width: int
    shape: tuple[int, int, int]
    activation: Activation = nn.relu
    kernel_init: Initializer = nn.initializers.lecun_normal()

    @nn.compact
    def __call__(self, z: jax.Array) -> jax.Array:
        """Logits of the pixels' means; the likelihood applies the sigmoid."""
        z = self.activation(Dense(self.width, kernel_init=self.kernel_init, name="hidden")(z))
        height, width, channels = self.shape
        logits = Dense(height * width * channels, kernel_init=self.kernel_init, name="logits")(z)
        return logits.reshape(z.shape[0], *self.shape)


class ConvEncoder(nn.Module):
    """[B, S, S, C] -> mean and log variance [B, z_dim], with two 3x3 convolutions of stride 2 and ReLU."""

    width: int
    z_dim: int

    @nn.compact
    def __call__(self, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Parameters of q(z|x), for images in [0, 1]."""
        for i in range(2):
            x = nn.relu(Conv(self.width * 2**i, 3, 2, name=f"down_{i}")(x))
        return _heads(x.reshape(len(x), -1), self.z_dim, nn.initializers.lecun_normal())


class ConvDecoder(nn.Module):
    """[B, z_dim] -> logits [B, *shape], with two transposed 3x3 convolutions of stride 2 and a plain one."""

    width: int
    shape: tuple[int, int, int]

    @nn.compact
    def __call__(self, z: jax.Array) -> jax.Array:
        """Logits of the pixels' means; the likelihood applies the sigmoid."""
        height, width, channels = self.shape
        start = (height // 4, width // 4, 2 * self.width)
        x = Dense(start[0] * start[1] * start[2], name="project")(z).reshape(z.shape[0], *start)
        x = nn.relu(x)
        for i, features in enumerate((2 * self.width, self.width)):
            x = nn.relu(ConvTranspose(features, 3, 2, name=f"up_{i}")(x))
        return Conv(channels, 3, name="logits")(x)


def _heads(x, z_dim, kernel_init):
    mean, log_variance = (
        Dense(z_dim, kernel_init=kernel_init, name=name)(x) for name in ("mean", "log_variance")
    )
    return mean, log_variance
