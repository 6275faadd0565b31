"""pix2pix's generator, the U-Net with dropout as its noise (Isola et al. 2017), with or without skips."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.layers.basic import Conv, ConvTranspose
from gan_jax.networks.layers.blocks import block
from gan_jax.networks.layers.initializers import NEAR_ONE, NORMAL
from gan_jax.networks.layers.normalisation import normalised

_DROPPED = 8  # largest side of maps with dropout: d1 to d3 of the paper's 256 pixels


class Generator(nn.Module):
    """[B, H, W, C] -> [B, H, W, out_channels] in [-1, 1]; 2**levels divides H and W.

    `levels` strided 4x4 convolutions lead down, and as many transposed ones lead up. The activation is leaky
    ReLU 0.2 on the way down and ReLU on the way up. Batch norm follows all layers but the first, the
    innermost and the last. Each map of the way down joins the map of its size on the way up. Only the last
    convolution has a bias, since the official Lua code sets all others to zero. On the way up, dropout of one
    half acts on maps of `dropped_sides`.

    Attributes:
      width: channels of the first layer; they double from level to level, up to 8 times this.
      levels: number of halvings; 8 for the paper's 256 pixels.
      out_channels: channels of the images.
      skips: False gives the paper's encoder-decoder.
      dropped: 'paper' has dropout on maps of at most 8 pixels a side, for square images of 2**levels pixels.
        'pytorch' has it where the official PyTorch code has: not on the first map, and one map further.
    """

    width: int = 64
    levels: int = 8
    out_channels: int = 3
    skips: bool = True
    dropped: str = "paper"

    @property
    def dropped_sides(self) -> list[int]:
        """The sides of the maps with dropout, for square images of 2**levels pixels."""
        low, high = (4, 2 ** (self.levels - 4)) if self.dropped == "pytorch" else (2, _DROPPED)
        return [2**i for i in range(1, self.levels) if low <= 2**i <= high]

    @nn.compact
    def __call__(self, x: jax.Array, train: bool, dropout: bool) -> jax.Array:
        """Images.

        Args:
          x: [B, H, W, C].
          train: True normalises by the batch and updates running statistics; False normalises by these.
          dropout: whether dropout acts; it draws from the stream 'dropout'.
        """
        maps = []
        for i in range(self.levels):
            x = block(self, lambda self, x, i=i: self._down(nn.leaky_relu(x, 0.2) if i else x, train, i), x)
            maps.append(x)
        for i in reversed(range(1, self.levels)):
            x = block(self, lambda self, x, i=i: self._up(nn.relu(x), train, i), x)
            if 2 ** (self.levels - i) in self.dropped_sides:
                x = nn.Dropout(0.5, deterministic=not dropout)(x)
            # A ReLU follows, and the ReLU of a map equals the ReLU of its leaky ReLU.
            x = jnp.concatenate([maps[i - 1], x], -1) if self.skips else x
        last = ConvTranspose(self.out_channels, kernel_init=NORMAL, padding=1, name="to_image")
        return nn.tanh(last(nn.relu(x)))

    def _down(self, x, train, i):
        width = self.width * min(2**i, 8)
        x = Conv(width, 4, 2, use_bias=False, kernel_init=NORMAL, padding=1, name=f"down_{i}")(x)
        return normalised(x, "batch", train, f"down_norm_{i}", NEAR_ONE) if 0 < i < self.levels - 1 else x

    def _up(self, x, train, i):
        width = self.width * min(2 ** (i - 1), 8)
        x = ConvTranspose(width, use_bias=False, kernel_init=NORMAL, padding=1, name=f"up_{i}")(x)
        return normalised(x, "batch", train, f"up_norm_{i}", NEAR_ONE)
