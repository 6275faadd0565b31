"""Networks of image-to-image translation: published parameter counts, receptive fields, shapes, ranges."""

import functools

import counting
import jax
import jax.numpy as jnp
import levels
import numpy as np
import pytest

from gan_jax.networks.translation import discogan, mnist_svhn, patchgan, resnet_generator, unet

ResNet, PatchGAN, UNet = resnet_generator.Generator, patchgan.Discriminator, unet.Generator


@functools.cache
def traced(module, shape, **options):
    """Shapes of a network's output and variables for images of shape [H, W, C]; nothing is computed."""
    x = jax.ShapeDtypeStruct((2, *shape), jnp.float32)
    init = functools.partial(module.init_with_output, train=False, **options)
    return jax.eval_shape(init, jax.random.key(0), x)


def abstract(module, shape, **options):
    return traced(module, shape, **options)[1]


def count(module, shape, **options):
    return sum(x.size for x in jax.tree.leaves(abstract(module, shape, **options)["params"]))


def output(module, shape, **options):
    return traced(module, shape, **options)[0]


@levels.parametrize(
    ("module", "size", "want"),
    [
        (ResNet(blocks=6), 128, 7_837_699),
        (ResNet(blocks=9), 256, 11_378_179),
        (ResNet(blocks=6, norm="instance_affine"), 128, 7_845_123),
        (ResNet(blocks=9, norm="instance_affine"), 256, 11_388_675),
        (ResNet(blocks=6, norm="batch"), 128, 7_841_411),
        (ResNet(blocks=9, norm="batch"), 256, 11_383_427),
        (ResNet(32, 6), 64, 1_965_059),
        (ResNet(32, 3), 32, 1_079_555),
        (ResNet(32, 6, 1), 32, 489_539),
        (ResNet(32, 3, 1), 32, 267_971),
        (ResNet(64, 6, 1), 32, 1_937_539),
    ],
    ids=str,
    kept=(ResNet(blocks=6), ResNet(blocks=6, norm="batch"), ResNet(32, 3, 1)),
)
def test_parameters_of_cyclegans_generator(module, size, want):
    assert count(module, (size, size, 3)) == want
    assert output(module, (size, size, 3)).shape == (2, size, size, 3)


@pytest.mark.parametrize(
    ("module", "biased"),
    [
        (ResNet(4, 2, norm="batch"), {"to_image"}),
        (PatchGAN(4, norm="batch"), {"conv_0", "logits"}),
        (PatchGAN(4, 0, norm="batch"), {"conv_0"}),
        (UNet(4, 4), {"to_image"}),
    ],
    ids=["resnet", "patchgan", "pixelgan", "unet"],
)
def test_before_a_batch_norm_no_convolution_has_a_bias(module, biased):
    options = {"dropout": False} if isinstance(module, UNet) else {}
    params = abstract(module, (32, 32, 3), **options)["params"]
    assert {name for name, layer in params.items() if "kernel" in layer and "bias" in layer} == biased


@levels.parametrize(
    ("layers", "side", "batch", "instance"),
    [
        (0, 256, 9_024, 8_705),
        (1, 126, 139_585, 136_385),
        (2, 62, 666_433, 662_977),
        (3, 30, 2_768_705, 2_764_737),
        (4, 14, 6_964_033, 6_959_553),
        (5, 6, 11_159_361, 11_154_369),
    ],
    kept=(0, 3),
)
def test_parameters_and_logits_of_patchgan(layers, side, batch, instance):
    assert count(PatchGAN(layers=layers, norm="batch"), (256, 256, 6)) == batch
    assert count(PatchGAN(layers=layers), (256, 256, 3)) == instance
    assert output(PatchGAN(layers=layers), (256, 256, 3)).shape == (2, side, side, 1)


