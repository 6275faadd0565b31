"""The discriminator of Odena, Olah, Shlens 2017 (ACGAN), and labels for a generator that was made for none.

The paper's generator is a `wgan_convs.ConvGenerator`.
"""

import flax.linen as nn
import jax

from gan_jax.networks.layers.basic import Conv, beside, normalised
from gan_jax.networks.layers.initializers import NORMAL


class ACGANDiscriminator(nn.Module):
    """[B, S, S, C] -> logits [B, classes]: 3x3 convolutions with dropout, of stride 2 and 1 in turn.

    Attributes:
      widths: of the convolutions.
      classes: logits: realness, then the auxiliary classes.
      norm: of all convolutions but the first: 'batch', 'none' or 'layer'.
      dropout: share of units dropped after each convolution in training (rng 'dropout').
    """

    widths: tuple[int, ...] = (16, 32, 64, 128, 256, 512)
    classes: int = 11
    norm: str = "batch"
    dropout: float = 0.5

    @nn.compact
    def __call__(self, x: jax.Array, train: bool, condition: jax.Array | None = None) -> jax.Array:
        """Logits; `condition` [B, K] goes in as K planes beside the image."""
        x = beside(x, condition)
        for i, width in enumerate(self.widths):
            x = Conv(width, 3, 1 if i % 2 else 2, kernel_init=NORMAL, name=f"conv_{i}")(x)
            x = normalised(x, self.norm, train, f"norm_{i}") if i else x
            x = nn.Dropout(self.dropout, deterministic=not train)(nn.leaky_relu(x, 0.2))
        return nn.Dense(self.classes, kernel_init=NORMAL, name="logits")(x.reshape(len(x), -1))


class LabelProduct(nn.Module):
    """[B, d + num_classes] -> images: z times a learned vector of its class, e(y), through `generator`.

    Public codes of ACGAN have this in place of a label beside z. e starts as draws of N(0, 1), so that the
    class is at first in signs and scales alone.

    Attributes:
      generator: takes z [B, d].
      num_classes: columns of the one-hot label, the last ones.
    """

    generator: nn.Module
    num_classes: int

    @nn.compact
    def __call__(self, z: jax.Array, train: bool) -> jax.Array:
        """Images of `generator`."""
        z, label = z[:, : -self.num_classes], z[:, -self.num_classes :]
        embedding = nn.Dense(
            z.shape[1], use_bias=False, kernel_init=nn.initializers.normal(1.0), name="embedding"
        )
        return self.generator(z * embedding(label), train)
