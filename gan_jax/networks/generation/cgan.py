"""Conditional networks of Mirza and Osindero 2014 (CGAN), and of Radford et al. 2015's code for digits.

Generators take [noise, one-hot label]. Discriminators take a condition [B, K]; it is optional for the
convolutional one.
"""

import math

import flax.linen as nn
import jax

from gan_jax.networks.generation.mlp import Maxout, bounded
from gan_jax.networks.layers.basic import Conv, ConvTranspose, Dense, beside
from gan_jax.networks.layers.initializers import NORMAL
from gan_jax.networks.layers.normalisation import BatchNorm, normalised


class MirzaGenerator(nn.Module):
    """[B, d + num_classes] -> [B, *shape]: one layer each for noise and label, then one for both.

    Attributes:
      num_classes: columns of the label, the last columns of the input.
      widths: units of the layers of noise, of label, and of both.
      shape: shape of one image, (S, S, C).
      dropout: share of each hidden layer's units dropped in training (rng 'dropout').
    """

    num_classes: int = 10
    widths: tuple[int, int, int] = (200, 1000, 1200)
    shape: tuple[int, int, int] = (28, 28, 1)
    dropout: float = 0.5

    @nn.compact
    def __call__(self, z: jax.Array, train: bool) -> jax.Array:
        """Images in [-1, 1]. In training, dropout acts."""
        drop = nn.Dropout(self.dropout, deterministic=not train)
        noise, label = z[:, : -self.num_classes], z[:, -self.num_classes :]
        noise = drop(nn.relu(Dense(self.widths[0], name="noise")(noise)))
        label = drop(nn.relu(Dense(self.widths[1], name="label")(label)))
        x = Dense(self.widths[2], name="joined")(beside(noise, label))
        x = Dense(math.prod(self.shape), name="to_image")(drop(nn.relu(x)))
        return bounded(x.reshape(-1, *self.shape), "sigmoid")


class MirzaDiscriminator(nn.Module):
    """[B, S, S, C] -> logits [B, classes]: image and label pass through maxout units, then both together.

    Attributes:
      widths: maxout units of the image, of the label, and of both.
      pieces: linear pieces of each unit, for the same three layers.
      classes: number of logits.
      dropout: share of each hidden layer's units dropped in training (rng 'dropout').
    """

    widths: tuple[int, int, int] = (240, 50, 240)
    pieces: tuple[int, int, int] = (5, 5, 4)
    classes: int = 1
    dropout: float = 0.5

    norm = "none"

    @nn.compact
    def __call__(self, x: jax.Array, train: bool, condition: jax.Array | None = None) -> jax.Array:
        """Logits. In training, dropout acts."""
        condition = _required(condition)
        drop = nn.Dropout(self.dropout, deterministic=not train)
        layers = zip(("image", "label", "joined"), self.widths, self.pieces, strict=True)
        image, label, joined = (Maxout(width, pieces, name=name) for name, width, pieces in layers)
        x = beside(drop(image(x.reshape(len(x), -1))), drop(label(condition)))
        return Dense(self.classes, exact=True, name="logits")(drop(joined(x)))


class ConvCGANGenerator(nn.Module):
    """[B, d + num_classes] -> [B, 28, 28, out_channels] in [-1, 1]; the label joins every layer's input.

    No layer has a bias. Batch norm has neither scale nor shift; after a linear layer it has a mean for each
    unit.

    Attributes:
      num_classes: columns of the label, the last columns of the input; 0 if there is no label.
      dense: units of the first layer.
      width: channels of the last layer but one.
      out_channels: channels of the images.
    """

    num_classes: int = 10
    dense: int = 1024
    width: int = 64
    out_channels: int = 1

    @nn.compact
    def __call__(self, z: jax.Array, train: bool) -> jax.Array:
        """Images. In training, batch norm uses the batch's statistics and updates the running ones."""
        label = z[:, -self.num_classes :] if self.num_classes else None
        x = nn.relu(_plain_norm(train, "norm_0")(_linear(self.dense, "dense_0")(z)))
        x = _linear(7 * 7 * 2 * self.width, "dense_1")(beside(x, label))
        x = nn.relu(_plain_norm(train, "norm_1")(x)).reshape(x.shape[0], 7, 7, -1)
        for i, width in enumerate((self.width, self.out_channels)):
            up = ConvTranspose(width, 5, use_bias=False, kernel_init=NORMAL, name=f"up_{i}")
            x = up(beside(x, label))
            x = bounded(x, "sigmoid") if i else nn.relu(_plain_norm(train, "norm_2")(x))
        return x


class ConvCGANDiscriminator(nn.Module):
    """[B, 28, 28, C] -> logits [B, classes], the counterpart of `ConvCGANGenerator`; leaky ReLU of slope 0.2.

    Attributes:
      width: channels of the first convolution; the second has twice as many.
      dense: units of the linear layer.
      classes: number of logits.
      norm: normalisation of all layers but the first and the last: 'batch', without scale or shift; 'layer';
        or 'none'.
    """

    width: int = 64
    dense: int = 1024
    classes: int = 1
    norm: str = "batch"

    @nn.compact
    def __call__(self, x: jax.Array, train: bool, condition: jax.Array | None = None) -> jax.Array:
        """Logits. In training, batch norm uses the batch's statistics and updates the running ones."""
        for i in range(2):
            down = Conv((i + 1) * self.width, 5, 2, use_bias=False, kernel_init=NORMAL, name=f"down_{i}")
            x = down(beside(x, condition))
            x = nn.leaky_relu(self._normalised(x, train, "norm_0") if i else x, 0.2)
        x = _linear(self.dense, "dense")(beside(x.reshape(len(x), -1), condition))
        x = nn.leaky_relu(self._normalised(x, train, "norm_1"), 0.2)
        return _linear(self.classes, "logits", exact=True)(beside(x, condition))

    def _normalised(self, x, train, name):
        return _plain_norm(train, name)(x) if self.norm == "batch" else normalised(x, self.norm, train, name)


def _required(condition):
    if condition is None:
        raise ValueError("this discriminator scores pairs of image and label; condition is None")
    return condition


def _linear(width, name, exact=False):
    return Dense(width, use_bias=False, kernel_init=NORMAL, exact=exact, name=name)


def _plain_norm(train, name):
    return BatchNorm(train, affine=False, name=name)