@pytest.mark.parametrize(
    ("width", "layers", "norm", "size", "channels", "want"),
    [
        (32, 2, "batch", 64, 6, 169_377),
        (32, 3, "batch", 64, 6, 696_225),
        (32, 2, "batch", 64, 4, 168_353),
        (32, 3, "batch", 64, 4, 695_201),
        (32, 2, "instance", 32, 3, 167_649),
    ],
)
def test_parameters_of_smaller_patchgans(width, layers, norm, size, channels, want):
    assert count(PatchGAN(width, layers, norm), (size, size, channels)) == want


@levels.parametrize(
    ("size", "layers", "side"),
    [(128, 3, 14), (64, 3, 6), (32, 2, 6), (32, 0, 32)],
    kept=(64, 128),
)
def test_logits_of_smaller_images(size, layers, side):
    assert output(PatchGAN(4, layers), (size, size, 3)).shape == (2, side, side, 1)
    assert patchgan.normalised_side(size, layers) == (side + 1 if layers else size)


@levels.parametrize(("layers", "field"), [(0, 1), (1, 16), (2, 34), (3, 70)], kept=(0, 1))
def test_a_logit_sees_exactly_its_patch(layers, field):
    # With positive kernels and no norm, exactly the pixels outside a logit's field have a zero derivative.
    side = 3 * field
    side += side % 2**layers and 2**layers - side % 2**layers
    module, x = PatchGAN(1, layers), np.ones((1, side, side, 1), np.float32)
    params = jax.tree.map(
        lambda s: np.full(s.shape, 0.01, np.float32), abstract(module, (side, side, 1))["params"]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patchgan, "normalised", lambda x, *options: x)
        logit = side // 2 ** (layers + 1)
        one = lambda x: module.apply({"params": params}, x, train=True)[0, logit, logit, 0]  # noqa: E731
        slope = np.asarray(jax.jit(jax.grad(one))(x))
    seen = slope[0, :, :, 0] != 0
    assert seen.sum() == field**2
    assert seen.any(0).sum() == seen.any(1).sum() == field


@levels.parametrize(
    ("size", "levels", "width", "channels", "want"),
    [
        (256, 8, 64, (3, 3), 54_413_955),
        (128, 7, 64, (3, 3), 41_828_995),
        (128, 7, 32, (3, 3), 10_461_507),
        (64, 6, 64, (3, 3), 29_244_035),
        (64, 6, 32, (3, 3), 7_314_755),
        (32, 5, 32, (3, 3), 4_168_003),
        (32, 5, 16, (3, 3), 1_043_619),
        (64, 6, 32, (1, 3), 7_313_731),
        (64, 6, 32, (1, 2), 7_312_706),
    ],
    kept=(256,),
)
def test_parameters_of_the_u_net(size, levels, width, channels, want):
    module, shape = UNet(width, levels, channels[1]), (size, size, channels[0])
    assert count(module, shape, dropout=False) == want
    assert output(module, shape, dropout=False).shape == (2, size, size, channels[1])


def test_layers_of_the_u_net_have_the_published_parameters():
    params = abstract(UNet(), (256, 256, 3), dropout=False)["params"]
    size = lambda *names: sum(x.size for name in names for x in jax.tree.leaves(params[name]))  # noqa: E731
    down = [3072] + [size(f"down_{i}", f"down_norm_{i}") for i in range(1, 7)] + [size("down_7")]
    assert down == [3072, 131_328, 524_800, 2_098_176, 4_195_328, 4_195_328, 4_195_328, 4_194_304]
    up = [size(f"up_{i}", f"up_norm_{i}") for i in range(7, 0, -1)]
    assert up == [4_195_328, 8_389_632, 8_389_632, 8_389_632, 4_194_816, 1_048_832, 262_272]
    assert size("to_image") == 6147
    assert "down_norm_7" not in params


def test_without_skips_nothing_passes_beside_the_bottleneck():
    x = counting.normal(1, 8, 8, 3)
    for skips in (True, False):
        module = UNet(2, 2, 3, skips)
        variables = counting.drawn(module, x, train=False, dropout=False)
        variables["params"]["down_1"] = jax.tree.map(np.zeros_like, variables["params"]["down_1"])
        a, b = (module.apply(variables, y, train=False, dropout=False) for y in (x, 2 * x))
        assert np.allclose(a, b) != skips


