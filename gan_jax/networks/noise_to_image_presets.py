"""The published widths, norms and initial values behind the names of `noise_to_image`."""

import dataclasses
from collections.abc import Callable, Mapping

import flax.linen as nn
import jax

from gan_jax.networks import dcgan, mlp
from gan_jax.networks.layers import Initializer


@dataclasses.dataclass(frozen=True)
class Request:
    """What is asked of an architecture.

    Attributes:
      size: pixels a side.
      channels: of the images.
      width: the base width; 0 is the published one.
      norm: 'none', 'batch', 'layer' or 'published'.
      classes: of one-hot labels in a generator's input, or logits of a discriminator.
    """

    size: int
    channels: int
    width: int
    norm: str
    classes: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one image."""
        return self.size, self.size, self.channels

    def widths(self, published: int, *factors: int) -> tuple[int, ...]:
        """The base width times each factor."""
        return tuple((self.width or published) * factor for factor in factors)

    def normalised(self, published: str, *allowed: str) -> str:
        """The norm, which must be `published` or one of `allowed`."""
        norm = published if self.norm == "published" else self.norm
        allowed = (published, *allowed)
        if norm not in allowed:
            raise ValueError(f"norm={norm!r} is not allowed; allowed for this network: {', '.join(allowed)}")
        return norm

    def of_size(self, *allowed: int) -> "Request":
        """Itself, if its size is one of `allowed`."""
        if self.size not in allowed:
            sizes = ", ".join(map(str, allowed))
            raise ValueError(f"size={self.size} is not allowed; allowed for this network: {sizes}")
        return self


Builder = Callable[[Request], nn.Module]


def _symmetric(limit: float) -> Initializer:
    """U(-limit, limit)."""

    def draw(key, shape, dtype=float):
        return jax.random.uniform(key, shape, dtype, -limit, limit)

    return draw


def _mlp_g(published: int, *factors: int, **fields) -> Builder:
    def build(ask: Request) -> nn.Module:
        ask.normalised("none")
        return mlp.MLPGenerator(ask.widths(published, *factors), ask.shape, **fields)

    return build


def _mlp_d(published: int, *factors: int, **fields) -> Builder:
    def build(ask: Request) -> nn.Module:
        ask.normalised("none")
        return mlp.MLPDiscriminator(ask.widths(published, *factors), ask.classes, **fields)

    return build


_DCGAN_SIZES = {16: (2, 1), 28: (4, 2), 32: (4, 2, 1), 64: (8, 4, 2, 1), 128: (16, 8, 4, 2, 1)}


def _dcgan_g(ask: Request) -> nn.Module:
    widths = ask.widths(64, *_DCGAN_SIZES[ask.of_size(*_DCGAN_SIZES).size])
    return dcgan.Generator(
        widths,
        ask.channels,
        start=7 if ask.size == 28 else 4,
        norm=ask.normalised("batch", "none", "layer"),
        norm_std=0.02,
        bias=False,
    )


def _dcgan_d(ask: Request) -> nn.Module:
    stages = len(_DCGAN_SIZES[ask.of_size(*_DCGAN_SIZES).size])
    norm = ask.normalised("batch", "none", "layer")
    return dcgan.Discriminator(
        ask.widths(64, *(2**i for i in range(stages))),
        batch_norm=norm == "batch",
        layer_norm=norm == "layer",
        norm_std=0.02,
        bias=False,
        aux=ask.classes - 1,
    )


_HE = nn.initializers.he_uniform()

GENERATORS: Mapping[str, Builder] = {
    "mlp_lecture": _mlp_g(128, 1),
    "mlp_2014": _mlp_g(1200, 1, 1, output="sigmoid", kernel_init=_symmetric(0.05)),
    "mlp": _mlp_g(256, 1, 1, slope=0.2),
    "mlp_grid": _mlp_g(512, 1, 1, 1, 1, kernel_init=_HE),
    "mlp_toy": _mlp_g(512, 1, 1, 1, output="linear", kernel_init=_HE),
    "mlp_cgan": _mlp_g(256, 1, 2, slope=0.2),
    "dcgan": _dcgan_g,
}

DISCRIMINATORS: Mapping[str, Builder] = {
    "mlp_lecture": _mlp_d(128, 1),
    "mlp_2014": _mlp_d(240, 1, 1, pieces=5, dropout=0.5, input_dropout=0.2, kernel_init=_symmetric(0.005)),
    "mlp": _mlp_d(256, 1, 1, slope=0.2),
    "mlp_toy": _mlp_d(512, 1, 1, 1, kernel_init=_HE),
    "mlp_cgan": _mlp_d(256, 2, 1, slope=0.2),
    "dcgan": _dcgan_d,
}
