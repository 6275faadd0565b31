"""The published widths, norms and initial values for the names of `catalogue`."""

from collections.abc import Mapping

import flax.linen as nn

from gan_jax.networks.generation import acgan, bottleneck_resnet, cgan, dcgan, mlp, resnet, sndcgan, wgan_gp
from gan_jax.networks.generation.request import Builder, Request
from gan_jax.networks.layers.initializers import HE_DENSE, uniform


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


def _mirza_g(ask: Request) -> nn.Module:
    ask.normalised("none")
    return cgan.MirzaGenerator(ask.labelled.classes, ask.widths(200, 1, 5, 6), ask.shape)


def _mirza_d(ask: Request) -> nn.Module:
    ask.normalised("none")
    return cgan.MirzaDiscriminator(ask.widths(240, 1, 5 / 24, 1), classes=ask.classes)


def _cgan_conv_g(ask: Request) -> nn.Module:
    ask.of_size(28).normalised("batch")
    (width,) = ask.widths(64, 1)
    return cgan.ConvCGANGenerator(ask.classes, 16 * width, width, ask.channels)


def _cgan_conv_d(ask: Request) -> nn.Module:
    norm = ask.of_size(28).normalised("batch", "none", "layer")
    (width,) = ask.widths(64, 1)
    return cgan.ConvCGANDiscriminator(width, 16 * width, ask.classes, norm)


# Width factors of a generator's layers for each image size. 28 pixels start from 7, all others from 4.
_DOUBLINGS = {16: (2, 1), 28: (4, 2), 32: (4, 2, 1), 64: (8, 4, 2, 1), 128: (16, 8, 4, 2, 1)}


def _dcgan_g(ask: Request) -> nn.Module:
    widths = ask.widths(64, *_DOUBLINGS[ask.of_size(*_DOUBLINGS).size])
    norm = ask.normalised("batch", "none", "layer")
    start = 7 if ask.size == 28 else 4
    return dcgan.Generator(widths, ask.channels, start=start, norm=norm, norm_std=0.02, bias=False)


def _dcgan_d(ask: Request) -> nn.Module:
    # DCGAN's code has no biases, since its norm has shifts. Without both, D(a x) = a D(x) for a > 0, and
    # contrast alone would decide D's answer.
    stages = len(_DOUBLINGS[ask.of_size(*_DOUBLINGS).size])
    norm = ask.normalised("batch", "none", "layer")
    return dcgan.Discriminator(
        ask.widths(64, *(2**i for i in range(stages))),
        batch_norm=norm == "batch",
        layer_norm=norm == "layer",
        norm_std=0.02,
        bias=norm == "none",
        aux=ask.classes - 1,
    )


def _wgan_g(ask: Request) -> nn.Module:
    digits = ask.of_size(28, 32).size == 28
    return wgan_gp.ConvGenerator(
        ask.widths(64 if digits else 128, 4, 2, 1),
        ask.channels,
        crop=7 if digits else 0,
        norm=ask.normalised("none", "batch") if digits else ask.normalised("batch", "none"),
        dense_norm="unit",
        output="sigmoid" if digits else "tanh",
    )


def _wgan_d(ask: Request) -> nn.Module:
    widths = ask.widths(64 if ask.of_size(28, 32).size == 28 else 128, 1, 2, 4)
    return wgan_gp.ConvDiscriminator(widths, ask.classes, norm=ask.normalised("none", "batch", "layer"))


_GRID_SIZES = (16, 32, 64, 128)


def _grid_g(**fields) -> Builder:
    def build(ask: Request) -> nn.Module:
        factors = _DOUBLINGS[ask.of_size(*_GRID_SIZES).size]
        norm = ask.normalised("batch", "none", "layer")
        return wgan_gp.ConvGenerator(ask.widths(64, *factors), ask.channels, norm=norm, **fields)

    return build


def _grid_constant_g(ask: Request) -> nn.Module:
    factors = [1] * len(_DOUBLINGS[ask.of_size(*_GRID_SIZES).size])
    norm = ask.normalised("none")
    return wgan_gp.ConvGenerator(ask.widths(64, *factors), ask.channels, norm=norm)


def _grid_d(**fields) -> Builder:
    def build(ask: Request) -> nn.Module:
        stages = len(_DOUBLINGS[ask.of_size(*_GRID_SIZES).size])
        widths = ask.widths(64, *(2**i for i in range(stages)))
        norm = ask.normalised("batch", "none", "layer")
        return wgan_gp.ConvDiscriminator(widths, ask.classes, norm=norm, **fields)

    return build


# Width factors, and numbers of blocks that keep the size, from 4 pixels upwards: 101 and 35 layers.
_BOTTLENECKS = {64: ((8, 4, 2, 1, 0.5), (6, 6, 6, 6, 5)), 32: ((4, 2, 1, 0.5), (2, 2, 2, 2))}


def _bottlenecks(ask: Request) -> tuple[tuple[int, ...], tuple[int, ...]]:
    factors, blocks = _BOTTLENECKS[ask.of_size(*_BOTTLENECKS).size]
    if ask.width % 4:  # the last blocks have half the base width, and half of that inside
        raise ValueError(f"width={ask.width} is not allowed; allowed for this network: multiples of 4")
    return ask.widths(64, *factors), blocks


def _grid_resnet_g(ask: Request) -> nn.Module:
    widths, blocks = _bottlenecks(ask)
    norm = ask.normalised("batch", "none", "layer")
    return bottleneck_resnet.BottleneckGenerator(widths, blocks, ask.channels, norm)


