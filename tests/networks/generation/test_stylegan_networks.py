"""StyleGAN's synthesis network: published counts, growth at its ends, and its layers by hand."""

import math

import counting
import growth
import jax
import levels
import numpy as np
import programs
import pytest

from gan_jax.networks.generation import stylegan
from gan_jax.networks.generation.mapping import Mapping
from gan_jax.networks.layers import basic

upsample = programs.one_program(basic.upsample)

COUNTS = {
    1024: 24_118_379,
    512: 24_078_520,
    256: 23_984_981,
    128: 23_742_610,
    64: 23_036_687,
    32: 20_740_108,
}
SMALL = {"channels": 3, "width_base": 64, "width_max": 8}
L = 4  # styles at 8 pixels


def noise(size):
    return [np.zeros((side, side), np.float32) for side in stylegan.noise_sides(size)]


@levels.parametrize("side", COUNTS, kept=(1024, 32))
def test_parameters_of_every_published_side(side):
    ws = np.zeros((1, 2 * int(math.log2(side)) - 2, 512))
    module = stylegan.Synthesis(side)
    shapes = jax.eval_shape(module.init, jax.random.key(0), ws, noise(side), np.float32(0))
    assert counting.count(shapes["params"]) == COUNTS[side]
    assert len(noise(side)) == ws.shape[1]


def test_the_mapping_network_has_the_published_count():
    shapes = jax.eval_shape(Mapping().init, jax.random.key(0), np.zeros((1, 512)))
    assert counting.count(shapes["params"]) == 2_101_248


def made(**fields):
    """G of 8 pixels, its variables, styles [3, 4, 5] and noise maps."""
    module = stylegan.Synthesis(8, **SMALL, **fields)
    ws = counting.normal(3, L, 5)
    maps = [counting.normal(side, side, seed=i) for i, side in enumerate(stylegan.noise_sides(8))]
    shapes = jax.eval_shape(module.init, jax.random.key(0), ws, maps, np.float32(0))
    return module, growth.drawn(shapes), ws, maps


@pytest.mark.parametrize("constant", [True, False])
def test_growth_at_its_ends(constant):
    module, variables, ws, maps = made(constant=constant)
    draw = jax.jit(module.apply, static_argnums=4)
    whole, below = draw(variables, ws, maps, None, 1), draw(variables, ws, maps, None, 0)
    np.testing.assert_array_equal(draw(variables, ws, maps, np.float32(1), 1), whole)
    np.testing.assert_array_equal(draw(variables, ws, maps, np.float32(0), 1), upsample(below))
    mean = (whole + upsample(below)) / 2
    np.testing.assert_allclose(draw(variables, ws, maps, np.float32(0.5), None), mean, atol=1e-5)
    assert np.std(whole) > 0.1


def test_a_layer_reads_its_own_style_and_noise_and_no_other():
    module, variables, ws, maps = made()
    draw = jax.jit(module.apply)
    styles = variables["params"]
    for j in range(L):
        other = [noise + (i == j) for i, noise in enumerate(maps)]
        # Noise that is equal everywhere adds a constant to a channel, as the bias does.
        side, last = stylegan.noise_sides(8)[j], f"styled{j % 2}"
        moved = jax.tree.map(np.copy, variables)
        moved["params"][f"b{side}_{last}"]["bias"] += styles[f"b{side}_{last}"]["noise_strength"]
        np.testing.assert_allclose(draw(variables, ws, other), draw(moved, ws, maps), atol=1e-4)
        changed = ws.copy()
        changed[:, j] += 1
        assert np.abs(draw(variables, changed, maps) - draw(variables, ws, maps)).max() > 0.01


def test_the_last_layer_has_the_styles_mean_and_deviation():
    layer = stylegan.Styled()
    x, w = counting.normal(2, 8, 8, 6), counting.normal(2, 5, seed=1)
    noise = counting.normal(2, 8, 8, seed=2)
    variables = growth.drawn(jax.eval_shape(layer.init, jax.random.key(0), x, w, noise))
    out = np.asarray(layer.apply(variables, x, w, noise))
    style = w @ (variables["params"]["style"]["kernel"] / math.sqrt(5)) + variables["params"]["style"]["bias"]
    np.testing.assert_allclose(out.mean((1, 2)), style[:, 6:], atol=1e-5)
    np.testing.assert_allclose(out.std((1, 2)), np.abs(1 + style[:, :6]), rtol=1e-4)
    # Noise of one map has a strength for each channel, and comes before the bias and the leaky ReLU.
    before = x + variables["params"]["noise_strength"] * noise[..., None] + variables["params"]["bias"]
    y = np.where(before > 0, before, 0.2 * before)
    y = (y - y.mean((1, 2), keepdims=True)) / y.std((1, 2), keepdims=True)
    np.testing.assert_allclose(out, y * (1 + style[:, None, None, :6]) + style[:, None, None, 6:], atol=1e-4)


def test_the_constant_starts_with_ones_and_noise_without_strength():
    module, _, ws, maps = made()
    params = module.init(jax.random.key(0), ws, maps, None)["params"]
    np.testing.assert_array_equal(params["const"], np.ones((4, 4, 8)))
    for j, side in enumerate(stylegan.noise_sides(8)):
        assert not np.any(params[f"b{side}_styled{j % 2}"]["noise_strength"])
    drawn = module.apply({"params": params}, ws, maps)
    np.testing.assert_allclose(module.apply({"params": params}, ws, [0 * x for x in maps]), drawn, atol=1e-6)


def test_a_mapping_layer_has_the_gain_root_2_before_its_bias_in_stylegan_and_after_it_in_stylegan2():
    z, kernel, bias = np.ones((1, 2), np.float32), np.ones((2, 1), np.float32), np.ones(1, np.float32)
    params = {"params": {"fc0": {"kernel": kernel, "bias": bias}}}
    gains = (math.sqrt(2), 1.0)
    both = jax.jit(lambda z: [Mapping(1, 1, 1.0, gain).apply(params, z)[0, 0] for gain in gains])
    # Two ones times the kernel, divided by the root of their number, are the root of 2.
    np.testing.assert_allclose(both(z), [2**0.5 * 2**0.5 + 1, 2**0.5 * (2**0.5 + 1)], rtol=1e-5)