@pytest.mark.parametrize("levels", [3, 4, 5])
def test_dropout_is_on_the_maps_of_at_most_8_pixels(levels):
    # There are as many streams of noise as maps of side 2, 4 and 8 on the way up.
    drawn = []
    x = np.ones((1, 2**levels, 2**levels, 3))
    module = UNet(2, levels)
    with pytest.MonkeyPatch.context() as patch:

        class Watched(unet.nn.Dropout):
            def __call__(self, x):
                drawn.append(x.shape[1])
                return x

        patch.setattr(unet.nn, "Dropout", Watched)
        jax.eval_shape(functools.partial(module.init, train=False, dropout=False), jax.random.key(0), x)
    assert drawn == [2**i for i in range(1, min(levels, 4))]


@levels.parametrize(
    ("module", "want"),
    [
        (discogan.Generator(), 5_513_856),
        (discogan.Generator(bottleneck=100), 7_153_480),
        (discogan.Discriminator(), 2_765_568),
        (discogan.Generator(32), 1_380_672),
        (discogan.Discriminator(32), 694_656),
    ],
    ids=str,
    kept=(discogan.Generator(bottleneck=100), discogan.Discriminator(32)),
)
def test_parameters_of_discogan(module, want):
    assert count(module, (64, 64, 3)) == want


def test_discogan_gives_images_one_logit_and_the_features_of_all_layers_but_the_first():
    for bottleneck in (0, 100):
        assert output(discogan.Generator(4, bottleneck=bottleneck), (64, 64, 3)).shape == (2, 64, 64, 3)
    logits, features = output(discogan.Discriminator(4), (64, 64, 3))
    assert logits.shape == (2, 1)
    assert [x.shape for x in features] == [(2, 16, 16, 8), (2, 8, 8, 16), (2, 4, 4, 32)]


@levels.parametrize(
    ("module", "channels", "want"),
    [
        (mnist_svhn.Generator(64, 3), 1, 562_176),
        (mnist_svhn.Generator(64, 1), 3, 562_176),
        (mnist_svhn.Generator(32, 1), 3, 141_824),
        (mnist_svhn.Discriminator(64), 1, 661_248),
        (mnist_svhn.Discriminator(64), 3, 663_296),
        (mnist_svhn.Discriminator(32), 1, 166_784),
        (mnist_svhn.Discriminator(32), 3, 167_808),
        (mnist_svhn.Discriminator(64, 11), 1, 702_208),
        (mnist_svhn.Discriminator(64, 11), 3, 704_256),
    ],
    ids=str,
    kept=(mnist_svhn.Generator(32, 1), mnist_svhn.Discriminator(32), mnist_svhn.Discriminator(64, 11)),
)
def test_parameters_of_mnist_svhn_transfer(module, channels, want):
    assert count(module, (32, 32, channels)) == want


@levels.parametrize("module", [ResNet(2, 1, 1), discogan.Generator(2, 2), mnist_svhn.Generator(2)], ids=str)
def test_images_are_of_the_inputs_size_and_within_the_range(module):
    x = 5 * np.random.default_rng(0).normal(size=(2, 16, 16, 1)).astype(np.float32)
    out = module.apply(counting.drawn(module, x, train=False), x, train=False)
    assert out.shape == (2, 16, 16, 3)
    assert np.abs(out).max() <= 1


@pytest.mark.parametrize(
    ("dropped", "levels", "sides"),
    [("paper", 8, [2, 4, 8]), ("pytorch", 8, [4, 8, 16]), ("pytorch", 7, [4, 8]), ("paper", 3, [2, 4])],
)
def test_dropout_acts_on_the_maps_of_the_paper_or_of_the_pytorch_code(dropped, levels, sides):
    assert unet.Generator(levels=levels, dropped=dropped).dropped_sides == sides
