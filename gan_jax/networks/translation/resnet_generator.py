"""CycleGAN's generator: strided convolutions, residual blocks, transposed ones (Johnson et al. 2016)."""

import functools

import flax.linen as nn
import jax

from gan_jax.networks.layers.basic import Conv, ConvTranspose
from gan_jax.networks.layers.blocks import block
from gan_jax.networks.layers.initializers import NEAR_ONE, NORMAL
from gan_jax.networks.layers.normalisation import normalised


class Generator(nn.Module):
    """[B, H, W, C] -> [B, H, W, out_channels] in [-1, 1]; 2**downs divides H and W.

    The padding is by reflection except in the layers that change the size. A norm and ReLU follow every
    convolution but the last. Nothing follows the sum of a residual block. As in the official code, a
    convolution has a bias before instance norm, although instance norm cancels it, and none before batch
    norm. The last convolution always has one.

    Attributes:
      width: channels of the first layer; they double with every halving of the size.
      blocks: number of residual blocks; the paper has 6 for 128 pixels, 9 for 256 and more.
      downs: number of halvings of the size.
      out_channels: channels of the images.
      norm: 'instance' as in the PyTorch code, 'instance_affine' as in the Lua code, or 'batch'.
    """

    width: int = 64
    blocks: int = 9
    downs: int = 2
    out_channels: int = 3
    norm: str = "instance"

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Images. `train` matters for batch norm only, which then normalises by the batch."""
        bias = self.norm != "batch"
        first = functools.partial(Conv, self.width, 7, use_bias=bias, name="conv", **_REFLECT)
        x = self._normed(first, x, train, "norm")
        for i in range(1, self.downs + 1):
            layer = (self.width * 2**i, 3, 2, bias)
            down = functools.partial(Conv, *layer, padding=1, kernel_init=NORMAL, name=f"down_{i}")
            x = self._normed(down, x, train, f"down_norm_{i}")
        for i in range(self.blocks):
            x = x + block(self, lambda self, x, i=i: self._residual(x, train, i, bias), x)
        for i in reversed(range(self.downs)):
            up = functools.partial(
                ConvTranspose,
                *(self.width * 2**i, 3, 2, bias),
                padding=1,
                output_padding=1,
                kernel_init=NORMAL,
                name=f"up_{i}",
            )
            x = self._normed(up, x, train, f"up_norm_{i}")
        return nn.tanh(Conv(self.out_channels, 7, name="to_image", **_REFLECT)(x))

    def _residual(self, x, train, i, bias):
        width = x.shape[-1]
        x = Conv(width, 3, use_bias=bias, name=f"block_{i}_a", **_REFLECT)(x)
        x = nn.relu(normalised(x, self.norm, train, f"block_{i}_norm_a", NEAR_ONE))
        x = Conv(width, 3, use_bias=bias, name=f"block_{i}_b", **_REFLECT)(x)
        return normalised(x, self.norm, train, f"block_{i}_norm_b", NEAR_ONE)

    def _normed(self, conv, x, train, name):
        """A new convolution, its norm and ReLU, as a block."""
        return block(
            self, lambda self, x: nn.relu(normalised(conv()(x), self.norm, train, name, NEAR_ONE)), x
        )


_REFLECT = {"padding": "REFLECT", "kernel_init": NORMAL}
