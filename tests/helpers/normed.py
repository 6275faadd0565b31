"""A norm as a module of its own."""

import flax.linen as nn

from gan_jax.networks.layers.initializers import NEAR_ONE
from gan_jax.networks.layers.normalisation import normalised


class Normed(nn.Module):
    """`normalised` in training, with a scale near one; its variables are those of its submodule `norm`."""

    kind: str

    @nn.compact
    def __call__(self, x):
        return normalised(x, self.kind, True, "norm", NEAR_ONE)
