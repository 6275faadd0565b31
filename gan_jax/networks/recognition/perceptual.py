"""The networks whose maps describe contents and styles, by the name of their features."""

import dataclasses

from gan_jax.networks.recognition import random_maps, vgg
from gan_jax.networks.recognition.random_maps import RandomMaps
from gan_jax.networks.recognition.stages import StageMaps

# The name of features -> the layers of the content and of the style by default.
_VGG = (("relu4_2",), ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"))
DEFAULTS = {
    "vgg16": _VGG,
    "vgg19": _VGG,
    "random": (("relu2_1",), (random_maps.SCALES,)),
    "classifier": (("stage_3",), ("stage_1", "stage_2", "stage_3")),
}
_DEEPEST = "relu2_1"  # the last layer of the random VGG


@dataclasses.dataclass(frozen=True)
class Perceptual:
    """A choice of features.

    Attributes:
      features: a name in DEFAULTS.
      pool: VGG's pooling, 'average' or 'max'.
      padding: VGG's border, 'zero' or 'reflect'.
      sizes: sides of the random filters.
      filters: number of random filters of each size.
      widths: channels of the classifier's stages.
      convs_per_block: convolutions in each of the classifier's stages.
    """

    features: str
    pool: str = "average"
    padding: str = "zero"
    sizes: tuple[int, ...] = (3, 5, 7, 11, 15, 23)
    filters: int = 32
    widths: tuple[int, ...] = (64, 128, 256, 128)
    convs_per_block: int = 1

    @property
    def known(self) -> tuple[str, ...]:
        """The names of all layers."""
        if self.features == "classifier":
            return tuple(f"stage_{k}" for k in range(1, len(self.widths) + 1))
        if self.features == "random":
            return random_maps.known(_DEEPEST)
        names = vgg.convolutions(self.depth)
        return (*names, *(name.replace("conv", "relu") for name in names))

    @property
    def depth(self) -> int:
        """VGG's depth, or 0 for other features."""
        return int(self.features.removeprefix("vgg")) if self.features.startswith("vgg") else 0

    def network(self, layers: tuple[str, ...]) -> vgg.VGG | RandomMaps | StageMaps:
        """[B, H, W, 3] in [-1, 1] -> {layer: [B, h, w, C]}, no deeper than the layers need."""
        if self.features == "classifier":
            return StageMaps(self.widths, self.convs_per_block)
        if self.features == "random":
            return RandomMaps(self.sizes, self.filters, _DEEPEST, self.pool, self.padding)
        return vgg.VGG(self.depth, self.pool, self.padding, vgg.deepest(layers))
