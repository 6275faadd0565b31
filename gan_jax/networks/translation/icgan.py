"""The encoders of an invertible conditional GAN (Perarnau et al. 2016, table 1; the authors' code)."""

import flax.linen as nn
import jax

from gan_jax.networks.layers.basic import Conv, Dense
from gan_jax.networks.layers.blocks import block
from gan_jax.networks.layers.normalisation import normalised

# The authors keep torch's default, U(-1/sqrt(fan_in), 1/sqrt(fan_in)).
_INIT = nn.initializers.variance_scaling(1 / 3, "fan_in", "uniform")


class Encoder(nn.Module):
    """Images [B, S, S, C] -> vectors [B, outputs]; no activation follows the last layer.

    5x5 convolutions of stride 2, each with batch norm and ReLU, double the channels. A dense layer with batch
    norm and ReLU and a linear layer follow. Layers before a norm have no bias, since the norm has a shift.

    Attributes:
      outputs: length of a vector.
      width: channels of the first layer.
      layers: number of strided layers.
      dense: units of the dense layer.
    """

    outputs: int
    width: int = 32
    layers: int = 4
    dense: int = 512

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Vectors. In training, batch norm uses the batch's statistics and updates the running ones."""
        for i in range(self.layers):
            x = block(self, lambda self, x, i=i: self._down(x, train, i), x)
        x = Dense(self.dense, use_bias=False, kernel_init=_INIT, name="dense")(x.reshape(len(x), -1))
        x = nn.relu(normalised(x, "batch", train, "dense_norm"))
        return Dense(self.outputs, kernel_init=_INIT, exact=True, name="code")(x)

    def _down(self, x, train, i):
        down = Conv(self.width * 2**i, 5, 2, False, _INIT, padding=2, name=f"down_{i}")
        return nn.relu(normalised(down(x), "batch", train, f"norm_{i}"))


class Encoders(nn.Module):
    """E_z and E_y, which share nothing: images -> z [B, z_dim], and images -> labels [B, labels].

    Attributes:
      z_dim: length of z.
      labels: number of labels.
      width: channels of the first layer of each.
      layers: number of strided layers of each.
      z_dense: units of the dense layer of E_z.
      y_dense: units of the dense layer of E_y.
    """

    z_dim: int
    labels: int
    width: int = 32
    layers: int = 4
    z_dense: int = 4096
    y_dense: int = 512

    @nn.compact
    def __call__(self, x_z: jax.Array, x_y: jax.Array, train: bool) -> tuple[jax.Array, jax.Array]:
        """Z of `x_z` and the labels of `x_y`; batch norm as in `Encoder`."""
        e_z = Encoder(self.z_dim, self.width, self.layers, self.z_dense, name="z")
        e_y = Encoder(self.labels, self.width, self.layers, self.y_dense, name="y")
        return e_z(x_z, train), e_y(x_y, train)