def _grid_resnet_d(ask: Request) -> nn.Module:
    widths, blocks = _bottlenecks(ask)
    norm = ask.normalised("batch", "none", "layer")
    return bottleneck_resnet.BottleneckDiscriminator(widths[::-1], blocks[::-1], ask.classes, norm)


def _resnet_g(published: int) -> Builder:
    def build(ask: Request) -> nn.Module:
        widths, norm = ask.of_size(32).widths(published, 1, 1, 1, 1), ask.normalised("batch", "none")
        return resnet.ResNetGenerator(widths, ask.channels, norm=norm, num_classes=ask.classes)

    return build


def _resnet_d(**fields) -> Builder:
    def build(ask: Request) -> nn.Module:
        widths, norm = ask.of_size(32).widths(128, 1, 1, 1, 1), ask.normalised("none", "batch", "layer")
        return resnet.ResNetDiscriminator(widths, ask.classes, norm=norm, **fields)

    return build


def _good_resnet_g(ask: Request) -> nn.Module:
    widths, norm = ask.of_size(64).widths(64, 8, 8, 4, 2, 1), ask.normalised("batch", "none")
    return resnet.ResNetGenerator(
        widths, ask.channels, norm=norm, num_classes=ask.classes, first_bias=False, he_output=True
    )


def _good_resnet_d(ask: Request) -> nn.Module:
    stem, *widths = ask.of_size(64).widths(64, 1, 2, 4, 8, 8)
    norm = ask.normalised("layer", "batch", "none")
    return resnet.ResNetDiscriminator(
        tuple(widths), ask.classes, downs=4, stem=stem, norm=norm, first_bias=False, head="flat"
    )


_SNDCGAN_SIZES = (16, 32, 48, 64)


def _sndcgan_g(ask: Request) -> nn.Module:
    start, norm = ask.of_size(*_SNDCGAN_SIZES).size // 8, ask.normalised("batch", "none")
    return sndcgan.SNDCGANGenerator(ask.widths(64, 8, 4, 2, 1), ask.channels, start, norm)


def _sndcgan_d(ask: Request) -> nn.Module:
    norm = ask.of_size(*_SNDCGAN_SIZES).normalised("none", "batch", "layer")
    return sndcgan.SNDCGANDiscriminator(ask.widths(64, 1, 2, 4, 8), ask.classes, norm)


def _acgan_g(ask: Request) -> nn.Module:
    large = ask.of_size(32, 128).size == 128
    return wgan_gp.ConvGenerator(
        ask.widths(192, 4, 2, 4 / 3, 1) if large else ask.widths(96, 4, 2, 1),
        ask.channels,
        start=8 if large else 4,
        norm=ask.normalised("batch", "none"),
        dense_norm="none",
        init_scheme="normal",
    )


def _acgan_d(ask: Request) -> nn.Module:
    norm = ask.of_size(16, 28, 32, 64, 128).normalised("batch", "none", "layer")
    return acgan.ACGANDiscriminator(ask.widths(16, 1, 2, 4, 8, 16, 32), ask.classes, norm)


GENERATORS: Mapping[str, Builder] = {
    "mlp_lecture": _mlp_g(128, 1),
    "mlp_2014": _mlp_g(1200, 1, 1, output="sigmoid", kernel_init=uniform(0.05)),
    "mlp": _mlp_g(256, 1, 1, slope=0.2),
    "mlp_toy": _mlp_g(512, 1, 1, 1, output="linear", kernel_init=HE_DENSE),
    "mlp_cgan": _mlp_g(256, 1, 2, slope=0.2),
    "mirza": _mirza_g,
    "cgan_conv": _cgan_conv_g,
    "dcgan": _dcgan_g,
    "wgan": _wgan_g,
    "grid_dcgan": _grid_g(init_scheme="narrow"),
    "grid_constant": _grid_constant_g,
    "grid_mlp": _mlp_g(512, 1, 1, 1, 1, kernel_init=HE_DENSE),
    "grid_gated": _grid_g(activation="gated"),
    "grid_tanh": _grid_g(activation="tanh", init_scheme="narrow"),
    "grid_resnet": _grid_resnet_g,
    "resnet": _resnet_g(128),
    "good_resnet": _good_resnet_g,
    "sndcgan": _sndcgan_g,
    "sn_resnet": _resnet_g(256),
    "acgan": _acgan_g,
}

DISCRIMINATORS: Mapping[str, Builder] = {
    "mlp_lecture": _mlp_d(128, 1),
    "mlp_2014": _mlp_d(240, 1, 1, pieces=5, dropout=0.5, input_dropout=0.2, kernel_init=uniform(0.005)),
    "mlp": _mlp_d(256, 1, 1, slope=0.2),
    "mlp_toy": _mlp_d(512, 1, 1, 1, kernel_init=HE_DENSE),
    "mlp_cgan": _mlp_d(256, 2, 1, slope=0.2),
    "mirza": _mirza_d,
    "cgan_conv": _cgan_conv_d,
    "dcgan": _dcgan_d,
    "wgan": _wgan_d,
    "grid_dcgan": _grid_d(init_scheme="narrow"),
    "grid_gated": _grid_d(activation="gated"),
    "grid_tanh": _grid_d(activation="tanh", init_scheme="narrow"),
    "grid_resnet": _grid_resnet_d,
    "resnet": _resnet_d(),
    "good_resnet": _good_resnet_d,
    "sndcgan": _sndcgan_d,
    "sn_resnet": _resnet_d(head="sum", head_bias=False, projection=True),
    "acgan": _acgan_d,
}
