"""The discriminator of Odena, Olah, Shlens 2017 (ACGAN), and a wrapper that gives labels to any generator.

The paper's generator is `wgan_gp.ConvGenerator`.
"""

import flax.linen as nn
import jax

from gan_jax.networks.layers.basic import Conv, Dense, beside
from gan_jax.networks.layers.blocks import block
from gan_jax.networks.layers.initializers import NORMAL
from gan_jax.networks.layers.normalisation import normalised


class ACGANDiscriminator(nn.Module):
    """[B, S, S, C] -> logits [B, classes]: 3x3 convolutions with dropout, alternately of stride 2 and 1.

    Attributes:
      widths: channels of the convolutions.
      classes: number of logits: realness first, then the auxiliary classes.
      norm: normalisation of all convolutions but the first: 'batch', 'none' or 'layer'.
      dropout: share of units dropped after each convolution in training (rng 'dropout').
    """

    widths: tuple[int, ...] = (16, 32, 64, 128, 256, 512)
    classes: int = 11
    norm: str = "batch"
    dropout: float = 0.5

    @nn.compact
    def __call__(self, x: jax.Array, train: bool, condition: jax.Array | None = None) -> jax.Array:
        """Logits. `condition` [B, K] joins the image as K constant planes."""
        x = beside(x, condition)
        for i, width in enumerate(self.widths):
            x = block(self, lambda self, x, i=i, width=width: self._layer(x, width, train, i), x)
            x = nn.Dropout(self.dropout, deterministic=not train)(x)
        return Dense(self.classes, kernel_init=NORMAL, exact=True, name="logits")(x.reshape(len(x), -1))

    def _layer(self, x, width, train, i):
        x = Conv(width, 3, 1 if i % 2 else 2, kernel_init=NORMAL, name=f"conv_{i}")(x)
        return nn.leaky_relu(normalised(x, self.norm, train, f"norm_{i}") if i else x, 0.2)


class LabelProduct(nn.Module):
    """[B, d + num_classes] -> images: `generator` takes z times a learned vector of its class, e(y).

    Public codes of ACGAN do this instead of appending the label to z. e starts as draws of N(0, 1), so that
    at first the class shows only in signs and scales.

    Attributes:
      generator: a generator that takes z [B, d].
      num_classes: columns of the one-hot label, the last columns of the input.
    """

    generator: nn.Module
    num_classes: int

    @nn.compact
    def __call__(self, z: jax.Array, train: bool) -> jax.Array:
        """Images of `generator`."""
        z, label = z[:, : -self.num_classes], z[:, -self.num_classes :]
        embedding = Dense(
            z.shape[1], use_bias=False, kernel_init=nn.initializers.normal(1.0), name="embedding"
        )
        return self.generator(z * embedding(label), train)
