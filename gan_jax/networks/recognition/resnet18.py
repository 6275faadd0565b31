"""ResNet-18 (He et al. 2016, table 1), the judge of StarGAN's expressions, also for small images."""

import flax.linen as nn
import jax

from gan_jax.networks.layers.basic import Conv, Dense
from gan_jax.networks.layers.normalisation import BatchNorm
from gan_jax.ops.pixels import resize, to_rgb

_INIT = nn.initializers.variance_scaling(2.0, "fan_out", "normal")  # He et al. 2015, as torchvision has it


class Features(nn.Module):
    """Four stages of two residual blocks, then the mean over positions: [B, S, S, 1 or 3] -> [B, widths[-1]].

    Attributes:
      widths: channels of the stages; each stage but the first halves the size.
      small: begin with a 3x3 convolution instead of a strided 7x7 one and max-pooling, for images of less
        than 100 pixels.
      input_size: side in pixels to which images are resized first; 0 leaves them as they are.
    """

    widths: tuple[int, ...] = (64, 128, 256, 512)
    small: bool = False
    input_size: int = 0

    @nn.compact
    def __call__(self, x: jax.Array, train: bool = False) -> jax.Array:
        """Features, 0 or more. In training, batch norm uses the batch's statistics."""
        x = to_rgb(resize(x, self.input_size) if self.input_size else x)
        kernel_size, stride = (3, 1) if self.small else (7, 2)
        x = _conv(self.widths[0], kernel_size, stride, "stem")(x)
        x = nn.relu(_norm(train, "stem_norm")(x))
        if not self.small:
            # The windows overlap, which `basic.max_pool` does not support.
            x = nn.max_pool(x, (3, 3), (2, 2), ((1, 1), (1, 1)))
        for stage, width in enumerate(self.widths):
            for i in range(2):
                stride = 2 if stage and not i else 1
                x = _block(x, width, stride, train, f"block_{stage}_{i}")
        return x.mean(axis=(1, 2))


class Classifier(nn.Module):
    """`Features`, dropout and a linear head: [B, S, S, 1 or 3] -> logits [B, num_classes].

    11 180 616 parameters for 8 classes. With `num_classes=0` there is no head.
    """

    widths: tuple[int, ...] = (64, 128, 256, 512)
    num_classes: int = 1000
    small: bool = False
    dropout: float = 0.0
    input_size: int = 0

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        """Logits, or features without a head. In training, batch norm uses the batch, and dropout acts.

        Dropout draws from the stream 'dropout'.
        """
        z = Features(self.widths, self.small, self.input_size, name="features")(x, train)
        if not self.num_classes:
            return z
        z = nn.Dropout(self.dropout, deterministic=not train)(z)
        return Dense(self.num_classes, exact=True, name="head")(z)


def _block(x: jax.Array, width: int, stride: int, train: bool, name: str) -> jax.Array:
    """`relu(shortcut(x) + F(x))`; the shortcut is a 1x1 convolution if the shape changes."""
    y = nn.relu(_norm(train, f"{name}_norm_0")(_conv(width, 3, stride, f"{name}_conv_0")(x)))
    y = _norm(train, f"{name}_norm_1")(_conv(width, 3, 1, f"{name}_conv_1")(y))
    if y.shape != x.shape:
        x = _norm(train, f"{name}_norm_short")(_conv(width, 1, stride, f"{name}_short")(x))
    return nn.relu(x + y)


def _conv(width: int, kernel_size: int, stride: int, name: str) -> Conv:
    # 'SAME' would pad one side only and so shift every strided layer by half a pixel.
    padding = kernel_size // 2
    return Conv(width, kernel_size, stride, padding=padding, use_bias=False, kernel_init=_INIT, name=name)


def _norm(train: bool, name: str) -> BatchNorm:
    return BatchNorm(train, name=name)
