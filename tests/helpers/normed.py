"""A norm as a module of its own."""

import flax.linen as nn

from gan_jax.networks.layers.initializers import NEAR_ONE, Initializer
from gan_jax.networks.layers.normalisation import normalised


class Normed(nn.Module):
    """`normalised` in training; its variables are those of its submodule `norm`."""

    kind: str
    scale_init: Initializer = NEAR_ONE

    @nn.compact
    def __call__(self, x):
        return normalised(x, self.kind, True, "norm", self.scale_init)
