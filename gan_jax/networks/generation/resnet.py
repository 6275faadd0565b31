"""Residual networks of Gulrajani et al. 2017 (32 and 64 pixels) and of Miyato et al. 2018 (SN-ResNet)."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.layers.basic import Conv, Dense, beside, mean_pool, upsample
from gan_jax.networks.layers.blocks import block
from gan_jax.networks.layers.initializers import GLOROT, HE
from gan_jax.networks.layers.normalisation import BatchNorm, normalised
from gan_jax.ops.precision import exactly


class ResBlock(nn.Module):
    """Norm, ReLU and 3x3 convolution, twice, plus a shortcut: [B, H, W, C] -> [B, H', W', features].

    Attributes:
      features: channels of the output. The first convolution has as many if the block doubles or keeps the
        size; if the block halves the size, the first convolution keeps the input's channels.
      resample: 'up' doubles the sides (nearest), 'down' halves them (mean), 'none' keeps them.
      norm: 'none', 'batch' or 'layer'; batch norm is conditional if a label is given.
      first_bias: whether the first convolution has a bias.
      raw: whether the input is an image; then no norm and ReLU precede the first convolution.
    """

    features: int
    resample: str = "none"
    norm: str = "none"
    first_bias: bool = True
    raw: bool = False

    @nn.compact
    def __call__(self, x: jax.Array, train: bool, label: jax.Array | None = None) -> jax.Array:
        """Applies the block; `label` is one-hot [B, K] or None."""
        # A 1x1 convolution commutes with both kinds of resampling and is cheaper on fewer pixels.
        shortcut = mean_pool(x) if self.resample == "down" else x
        if self.resample != "none" or x.shape[-1] != self.features:
            shortcut = Conv(self.features, 1, kernel_init=GLOROT, name="shortcut")(shortcut)
        shortcut = upsample(shortcut) if self.resample == "up" else shortcut
        keeps = self.resample == "down" and not self.raw
        middle = x.shape[-1] if keeps else self.features
        if not self.raw:
            x = nn.relu(self._normalised(x, train, label, "norm_1"))
        x = upsample(x) if self.resample == "up" else x
        x = Conv(middle, use_bias=self.first_bias, kernel_init=HE, name="conv_1")(x)
        x = nn.relu(self._normalised(x, train, label, "norm_2"))
        x = Conv(self.features, kernel_init=HE, name="conv_2")(x)
        x = mean_pool(x) if self.resample == "down" else x
        return shortcut + x

    def _normalised(self, x, train, label, name):
        if label is None or self.norm == "none":
            return normalised(x, self.norm, train, name)
        return ConditionalBatchNorm(name=name)(x, train, label)


def _residual(fields, name, train, network, x, label=None):
    """A new residual block of a network, applied."""
    del network
    return ResBlock(*fields, name=name)(x, train, label)


class ConditionalBatchNorm(nn.Module):
    """Batch norm with a scale and a shift for each class: images [B, H, W, C], one-hot labels [B, K]."""

    @nn.compact
    def __call__(self, x: jax.Array, train: bool, label: jax.Array) -> jax.Array:
        """Applies the layer; `train` normalises by the batch."""
        shape = (label.shape[-1], x.shape[-1])
        scale = label @ self.param("scales", nn.initializers.ones, shape)
        shift = label @ self.param("shifts", nn.initializers.zeros, shape)
        x = BatchNorm(train, affine=False, name="statistics")(x)
        return (x * scale[:, None, None] + shift[:, None, None]).astype(x.dtype)


class ResNetGenerator(nn.Module):
    """[B, d] -> [B, S, S, out_channels] in [-1, 1]: a linear layer to start x start, doubling blocks, tanh.

    Attributes:
      widths: channels of the linear layer and of each block.
      out_channels: channels of the images.
      start: side of the linear layer's output in pixels.
      norm: 'batch' or 'none'.
      num_classes: number of columns at the end of the input that hold one-hot labels. The labels choose the
        scales of the blocks' batch norm and do not reach the linear layer. 0 takes all columns as noise.
      first_bias: whether the first convolution of each block has a bias.
      he_output: give the last convolution He's initial values, as before a ReLU, instead of Glorot's.
    """

    widths: tuple[int, ...] = (128, 128, 128, 128)
    out_channels: int = 3
    start: int = 4
    norm: str = "batch"
    num_classes: int = 0
    first_bias: bool = True
    he_output: bool = False

    @nn.compact
    def __call__(self, z: jax.Array, train: bool) -> jax.Array:
        """Images. In training, batch norm uses the batch's statistics and updates the running ones."""
        label = None
        if self.num_classes and self.norm == "batch":
            z, label = z[:, : -self.num_classes], z[:, -self.num_classes :]
        x = Dense(self.start**2 * self.widths[0], kernel_init=GLOROT, name="project")(z)
        x = x.reshape(x.shape[0], self.start, self.start, -1)
        for i, width in enumerate(self.widths[1:]):
            fields = (width, "up", self.norm, self.first_bias)
            x = block(self, functools.partial(_residual, fields, f"block_{i}", train), x, label)
        x = nn.relu(normalised(x, self.norm, train, "norm"))
        init = HE if self.he_output else GLOROT
        return jnp.tanh(Conv(self.out_channels, kernel_init=init, name="to_image")(x))


