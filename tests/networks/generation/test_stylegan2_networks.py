"""Networks of StyleGAN2: published counts, modulation, and how styles and noise reach the images."""

import itertools

import counting
import jax
import jax.numpy as jnp
import levels
import numpy as np
import programs
import pytest

from gan_jax.networks.generation import stylegan2 as networks
from gan_jax.networks.generation.mapping import Mapping
from gan_jax.networks.generation.stylegan2 import Discriminator, Synthesis
from gan_jax.networks.layers import convolutions

modulated_conv = programs.one_program(networks.modulated_conv)
conv = programs.one_program(convolutions.conv)

SMALL = {"size": 16, "width_base": 64, "width_max": 8}
SIZES = (1024, 512, 256, 128, 64, 32)
# Karras et al. 2020, configurations F and E: synthesis, generator with 8 mapping layers, discriminator.
PUBLISHED = {
    32768: [
        (28_268_812, 30_370_060, 29_012_513),
        (28_175_335, 30_276_583, 28_982_849),
        (27_933_090, 30_034_338, 28_864_129),
        (27_227_421, 29_328_669, 28_389_121),
        (24_931_352, 27_032_600, 26_488_833),
        (19_422_227, 21_523_475, 21_507_073),
    ],
    16384: [
        (22_799_516, 24_900_764, 24_038_161),
        (22_759_687, 24_860_935, 24_030_753),
        (22_666_210, 24_767_458, 24_001_089),
        (22_423_965, 24_525_213, 23_882_369),
        (21_718_296, 23_819_544, 23_407_361),
        (19_422_227, 21_523_475, 21_507_073),
    ],
}


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def shapes(module, *inputs):
    inputs = (jax.ShapeDtypeStruct(shape, np.float32) for shape in inputs)
    return jax.eval_shape(module.init, jax.random.key(0), *inputs)


@levels.parametrize(("size", "base"), itertools.product(SIZES, PUBLISHED), kept=(1024,))
def test_the_published_numbers_of_parameters(size, base):
    mapping = counting.count(shapes(Mapping(), (1, 512)))
    assert mapping == 2_101_248
    synthesis, g, d = PUBLISHED[base][SIZES.index(size)]
    found = counting.count(shapes(Synthesis(size, 3, base), (1, networks.num_styles(size), 512)))
    assert (found, found + mapping) == (synthesis, g)
    assert counting.count(shapes(Discriminator(size, base), (1, size, size, 3))) == d


def test_styles_and_noise_maps():
    assert networks.num_styles(1024) == 18
    assert networks.num_styles(32) == 8
    assert networks.noise_sides(32) == [4, 8, 8, 16, 16, 32, 32]
    assert sum(side**2 for side in networks.noise_sides(1024)) == 2_796_176


def by_definition(x, kernel, style, demodulate):
    """Each image convolved with a kernel of its own, as eqs. 1 and 3 have it."""
    out = []
    for image, s in zip(x, style, strict=True):
        own = np.asarray(kernel, np.float64) * np.asarray(s, np.float64)[:, None]
        if demodulate:
            own /= np.sqrt(np.square(own).sum((0, 1, 2)) + 1e-8)
        out.append(conv(image[None], np.float32(own))[0])
    return np.stack(out)


@pytest.mark.parametrize("demodulate", [True, False])
def test_modulation_scales_the_kernel_of_each_image(demodulate):
    x, kernel, style = normal(3, 6, 6, 4), normal(3, 3, 4, 5, seed=1), normal(3, 4, seed=2)
    found = modulated_conv(x, kernel, style, demodulate)
    np.testing.assert_allclose(found, by_definition(x, kernel, style, demodulate), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("up", [False, True])
def test_demodulation_forgets_the_scale_of_style_and_kernel(up):
    x, kernel, style = normal(2, 4, 4, 4), normal(3, 3, 4, 5, seed=1), normal(2, 4, seed=2)
    one = modulated_conv(x, kernel, style, up=up)
    for other in (modulated_conv(x, kernel, 3 * style, up=up), modulated_conv(x, 5 * kernel, style, up=up)):
        np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-6)
    assert np.all(np.isfinite(modulated_conv(x, kernel, 0 * style, up=up)))


def test_demodulated_features_of_unit_noise_have_unit_variance():
    y = modulated_conv(normal(4, 32, 32, 16), normal(3, 3, 16, 8, seed=1), normal(4, 16, seed=2))
    assert float(y[:, 1:-1, 1:-1].var()) == pytest.approx(1, abs=0.05)


@pytest.fixture(scope="module")
def drawn():
    """A small G of random parameters: its function of styles and noise, and its styles."""
    g = Synthesis(**SMALL)
    tree = shapes(g, (1, 6, 8))
    variables = counting.filled(tree)
    return lambda ws, noise=None: g.apply(variables, ws, noise), normal(2, 6, 8, seed=3)


def test_a_style_reaches_its_own_layer_and_the_last_only_the_colours(drawn):
    g, ws = drawn
    image = g(ws)
    assert image.shape == (2, 16, 16, 3)
    for layer in range(6):
        changed = ws.copy()
        changed[:, layer] += 1
        assert np.abs(g(changed) - image).max() > 1e-3, layer
    other = np.stack([ws[0], ws[1] + 1])
    np.testing.assert_allclose(g(other)[0], image[0], atol=1e-5)


