"""The mapping network of StyleGAN, from latents and classes to styles."""

import math
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.layers.equalised import Dense, leaky_relu
from gan_jax.networks.layers.normalisation import pixel_norm


class Mapping(nn.Module):
    """Latents [B, d] and, for conditional models, one-hot classes [B, K] to styles [B, width].

    The latents are normalised by `pixel_norm`. With classes, an embedding of the class, normalised in the
    same way, stands beside the latents. Each layer has a leaky ReLU and the total gain sqrt(2). As in the
    authors' code, the network is float32 under every policy of `ops.precision`.

    Attributes:
      width: features of every layer and of the result.
      layers: the number of dense layers.
      multiplier: of the layers' learning rate (Karras et al. 2019, appendix C).
      kernel_gain: the part of the gain that stands before the bias. StyleGAN has sqrt(2), StyleGAN2 has 1.
    """

    width: int = 512
    layers: int = 8
    multiplier: float = 0.01
    kernel_gain: float = 1.0

    @nn.compact
    def __call__(self, z: Any = None, classes: Any = None) -> jax.Array:
        """Applies the network; at least one of the two arguments is given."""
        parts = [] if z is None else [pixel_norm(z)]
        if classes is not None:
            parts.append(pixel_norm(Dense(self.width, exact=True, name="embed")(classes)))
        x = jnp.concatenate(parts, -1)
        for i in range(self.layers):
            x = Dense(self.width, self.kernel_gain, self.multiplier, exact=True, name=f"fc{i}")(x)
            x = leaky_relu(x, math.sqrt(2) / self.kernel_gain)
        return x
