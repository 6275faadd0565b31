"""A small fully convolutional network: a class for every pixel (after Long et al. 2015, FCN-8s)."""

import flax.linen as nn
import jax

from gan_jax.networks.layers.basic import Conv, max_pool
from gan_jax.ops.pixels import to_rgb


class Segmenter(nn.Module):
    """[B, H, W, 1 or 3] in [-1, 1] -> logits [B, H, W, num_classes]; 2**len(widths) divides H and W.

    Each stage is a 3x3 convolution, ReLU and max-pooling by two. After every pooling, a 1x1 convolution
    scores the classes. The coarsest scores are enlarged twice, bilinearly, and added to the next finer ones,
    up to the size of the image. One channel is replicated to three. 95 745 parameters with the default widths
    and 11 classes. Unlike the published network, this one is trained from scratch, and its finest scores are
    at half size.

    Attributes:
      widths: channels of the stages.
      num_classes: number of logits of each pixel.
    """

    widths: tuple[int, ...] = (32, 64, 128)
    num_classes: int = 11

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Logits."""
        x = to_rgb(x)
        maps = []
        for stage, width in enumerate(self.widths):
            x = max_pool(nn.relu(Conv(width, name=f"conv_{stage}")(x)), 2)
            maps.append(x)
        heads = [Conv(self.num_classes, 1, name=f"score_{stage}") for stage in range(len(maps))]
        *finer, scores = (head(features) for head, features in zip(heads, maps, strict=True))
        for own in reversed(finer):
            scores = _enlarged(scores) + own
        return _enlarged(scores)


def _enlarged(x):
    batch, height, width, depth = x.shape
    return jax.image.resize(x, (batch, 2 * height, 2 * width, depth), "bilinear")
