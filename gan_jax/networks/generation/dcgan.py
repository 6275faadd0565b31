"""DCGAN's generator and discriminator (Radford et al. 2015), with widths as fields."""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.layers.basic import Collapse, Conv, ConvTranspose, Project, beside
from gan_jax.networks.layers.blocks import block
from gan_jax.networks.layers.initializers import NORMAL, Initializer, around_one
from gan_jax.networks.layers.normalisation import normalised


def widths_at(size: int, widths: Sequence[int], shrink: int = 1) -> tuple[int, ...]:
    """Widths of as many layers as there are doublings from 4 pixels to `size`.

    Args:
      size: side of the images in pixels.
      widths: widths at another size. Further layers follow the last one; surplus layers are left out: the
        first ones where widths shrink, as a generator's do, else the last ones.
      shrink: divisor of the width from one further layer to the next.
    """
    layers = max(1, (size // 4).bit_length() - 1)
    further = (max(1, widths[-1] // shrink**i) for i in range(1, layers - len(widths) + 1))
    found = (*widths, *further)
    return found[-layers:] if shrink > 1 else found[:layers]


class Generator(nn.Module):
    """[B, d] -> [B, S, S, out_channels] in [-1, 1], S = start * 2**len(widths).

    The vector is projected to start x start pixels. Transposed convolutions of stride 2 then double the size.
    All layers but the last have batch norm and ReLU; the last has tanh.

    Attributes:
      widths: channels of all layers but the last.
      out_channels: channels of the images.
      pointwise: whether a 1x1 convolution of the same width, with batch norm and ReLU of its own, follows
        each layer but the last, as in Taigman et al. 2016 for faces.
      start: side of the projection in pixels.
      norm: 'batch', 'layer' or 'none'.
      norm_std: the norm's scale is drawn from N(1, norm_std); DCGAN's code has 0.02. 0 starts the scale at
        one.
      bias: whether the last layer has a bias; DCGAN's code has none.
      kernel_size: kernel size of the transposed convolutions; 5 in DCGAN's first code.
    """

    widths: tuple[int, ...] = (512, 256, 128)
    out_channels: int = 1
    pointwise: bool = False
    start: int = 4
    norm: str = "batch"
    norm_std: float = 0.0
    bias: bool = True
    kernel_size: int = 4

    @property
    def size(self) -> int:
        """S, the side of the images in pixels."""
        return self.start * 2 ** len(self.widths)

    @nn.compact
    def __call__(self, z: jax.Array, train: bool) -> jax.Array:
        """Images. In training, batch norm uses the batch's statistics and updates the running ones."""
        x = Project(self.widths[0], self.start, kernel_init=NORMAL, name="project")(z)
        x = self._mix(self._rectify(x, train, "norm_0"), train, 0)
        for i, width in enumerate(self.widths[1:], start=1):
            x = block(self, lambda self, x, i=i, width=width: self._up(x, width, train, i), x)
        last = ConvTranspose(
            self.out_channels,
            self.kernel_size,
            use_bias=self.bias,
            kernel_init=NORMAL,
            name="to_image",
        )
        return nn.tanh(last(x))

    def _up(self, x, width, train, i):
        up = ConvTranspose(width, self.kernel_size, use_bias=False, kernel_init=NORMAL, name=f"up_{i}")
        return self._mix(self._rectify(up(x), train, f"norm_{i}"), train, i)

    def _mix(self, x, train, i):
        if not self.pointwise:
            return x
        x = Conv(self.widths[i], 1, use_bias=False, kernel_init=NORMAL, name=f"mix_{i}")(x)
        return self._rectify(x, train, f"mix_norm_{i}")

    def _rectify(self, x, train, name):
        return nn.relu(normalised(x, self.norm, train, name, around_one(self.norm_std)))


class Discriminator(nn.Module):
    """[B, S, S, C] -> logits [B, classes + aux]: strided convolutions, then one as large as its input.

    Attributes:
      widths: channels of the strided layers.
      classes: number of logits; no activation or norm follows them.
      batch_norm: whether the strided layers but the first have batch norm.
      activation: 'relu', or 'leaky_relu' of slope 0.2.
      init_scheme: 'normal' draws kernels from N(0, 0.02); 'lecun' is flax's default.
      first_norm: whether the first layer has the norm as well.
      layer_norm: use layer norm instead of batch norm.
      norm_std: the norm's scale is drawn from N(1, norm_std); DCGAN's code has 0.02. 0 starts the scale at
        one.
      bias: whether layers without norm have a bias; DCGAN's code has none.
      aux: number of class logits of a second head with bias, for auxiliary classifiers.
      kernel_size: kernel size of the strided layers; 5 in DCGAN's first code.
      joins: number of the strided layer whose input a condition joins: 0, the image itself; 1, the maps after
        the first layer, as in Perarnau et al. 2016.
    """

    widths: tuple[int, ...] = (128, 256, 512)
    classes: int = 1
    batch_norm: bool = True
    activation: str = "leaky_relu"
    init_scheme: str = "normal"
    first_norm: bool = False
    layer_norm: bool = False
    norm_std: float = 0.0
    bias: bool = True
    aux: int = 0
    kernel_size: int = 4
    joins: int = 0

    @property
    def norm(self) -> str:
        """'layer', 'batch' or 'none'."""
        return "layer" if self.layer_norm else "batch" if self.batch_norm else "none"

    @nn.compact
    def __call__(self, x: jax.Array, train: bool, condition: jax.Array | None = None) -> jax.Array:
        """Logits. In training, batch norm uses the batch's statistics and updates the running ones.

        `condition` [B, K] joins the input of layer `joins` as K constant planes.
        """
        init: Initializer = NORMAL if self.init_scheme == "normal" else nn.initializers.lecun_normal()
        for i in range(len(self.widths)):
            x = beside(x, condition if i == self.joins else None)
            x = block(self, lambda self, x, i=i: self._down(x, train, i, init), x)
        logits = Collapse(self.classes, self.bias, kernel_init=init, exact=True, name="logits")(x)
        if self.aux:
            aux = Collapse(self.aux, kernel_init=init, exact=True, name="aux")(x)
            logits = jnp.concatenate([logits, aux], -1)
        return logits

    def _down(self, x, train, i, init):
        norm = self.norm if i > 0 or self.first_norm else "none"
        # A norm has its own bias.
        bias = self.bias and norm == "none"
        down = Conv(self.widths[i], self.kernel_size, 2, use_bias=bias, kernel_init=init, name=f"down_{i}")
        x = normalised(down(x), norm, train, f"norm_{i}", around_one(self.norm_std))
        return nn.relu(x) if self.activation == "relu" else nn.leaky_relu(x, 0.2)


def logits_of_groups(
    disc: Discriminator, params: Any, batch_stats: Any, groups: Sequence[jax.Array]
) -> tuple[list[jax.Array], Any]:
    """Logits in training for each group of images [B, H, W, C]; batch norm treats each group as a batch.

    Returns:
      The logits [B, classes] of each group, and the running statistics after the last group.
    """
    if disc.norm != "batch":
        # Without batch norm the examples are independent, so one pass over all groups gives the same logits.
        logits = disc.apply({"params": params}, jnp.concatenate(groups), train=True)
        return jnp.split(logits, len(groups)), batch_stats
    out = []
    for group in groups:
        variables = {"params": params, "batch_stats": batch_stats}
        logits, new = disc.apply(variables, group, train=True, mutable=["batch_stats"])
        batch_stats = new["batch_stats"]
        out.append(logits)
    return out, batch_stats