class ResNetDiscriminator(nn.Module):
    """[B, S, S, C] -> logits [B, classes]: residual blocks, then pooling and a linear layer.

    Attributes:
      widths: channels of the blocks; the first block takes the image, or the output of `stem`.
      classes: number of logits.
      downs: number of blocks that halve the sides; they come first.
      stem: channels of a 3x3 convolution before all blocks; 0 has none.
      norm: normalisation in the blocks: 'none', 'batch' or 'layer'.
      first_bias: whether the first convolution of each block has a bias.
      head: 'mean' or 'sum' over the pixels after a ReLU; or 'flat', all pixels in one vector.
      head_bias: whether the linear layer has a bias.
      projection: add <embedding of the condition, pooled features> to the first logit (Miyato and Koyama
        2018), instead of appending the condition to the image as planes.
    """

    widths: tuple[int, ...] = (128, 128, 128, 128)
    classes: int = 1
    downs: int = 2
    stem: int = 0
    norm: str = "none"
    first_bias: bool = True
    head: str = "mean"
    head_bias: bool = True
    projection: bool = False

    @nn.compact
    def __call__(self, x: jax.Array, train: bool, condition: jax.Array | None = None) -> jax.Array:
        """Logits; `condition` is one-hot [B, K] or None."""
        x = x if self.projection else beside(x, condition)
        if self.stem:
            x = Conv(self.stem, kernel_init=GLOROT, name="stem")(x)
        for i, width in enumerate(self.widths):
            resample = "down" if i < self.downs else "none"
            raw = i == 0 and not self.stem
            fields = (width, resample, self.norm, self.first_bias, raw)
            x = block(self, functools.partial(_residual, fields, f"block_{i}", train), x)
        x = self._pooled(x)
        head = Dense(self.classes, self.head_bias, GLOROT, exact=True, name="logits")
        logits = head(x)
        if self.projection and condition is not None:
            embed = Dense(x.shape[-1], use_bias=False, kernel_init=GLOROT, exact=True, name="embedding")
            score = (embed(condition) * exactly(x)).sum(-1)
            # The first logit is realness; the others belong to an auxiliary classifier.
            logits = logits.at[:, 0].add(score)
        return logits

    def _pooled(self, x):
        if self.head == "flat":
            return x.reshape(len(x), -1)
        if self.head not in ("mean", "sum"):
            raise ValueError(f"head={self.head!r} is not allowed; allowed: mean, sum, flat")
        return getattr(nn.relu(x), self.head)((1, 2))
