"""The decoder of AdaIN's style transfer, the mirror image of a VGG (Huang and Belongie 2017)."""

import flax.linen as nn
import jax

from gan_jax.networks.layers.basic import Conv, upsample
from gan_jax.networks.recognition.vgg import convolutions, shapes

# With He's values images would start far outside [-1, 1]. With much smaller ones Adam's first steps, which
# all raise the contrast, would outweigh them, and the three colours would become one.
_last = nn.initializers.variance_scaling(0.5, "fan_in", "normal")


class Decoder(nn.Module):
    """Maps of a VGG's layer [B, h, w, C] -> images [B, s h, s w, 3], about -1 to 1; s = 2**(group - 1).

    The convolutions of VGG up to layer `through` follow in reverse order, each with its channels exchanged.
    Where VGG pools, the decoder repeats every position to 2x2. Borders are reflected. ReLU follows every
    convolution but the last, which is linear. There is no normalisation, since it would undo the style's
    statistics. With VGG-19 through relu4_1 there are 3 505 219 parameters.

    Attributes:
      depth: 16 or 19, VGG's layers.
      through: the layer whose maps are decoded, such as `relu4_1`.
    """

    depth: int = 19
    through: str = "relu4_1"

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Applies the network."""
        for name in reversed(convolutions(self.depth, self.through)):
            inputs, _ = shapes(self.depth)[name]
            mirrored = name.replace("conv", "mirror")
            last = name == "conv1_1"
            kernel_init = _last if last else nn.initializers.he_normal()
            x = Conv(inputs, kernel_init=kernel_init, padding="REFLECT", name=mirrored)(x)
            x = x if last else nn.relu(x)
            if name.endswith("_1") and name != "conv1_1":
                x = upsample(x)
        return x
