"""The networks of progressive GAN: counts, growth at its ends, gradients, and the smallest stage by hand."""

import math

import counting
import growth
import jax
import jax.numpy as jnp
import levels
import numpy as np
import programs
import pytest

from gan_jax.networks.generation import pggan
from gan_jax.networks.layers import basic as plain

basic = programs.each(plain)
seen = programs.one_program(pggan.seen)

COUNTS = {  # side: G with all colours, with the last alone; D likewise
    1024: (23_079_115, 23_071_507, 23_087_249, 23_077_137),
    512: (23_072_120, 23_064_611, 23_080_225, 23_070_241),
    256: (23_044_309, 23_036_995, 23_052_353, 23_042_625),
    128: (22_933_394, 22_926_467, 22_941_313, 22_932_097),
    64: (22_490_383, 22_484_227, 22_498_049, 22_489_857),
    32: (20_719_628, 20_715_011, 20_726_785, 20_720_641),
    4: (6_556_163, 6_556_163, 6_561_793, 6_561_793),
}
SMALL = {"channels": 3, "width_base": 64, "width_max": 8}


def count(module, *inputs):
    shapes = jax.eval_shape(module.init, jax.random.key(0), *inputs)
    return counting.count(shapes["params"])


@levels.parametrize("side", COUNTS, kept=(1024, 4))
def test_parameters_of_every_published_side(side):
    z, images, level = np.zeros((1, 512)), np.zeros((1, side, side, 3)), np.float32(0)
    g, d = pggan.Generator(side), pggan.Discriminator(side)
    assert (count(g, z, level), count(g, z), count(d, images, level), count(d, images)) == COUNTS[side]


@levels.parametrize(("side", "g_count", "d_count"), [(32, 324_876, 325_761), (64, 398_927, 399_873)])
def test_parameters_of_narrow_networks(side, g_count, d_count):
    widths = {"width_base": 64 * side, "width_max": 64}
    z, images, level = np.zeros((1, 64)), np.zeros((1, side, side, 3)), np.float32(0)
    assert count(pggan.Generator(side, **widths), z, level) == g_count
    assert count(pggan.Discriminator(side, **widths), images, level) == d_count


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "blurred"])
def g(request):
    """G of 16 pixels as `draw(level, stage)`, on fixed latents."""
    module = pggan.Generator(16, **SMALL, blurred=request.param)
    z = counting.normal(3, 5)
    params = jax.eval_shape(module.init, jax.random.key(0), z, np.float32(0))
    params = growth.drawn(params)
    draw = jax.jit(module.apply, static_argnums=3)
    return lambda level=None, stage=None: np.asarray(draw(params, z, level, stage))


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "blurred"])
def d(request):
    """D of 16 pixels as `score(images, level, stage)`."""
    module = pggan.Discriminator(16, **{k: v for k, v in SMALL.items() if k != "channels"}, group=2,
                                 blurred=request.param)  # fmt: skip
    params = jax.eval_shape(module.init, jax.random.key(0), np.zeros((4, 16, 16, 3)), np.float32(0))
    params = growth.drawn(params)
    score = jax.jit(module.apply, static_argnums=3)
    return lambda images, level=None, stage=None: np.asarray(score(params, images, level, stage))


@pytest.mark.parametrize("stage", [1, 2])
def test_a_whole_stage_is_the_network_without_mixing(g, d, stage):
    images = counting.normal(4, 4 * 2**stage, 4 * 2**stage, 3)
    np.testing.assert_array_equal(g(np.float32(stage), stage), g(None, stage))
    np.testing.assert_array_equal(d(images, np.float32(stage), stage), d(images, None, stage))
    assert np.std(g(None, stage)) > 0.01
    assert np.std(d(images, None, stage)) > 1e-4


@pytest.mark.parametrize("stage", [1, 2])
def test_a_stage_of_weight_zero_is_the_stage_below(g, d, stage):
    images, before = counting.normal(4, 4 * 2**stage, 4 * 2**stage, 3), np.float32(stage - 1)
    np.testing.assert_array_equal(g(before, stage), basic.upsample(g(None, stage - 1)))
    expected = d(basic.mean_pool(images), None, stage - 1)
    np.testing.assert_allclose(d(images, before, stage), expected, rtol=1e-6)


def test_half_way_g_is_the_mean_of_both_stages(g):
    mean = (g(None, 2) + basic.upsample(g(None, 1))) / 2
    np.testing.assert_allclose(g(np.float32(1.5), 2), mean, atol=1e-6)


