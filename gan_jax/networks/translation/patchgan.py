"""PatchGAN: a discriminator of overlapping patches (Isola et al. 2017; CycleGAN uses it too)."""

import functools

import flax.linen as nn
import jax

from gan_jax.networks.layers.basic import Conv
from gan_jax.networks.layers.blocks import block
from gan_jax.networks.layers.initializers import NEAR_ONE, NORMAL
from gan_jax.networks.layers.normalisation import normalised


def normalised_side(size: int, layers: int) -> int:
    """Side of the smallest map that is normalised, for images of `size` pixels."""
    return size // 2**layers - 1 if layers else size


class Discriminator(nn.Module):
    """[B, S, S, C] -> logits [B, s, s, 1] of overlapping patches, s = S / 2**layers - 2.

    `layers` 4x4 convolutions of stride 2 and padding 1 come first, then two of stride 1; the activation is
    leaky ReLU 0.2. The first and the last layer are not normalised. `layers=0` is the PixelGAN, whose kernels
    are 1x1, with s = S. As in the official code, a convolution has no bias if batch norm follows, nor has the
    PixelGAN's last one then. All other convolutions have a bias.

    Attributes:
      width: channels of the first layer; they double from layer to layer, up to 8 times this.
      layers: number of convolutions of stride 2. A logit sees a patch of 1, 16, 34, 70, 142 or 286 pixels a
        side for 0 to 5 of them; 3 gives the 70x70 PatchGAN.
      norm: 'instance', 'instance_affine' or 'batch'.
    """

    width: int = 64
    layers: int = 3
    norm: str = "instance"

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Logits. With norm 'batch', training uses the batch's statistics and updates the running ones."""
        bias = self.norm != "batch"
        if not self.layers:
            x = nn.leaky_relu(self._conv(self.width, "conv_0", kernel=1)(x), 0.2)
            x = self._conv(2 * self.width, "conv_1", kernel=1, bias=bias)(x)
            x = nn.leaky_relu(normalised(x, self.norm, train, "norm_1", NEAR_ONE), 0.2)
            return self._conv(1, "logits", kernel=1, bias=bias, exact=True)(x)
        x = nn.leaky_relu(self._conv(self.width, "conv_0", stride=2)(x), 0.2)
        for i in range(1, self.layers + 1):
            width, stride = self.width * min(2**i, 8), 2 if i < self.layers else 1
            layer = functools.partial(Discriminator._layer, width=width, stride=stride, train=train, i=i)
            x = block(self, layer, x)
        return self._conv(1, "logits", exact=True)(x)

    def _layer(self, x, width, stride, train, i):
        x = self._conv(width, f"conv_{i}", stride=stride, bias=self.norm != "batch")(x)
        return nn.leaky_relu(normalised(x, self.norm, train, f"norm_{i}", NEAR_ONE), 0.2)

    def _conv(self, width, name, kernel=4, stride=1, bias=True, exact=False):
        padding = (kernel - 1) // 2
        options = {"kernel_init": NORMAL, "padding": padding, "exact": exact}
        return Conv(width, kernel, stride, bias, name=name, **options)
