"""DCGAN's generator and discriminator (Radford et al. 2015), with widths as fields."""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.layers import Collapse, Conv, ConvTranspose, Initializer, Project

_NORMAL = nn.initializers.normal(0.02)  # both networks' kernels, as in DCGAN


class Generator(nn.Module):
    """[B, d] -> [B, S, S, out_channels] in [-1, 1], S = 4 * 2**len(widths).

    The vector is projected to 4x4; transposed convolutions (4x4, stride 2) double the size; all but
    the last layer have batch norm and ReLU, the last has a bias and tanh.

    Attributes:
      widths: of all layers but the last.
      out_channels: of the images.
      pointwise: each of these layers is followed by a 1x1 convolution of its width, with batch norm and
        ReLU of its own, as Taigman et al. 2016 have it for faces.
    """

    widths: tuple[int, ...] = (512, 256, 128)
    out_channels: int = 1
    pointwise: bool = False

    @property
    def size(self) -> int:
        """S, the side of the images in pixels."""
        return 4 * 2 ** len(self.widths)

    @nn.compact
    def __call__(self, z: jax.Array, train: bool) -> jax.Array:
        """Images; `train` normalises by the batch and updates running statistics."""
        x = Project(self.widths[0], kernel_init=_NORMAL, name="project")(z)
        x = self._mix(nn.relu(_norm(train, "norm_0")(x)), train, 0)
        for i, width in enumerate(self.widths[1:], start=1):
            x = ConvTranspose(width, use_bias=False, kernel_init=_NORMAL, name=f"up_{i}")(x)
            x = self._mix(nn.relu(_norm(train, f"norm_{i}")(x)), train, i)
        return nn.tanh(ConvTranspose(self.out_channels, kernel_init=_NORMAL, name="to_image")(x))

    def _mix(self, x, train, i):
        if not self.pointwise:
            return x
        x = Conv(self.widths[i], 1, use_bias=False, kernel_init=_NORMAL, name=f"mix_{i}")(x)
        return nn.relu(_norm(train, f"mix_norm_{i}")(x))


class Discriminator(nn.Module):
    """[B, S, S, C] -> logits [B, classes]: strided 4x4 convolutions, the last one as wide as its input.

    Attributes:
      widths: of the strided layers.
      classes: logits; never rectified or normalised.
      batch_norm: on the inner layers; none on the first and on the logits.
      activation: 'relu', or 'leaky_relu' of slope 0.2.
      init_scheme: 'normal' draws kernels from N(0, 0.02), 'lecun' is flax's default.
      first_norm: with `batch_norm`, on the first layer as well.
    """

    widths: tuple[int, ...] = (128, 256, 512)
    classes: int = 1
    batch_norm: bool = True
    activation: str = "leaky_relu"
    init_scheme: str = "normal"
    first_norm: bool = False

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Logits; `train` normalises by the batch and updates running statistics."""
        init: Initializer = _NORMAL if self.init_scheme == "normal" else nn.initializers.lecun_normal()
        for i, width in enumerate(self.widths):
            normalised = self.batch_norm and (i > 0 or self.first_norm)
            x = Conv(
                width,
                4,
                2,
                use_bias=not normalised,
                kernel_init=init,
                name=f"down_{i}",
            )(x)
            if normalised:
                x = _norm(train, f"norm_{i}")(x)
            x = nn.relu(x) if self.activation == "relu" else nn.leaky_relu(x, 0.2)
        return Collapse(self.classes, kernel_init=init, name="logits")(x)


def logits_of_groups(
    disc: Discriminator, params: Any, batch_stats: Any, groups: Sequence[jax.Array]
) -> tuple[list[jax.Array], Any]:
    """Logits of each group of images [B, H, W, C] in training, every group a batch-norm batch of its own.

    Returns:
      The logits [B, classes] of each group, and the running statistics after the last.
    """
    if not disc.batch_norm:
        logits = disc.apply({"params": params}, jnp.concatenate(groups), train=True)
        return jnp.split(logits, len(groups)), batch_stats
    out = []
    for group in groups:
        variables = {"params": params, "batch_stats": batch_stats}
        logits, new = disc.apply(variables, group, train=True, mutable=["batch_stats"])
        batch_stats = new["batch_stats"]
        out.append(logits)
    return out, batch_stats


def _norm(train, name):
    return nn.BatchNorm(use_running_average=not train, momentum=0.9, epsilon=1e-5, name=name)
