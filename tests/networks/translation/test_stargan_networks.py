"""StarGAN's networks: the published counts, shapes, and a label that is visible only at borders."""

import functools

import counting
import jax
import jax.numpy as jnp
import levels
import numpy as np
import pytest

from gan_jax.networks.layers.basic import Conv
from gan_jax.networks.translation import stargan
from gan_jax.networks.translation.stargan import Discriminator, Generator


def count(network, size, labels=None):
    image = jax.ShapeDtypeStruct((1, size, size, 3), jnp.float32)
    label = () if labels is None else (jax.ShapeDtypeStruct((1, labels), jnp.float32),)
    return counting.count(jax.eval_shape(network.init, jax.random.key(0), image, *label))


@levels.parametrize(
    ("labels", "expected"),
    [(5, 8_430_528), (8, 8_439_936), (15, 8_461_888)],
    kept=(15,),
)
def test_the_generator_has_the_published_parameters(labels, expected):
    assert count(Generator(), 128, labels) == expected


@levels.parametrize(
    ("classes", "size", "expected"),
    [
        (5, 128, 44_762_048),
        (8, 128, 44_786_624),
        (13, 128, 44_827_584),
        (5, 256, 44_884_928),
        (13, 256, 45_147_072),
    ],
    kept=(13,),
)
def test_the_discriminator_has_the_published_parameters(classes, size, expected):
    assert count(Discriminator(classes), size) == expected


def test_both_together_are_the_53_2_million_of_table_3():
    assert count(Generator(), 128, 8) + count(Discriminator(8), 128) == 53_226_560


@levels.parametrize(
    ("network", "size", "labels", "expected"),
    [
        (Generator(32, 6), 64, 5, 2_118_112),
        (Generator(32, 4), 64, 5, 1_527_264),
        (Generator(32, 4), 64, 7, 1_530_400),
        (Generator(32, 4), 64, 14, 1_541_376),
        (Generator(16, 3), 48, 5, 312_816),
        (Discriminator(5, 64, 5), 64, None, 11_175_872),
        (Discriminator(5, 32, 5), 64, None, 2_802_656),
        (Discriminator(7, 32, 4), 48, None, 708_576),
        (Discriminator(12, 32, 4), 48, None, 720_096),
    ],
    kept=(Generator(16, 3), Discriminator(7, 32, 4)),
)
def test_smaller_ones(network, size, labels, expected):
    assert count(network, size, labels) == expected


@pytest.fixture(scope="module")
def drawn():
    """A small generator with random scales, images and its variables."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (2, 16, 16, 3)).astype(np.float32)
    g = Generator(8, 1)
    variables = counting.drawn(g, x, np.zeros((2, 3), np.float32))
    return x, variables


def difference(g, variables, x):
    """The largest change of a pixel when the label changes."""
    apply = jax.jit(g.apply)
    one, other = (np.asarray(apply(variables, x, np.tile(np.float32(c), (len(x), 1)))) for c in LABELS)
    return np.abs(one - other).max()


LABELS = ([1.0, 0.0, 0.0], [0.0, 1.0, 1.0])


def test_images_keep_their_shape_and_range(drawn):
    x, variables = drawn
    made = Generator(8, 1).apply(variables, x, np.ones((2, 3), np.float32))
    assert made.shape == x.shape
    assert np.abs(made).max() <= 1


def test_an_image_does_not_depend_on_who_shares_its_batch(drawn):
    x, variables = drawn
    g, label = Generator(8, 1), np.array([[1, 0, 0], [0, 1, 0]], np.float32)
    together = g.apply(variables, x, label)
    other = np.stack([-x[0], x[1]])
    np.testing.assert_allclose(g.apply(variables, other, label)[1], together[1], atol=1e-5)


def test_through_zero_padding_the_label_is_seen_and_through_reflection_it_is_not(drawn, monkeypatch):
    x, variables = drawn
    assert difference(Generator(8, 1), variables, x) > 1e-3
    reflect(monkeypatch)
    assert difference(Generator(8, 1), variables, x) < 1e-4


def reflect(monkeypatch):
    """Lets the first layer reflect its borders. After it, normalisation has removed what is constant."""
    reflecting = functools.partial(Conv, padding="REFLECT")
    first = lambda features, kernel, *args, **kw: (reflecting if kernel == 7 else Conv)(  # noqa: E731
        features, kernel, *args, **kw
    )
    monkeypatch.setattr(stargan, "Conv", first)


def test_only_zero_padding_shows_g_the_brightness_and_contrast_of_an_image(drawn, monkeypatch):
    x, variables = drawn
    label = np.ones((2, 3), np.float32)

    def change():
        apply = jax.jit(Generator(8, 1).apply)
        return np.abs(apply(variables, 0.5 * x + 0.3, label) - apply(variables, x, label)).max()

    assert change() > 1e-2
    reflect(monkeypatch)
    assert change() < 1e-3


def test_the_discriminator_scores_patches_and_classes():
    d = Discriminator(7, 4, 3)
    x = np.zeros((2, 24, 24, 3), np.float32)
    variables = jax.eval_shape(d.init, jax.random.key(0), x)
    realness, logits = jax.eval_shape(d.apply, variables, x)
    assert (realness.shape, logits.shape) == ((2, 3, 3, 1), (2, 7))


def test_the_discriminators_features_are_leaky_with_slope_one_hundredth():
    d = Discriminator(1, 1, 1)
    x = np.ones((1, 2, 2, 3), np.float32)
    shapes = jax.eval_shape(d.init, jax.random.key(0), x)
    ones = jax.tree.map(lambda leaf: np.ones(leaf.shape, leaf.dtype), shapes)
    # All inputs are 1: 2 x 2 x 3 products and the bias, through the centre tap of the 3x3 head.
    assert float(d.apply(ones, x)[0][0, 0, 0, 0]) == pytest.approx(13, abs=1e-4)
    assert float(d.apply(ones, -x)[0][0, 0, 0, 0]) == pytest.approx(-0.11, abs=1e-4)


def test_kernels_begin_within_torchs_bounds():
    # Torch counts the fan of a transposed convolution over its outputs: U(-1/sqrt(fan), 1/sqrt(fan)).
    g = Generator(8, 0)
    x, c = np.zeros((1, 8, 8, 3), np.float32), np.zeros((1, 2), np.float32)
    params = g.init(jax.random.key(1), x, c)["params"]
    for name, fan in {"conv_0": 49 * 5, "down_1": 16 * 8, "up_1": 16 * 16, "up_0": 16 * 8}.items():
        kernel = np.asarray(params[name]["kernel"])
        bound = fan**-0.5
        assert 0.95 * bound < np.abs(kernel).max() <= bound
        assert kernel.std() == pytest.approx(bound / 3**0.5, rel=0.08)
