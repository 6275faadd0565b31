"""Maps of random filters: statistics of textures without any training (Ustyuzhaninov et al. 2016)."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax.networks.layers.basic import Conv
from gan_jax.networks.recognition.vgg import VGG, convolutions

SCALES = "scales"  # the layer of filters of several sizes


class RandomMaps(nn.Module):
    """One layer of random filters of several sizes, for styles, beside a random VGG, for contents.

    [B, H, W, 3] in [-1, 1] -> {layer: [B, h, w, C]}. The layer `scales` [B, H, W, len(sizes) filters] is a
    convolution by filters of mean zero and norm one, then ReLU. The authors of the idea use 128 filters for
    each of the sizes 3 to 55. The other layers are those of an untrained `VGG`, see there.

    Attributes:
      sizes: sides of the filters in pixels, odd.
      filters: number of filters of each size.
      through: the last layer of the VGG.
      pool: VGG's pooling.
      padding: VGG's border.
    """

    sizes: tuple[int, ...] = (3, 5, 7, 11, 15, 23)
    filters: int = 32
    through: str = "relu2_1"
    pool: str = "average"
    padding: str = "zero"

    @nn.compact
    def __call__(self, x: jax.Array, layers: tuple[str, ...] = ()) -> dict[str, jax.Array]:
        """The maps of the named layers; () stands for `scales`.

        Raises:
          ValueError: a layer is not known, or the images are too small for it.
        """
        layers = layers or (SCALES,)
        maps = {}
        if SCALES in layers or self.is_initializing():
            parts = [
                Conv(self.filters, size, use_bias=False, kernel_init=_plain, name=f"size_{size}")(x)
                for size in self.sizes
            ]
            maps[SCALES] = nn.relu(jnp.concatenate(parts, -1))
        deep = tuple(name for name in layers if name != SCALES)
        if deep or self.is_initializing():
            network = VGG(19, self.pool, self.padding, self.through, name="vgg")
            maps |= network(x, deep)
        return {name: maps[name] for name in layers}


def known(through: str) -> tuple[str, ...]:
    """The layers of a `RandomMaps`."""
    names = convolutions(19, through)
    return (SCALES, *names, *(name.replace("conv", "relu") for name in names))


def _plain(key, shape, dtype=jnp.float32):
    """Normal filters of mean zero and norm one, [k, k, C, D]."""
    kernel = jax.random.normal(key, shape, dtype)
    kernel = kernel - kernel.mean((0, 1, 2))
    return kernel / jnp.sqrt(jnp.square(kernel).sum((0, 1, 2)))
