"""Fully connected generator and discriminator (Goodfellow et al. 2014, Gulrajani et al. 2017)."""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.layers.basic import Dense, beside, largest
from gan_jax.networks.layers.initializers import Initializer


class MLPGenerator(nn.Module):
    """[B, d] -> [B, *shape]: hidden layers with (leaky) ReLU, then one linear layer and `output`.

    Attributes:
      widths: units of the hidden layers.
      shape: shape of one image, (S, S, C); a point of the plane is an image of one pixel and two channels.
      slope: slope of the activation below zero; 0 gives ReLU.
      output: 'tanh'; 'sigmoid', as 2 sigmoid(x) - 1; or 'linear', without bounds.
      kernel_init: initial values of all kernels.
    """

    widths: tuple[int, ...] = (128,)
    shape: tuple[int, int, int] = (28, 28, 1)
    slope: float = 0.0
    output: str = "tanh"
    kernel_init: Initializer = nn.initializers.lecun_normal()

    @nn.compact
    def __call__(self, z: jax.Array, train: bool) -> jax.Array:
        """Images in [-1, 1], or unbounded if `output='linear'`; `train` has no effect."""
        del train
        for i, width in enumerate(self.widths):
            z = Dense(width, kernel_init=self.kernel_init, name=f"hidden_{i}")(z)
            z = nn.leaky_relu(z, self.slope)
        z = Dense(math.prod(self.shape), kernel_init=self.kernel_init, name="to_image")(z)
        return bounded(z.reshape(-1, *self.shape), self.output)


class MLPDiscriminator(nn.Module):
    """[B, S, S, C] -> logits [B, classes]: hidden layers with (leaky) ReLU or maxout, then a linear layer.

    Attributes:
      widths: units of the hidden layers.
      classes: number of logits.
      pieces: linear pieces of each maxout unit (Goodfellow et al. 2013); 0 uses (leaky) ReLU instead.
      slope: slope of the activation below zero; 0 gives ReLU.
      dropout: share of each hidden layer's units dropped in training (rng 'dropout').
      input_dropout: share of the inputs dropped in training.
      kernel_init: initial values of all kernels.
    """

    widths: tuple[int, ...] = (128,)
    classes: int = 1
    pieces: int = 0
    slope: float = 0.0
    dropout: float = 0.0
    input_dropout: float = 0.0
    kernel_init: Initializer = nn.initializers.lecun_normal()

    norm = "none"

    @nn.compact
    def __call__(self, x: jax.Array, train: bool, condition: jax.Array | None = None) -> jax.Array:
        """Logits. In training, dropout acts. `condition` [B, K] joins the pixels as K columns."""
        x = beside(x.reshape(len(x), -1), condition)
        x = nn.Dropout(self.input_dropout, deterministic=not train)(x)
        for i, width in enumerate(self.widths):
            if self.pieces:
                x = Maxout(width, self.pieces, self.kernel_init, name=f"hidden_{i}")(x)
            else:
                x = Dense(width, kernel_init=self.kernel_init, name=f"hidden_{i}")(x)
                x = nn.leaky_relu(x, self.slope)
            x = nn.Dropout(self.dropout, deterministic=not train)(x)
        return Dense(self.classes, kernel_init=self.kernel_init, exact=True, name="logits")(x)


class Maxout(nn.Module):
    """The largest of `pieces` linear functions, for each of `features` units: [B, D] -> [B, features]."""

    features: int
    pieces: int
    kernel_init: Initializer = nn.initializers.lecun_normal()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Applies the layer."""
        x = Dense(self.features * self.pieces, kernel_init=self.kernel_init, name="linear")(x)
        x = x.reshape(x.shape[0], self.features, self.pieces)
        return largest([x[..., i] for i in range(self.pieces)])


def bounded(x: jax.Array, output: str) -> jax.Array:
    """A generator's last nonlinearity: 'tanh'; 'sigmoid', as 2 sigmoid(x) - 1; or 'linear', none.

    Raises:
      ValueError: `output` is none of these.
    """
    if output == "linear":
        return x
    if output not in ("tanh", "sigmoid"):
        raise ValueError(f"output={output!r} is not allowed; allowed: tanh, sigmoid, linear")
    # 2 sigmoid(x) - 1 = tanh(x / 2)
    return jnp.tanh(x if output == "tanh" else x / 2)
