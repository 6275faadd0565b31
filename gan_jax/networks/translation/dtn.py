"""The trained part of DTN's G (Taigman et al. 2016): g, after a trained encoder where that replaces f."""

import flax.linen as nn
import jax

from gan_jax.networks.generation.dcgan import Generator
from gan_jax.networks.recognition.stages import Features


class EncodedGenerator(nn.Module):
    """g(e(x)) of images [B, S, S, 1 or 3], or g(x) of features [B, d]: [B, g.size, g.size, C] in [-1, 1].

    Attributes:
      e: the encoder, of f's architecture; None if x are f's features.
      g: the generator.
    """

    e: Features | None
    g: Generator

    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Applies the networks. In training, batch norm uses the batch."""
        return self.g(x if self.e is None else self.e(x, train), train)
