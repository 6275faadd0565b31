"""Networks of one or two layers, which compile in no time, for what a model makes of any networks."""

import flax.linen as nn
import jax.numpy as jnp

from gan_jax.networks.layers.basic import Dense
from gan_jax.networks.layers.normalisation import BatchNorm


class Pixelwise(nn.Module):
    """A product for each pixel, batch norm if `normed`, and tanh: [..., C] -> [..., features]."""

    features: int
    normed: bool = False

    @nn.compact
    def __call__(self, x, train=False):
        x = Dense(self.features, name="product")(x)
        return nn.tanh(BatchNorm(train, name="norm")(x) if self.normed else x)


class Judge(nn.Module):
    """A logit for each image, [B, 1], and the maps [B, H, W, 2] and [B, H, W, 4] of two layers."""

    normed: bool = False

    @nn.compact
    def __call__(self, x, train=False):
        first = Pixelwise(2, self.normed, name="first")(x, train)
        second = Pixelwise(4, self.normed, name="second")(first, train)
        return Dense(1, name="logits")(jnp.square(second).mean((1, 2))), [first, second]