@pytest.mark.parametrize("level", [0.0, 0.25, 1.0, 1.5, 2.0])
def test_the_level_alone_draws_what_training_draws_enlarged(g, level):
    stage = math.ceil(level)
    expected = g(np.float32(level), stage)
    while expected.shape[1] < 16:
        expected = basic.upsample(expected)
    np.testing.assert_allclose(g(np.float32(level)), expected, atol=1e-6)


def test_real_images_are_box_pooled_and_mixed_as_gs_images_are():
    images = counting.normal(2, 16, 16, 3)
    boxes = images.reshape(2, 8, 2, 8, 2, 3).mean((2, 4))
    smaller = boxes.reshape(2, 4, 2, 4, 2, 3).mean((2, 4))
    np.testing.assert_allclose(seen(images, 16, None, 1), boxes, atol=1e-6)
    mixed = 0.25 * boxes + 0.75 * smaller.repeat(2, 1).repeat(2, 2)
    np.testing.assert_allclose(seen(images, 16, 0.25, 1), mixed, atol=1e-6)
    np.testing.assert_array_equal(seen(images, 16, np.float32(2), 2), images)


def test_layers_above_a_stage_have_the_gradient_zero_and_all_below_have_not():
    module, z = pggan.Generator(16, **SMALL), counting.normal(3, 5)
    params = growth.drawn(jax.eval_shape(module.init, jax.random.key(0), z, np.float32(0)))["params"]
    loss = lambda p: jnp.square(module.apply({"params": p}, z, np.float32(0.5), 1)).sum()  # noqa: E731
    slopes = jax.device_get(jax.jit(jax.grad(loss))(params))
    with_slope = {name for name, leaf in slopes.items() if any(np.any(x) for x in jax.tree.leaves(leaf))}
    assert with_slope == {name for name in params if not name.startswith("b16")}


def test_the_length_of_a_latent_changes_nothing():
    module, z = pggan.Generator(4, **SMALL), counting.normal(3, 5)
    params = growth.drawn(jax.eval_shape(module.init, jax.random.key(0), z))
    np.testing.assert_allclose(module.apply(params, z), module.apply(params, 7 * z), atol=1e-5)


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


def convolved(x, layer, gain):
    """The 3x3 convolution of an equalised layer, as a sum over positions."""
    kernel = np.asarray(layer["kernel"]) * gain / math.sqrt(np.prod(layer["kernel"].shape[:3]))
    wide, side = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), x.shape[1]
    parts = [wide[:, i : i + side, j : j + side] @ kernel[i, j] for i in range(3) for j in range(3)]
    return sum(parts) + layer["bias"]


def normed(x):
    return x / np.sqrt(np.square(x).mean(-1, keepdims=True) + 1e-8)


def test_the_smallest_g_by_hand():
    module, z = pggan.Generator(4, **SMALL), counting.normal(3, 5)
    variables = growth.drawn(jax.eval_shape(module.init, jax.random.key(0), z))
    params = jax.tree.map(np.asarray, variables["params"])
    x = normed(z) @ params["b4_dense"]["kernel"] * math.sqrt(2) / 4 / math.sqrt(5)
    x = normed(leaky(x.reshape(3, 4, 4, 8) + params["b4_bias"]))
    x = normed(leaky(convolved(x, params["b4_conv"], math.sqrt(2))))
    expected = x @ params["b4_torgb"]["kernel"][0, 0] / math.sqrt(8) + params["b4_torgb"]["bias"]
    np.testing.assert_allclose(module.apply(variables, z), expected, atol=1e-5)


def test_the_smallest_d_by_hand():
    module, images = pggan.Discriminator(4, 64, 8, group=4), counting.normal(4, 4, 4, 3)
    variables = growth.drawn(jax.eval_shape(module.init, jax.random.key(0), images))
    params = jax.tree.map(np.asarray, variables["params"])
    gain = math.sqrt(2)
    read = params["b4_fromrgb"]
    x = leaky(images @ read["kernel"][0, 0] * gain / math.sqrt(3) + read["bias"])
    deviation = np.sqrt(np.square(x - x.mean(0)).mean(0) + 1e-8).mean()
    x = np.concatenate([x, np.full((4, 4, 4, 1), deviation)], -1)
    x = leaky(convolved(x, params["b4_conv"], gain)).reshape(4, -1)
    dense, out = params["b4_dense"], params["b4_out"]
    x = leaky(x @ dense["kernel"] * gain / math.sqrt(128) + dense["bias"])
    expected = x @ out["kernel"] / math.sqrt(8) + out["bias"]
    np.testing.assert_allclose(module.apply(variables, images), expected[:, 0], atol=1e-5)