@pytest.mark.long
def test_noise_reaches_the_image_only_through_its_strength(drawn):
    g, ws = drawn
    maps = [normal(side, side, seed=i) for i, side in enumerate(networks.noise_sides(16))]
    assert np.abs(g(ws, maps) - g(ws)).max() > 1e-3
    fresh = Synthesis(**SMALL)
    variables = fresh.init(jax.random.key(0), ws)
    np.testing.assert_array_equal(fresh.apply(variables, ws, maps), fresh.apply(variables, ws))


def test_every_pair_of_architectures_has_its_own_layers():
    colours = {
        a: {
            b
            for b, p in shapes(Synthesis(architecture=a, **SMALL), (1, 6, 8))["params"].items()
            if "torgb" in p
        }
        for a in networks.ARCHITECTURES
    }
    assert colours == {"original": {"b16"}, "residual": {"b16"}, "skip": {"b4", "b8", "b16"}}
    reads, paths = ({}, {})
    for a in networks.ARCHITECTURES:
        params = shapes(Discriminator(architecture=a, **SMALL), (1, 16, 16, 3))["params"]
        reads[a] = sum("fromrgb" in name for name in params)
        paths[a] = sum("skip" in block for block in params.values())
    assert reads == {"original": 1, "residual": 1, "skip": 3}
    assert paths == {"original": 0, "residual": 2, "skip": 0}


@pytest.mark.long
def test_the_score_of_a_class_is_a_projection_on_its_embedding():
    d = Discriminator(**SMALL, group=0, class_layers=1)
    x, one_hot = normal(2, 16, 16, 3), np.eye(3, dtype=np.float32)[[0, 2]]
    variables = d.init(jax.random.key(0), x, one_hot)
    score = d.apply(variables, x, one_hot)
    assert score.shape == (2,)
    # The score is linear in D's last layer, whose bias is 0 at the start.
    params = {**variables["params"], "b4_out": jax.tree.map(lambda w: 2 * w, variables["params"]["b4_out"])}
    np.testing.assert_allclose(d.apply({"params": params}, x, one_hot), 2 * score, rtol=1e-5)
    assert np.abs(d.apply(variables, x, one_hot[::-1]) - score).max() > 1e-4


def test_the_style_of_the_colours_is_divided_by_the_root_of_its_channels():
    layer, x, w = networks.ToRGB(1), np.ones((1, 1, 1, 4), np.float32), np.ones((1, 2), np.float32)
    params = jax.tree.map(lambda leaf: np.zeros(leaf.shape, np.float32), shapes(layer, x.shape, w.shape))[
        "params"
    ]
    params["affine"]["bias"] += 1
    params["kernel"] += 1
    np.testing.assert_allclose(jax.jit(layer.apply)({"params": params}, x, w), 4 / 2, rtol=1e-6)


def test_the_convolutions_of_a_residual_block_are_scaled_by_the_root_of_a_half(monkeypatch):
    gains, w = [], np.ones((1, 3), np.float32)
    monkeypatch.setattr(networks, "leaky_relu", lambda x, gain: gains.append(gain) or x)
    for kind in ("residual", "skip"):
        layers = networks.Block(2, 1, kind, False)
        jax.eval_shape(layers.init, jax.random.key(0), np.ones((1, 4, 4, 2)), None, [w, w, w], [None, None])
    for residual in (True, False):
        shapes(networks.DBlock(2, 2, residual), (1, 4, 4, 2))
    np.testing.assert_allclose(gains, 2 * [2**0.5, 1, 2**0.5, 2**0.5])


class Nothing(networks.nn.Module):
    """A convolution whose maps are zero."""

    features: int
    kernel_size: int = 3
    gain: float = 1.0
    use_bias: bool = True
    resample: str = "none"

    def __call__(self, x):
        side = x.shape[1] // (2 if self.resample == "down" else 1)
        return jnp.zeros((len(x), side, side, self.features))


def test_the_score_of_a_class_is_a_product_with_its_embedding_over_the_root_of_the_width(monkeypatch):
    monkeypatch.setattr(networks, "Conv", Nothing)
    d = Discriminator(8, 16, 4, group=0, class_layers=0)
    dense = {"kernel": np.zeros((64, 4)), "bias": np.zeros(4)}
    out = {"kernel": np.zeros((4, 4)), "bias": np.arange(4.0)}
    # Without layers the embedding is normalised alone, here to twice the unit of one feature.
    mapping = {"embed": {"kernel": np.zeros((3, 4)), "bias": np.array([0.0, 0.0, 0.0, 7.0])}}
    params = {"b4_fc": dense, "b4_out": out, "mapping": mapping}
    score = jax.jit(lambda x, classes: d.apply({"params": params}, x, classes))
    found = score(np.zeros((1, 8, 8, 1), np.float32), np.eye(3, dtype=np.float32)[[2]])
    np.testing.assert_allclose(found, 3 * 2 / 2, rtol=1e-5)
