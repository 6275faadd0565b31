"""WGAN-GP's convolutions: gates, cropping, the place of norms, initial values."""

import math

import counting
import jax
import numpy as np
import programs
import pytest

from gan_jax.networks.generation import wgan_gp
from gan_jax.networks.generation.catalogue import discriminator, generator
from gan_jax.networks.generation.wgan_gp import kernel_inits
from gan_jax.networks.layers.initializers import around_one, glorot_strided, he_strided, narrow, uniform

activated = programs.one_program(wgan_gp.activated)


def params(kind, name, shape, **asked):
    return counting.variables(kind(name, **asked), shape)["params"]


def test_gates_are_sigmoids_of_even_channels_times_tanh_of_odd_ones():
    x = counting.normal(2, 3, 3, 4)
    even, odd = x[..., [0, 2]], x[..., [1, 3]]
    np.testing.assert_allclose(activated(x, "gated"), np.tanh(odd) / (1 + np.exp(-even)), rtol=1e-4)


def test_activations_have_their_published_slopes_and_no_others_are_known():
    x = np.float32([-2, 3])
    np.testing.assert_allclose(activated(x, "leaky_relu"), [-0.4, 3], rtol=1e-6)
    np.testing.assert_allclose(activated(x, "relu"), [0, 3])
    np.testing.assert_allclose(activated(x, "tanh"), np.tanh(x), rtol=1e-5)
    with pytest.raises(ValueError, match="activation='elu' is not allowed; allowed: gated, relu, tanh"):
        activated(x, "elu")
    with pytest.raises(ValueError, match="init_scheme='lecun' is not allowed; allowed: he, narrow, normal"):
        kernel_inits("lecun")


def test_digits_are_cut_from_eight_pixels_to_seven():
    module = generator("wgan", size=28, width=2)
    z = counting.normal(1, 5)
    variables = counting.filled(counting.variables(module, z.shape))
    kept = jax.eval_shape(
        lambda: module.apply(variables, z, False, capture_intermediates=True, mutable=["intermediates"])
    )[1]
    sides = [kept["intermediates"][name]["__call__"][0].shape[1] for name in ("up_1", "up_2", "to_image")]
    assert sides == [8, 14, 28]


def test_norms_stand_where_they_were_published():
    critic = params(discriminator, "grid_dcgan", (1, 64, 64, 3), size=64, channels=3)
    assert {name for name in critic if "norm" in name} == {"norm_1", "norm_2", "norm_3"}
    # The linear layer's norm has a scale for each unit for CIFAR and digits, for each channel in the grid.
    cifar = params(generator, "wgan", (1, 128), size=32, channels=3)
    assert cifar["norm_0"]["scale"].shape == (4 * 4 * 512,)
    assert params(generator, "grid_dcgan", (1, 128), size=64)["norm_0"]["scale"].shape == (512,)
    assert not any("norm" in name for name in params(generator, "wgan", (1, 128), size=28))
    # ACGAN's linear layer has no norm.
    assert {n for n in params(generator, "acgan", (1, 110), size=32) if "norm" in n} == {"norm_1", "norm_2"}


@pytest.mark.parametrize(
    ("init", "shape", "deviation"),
    [
        (he_strided(2), (5, 5, 8, 32), math.sqrt(4 / (25 * 8 + 25 * 32 / 4))),
        (he_strided(2, transposed=True), (5, 5, 32, 8), math.sqrt(4 / (25 * 32 / 4 + 25 * 8))),
        (he_strided(1), (3, 3, 16, 32), math.sqrt(4 / (9 * 48))),
        (glorot_strided(2), (1, 1, 64, 128), math.sqrt(2 / (64 + 128 / 4))),
        (narrow(), (100, 60), 0.02),
        (uniform(0.3), (100, 60), 0.3 / math.sqrt(3)),
    ],
    ids=["he strided", "he transposed", "he", "glorot strided", "narrow", "uniform"],
)
def test_initial_values_are_uniform_of_the_published_deviation(init, shape, deviation):
    drawn = np.asarray(jax.jit(lambda: init(jax.random.key(0), shape, np.float32))())
    assert drawn.std() == pytest.approx(deviation, rel=0.03)
    assert np.abs(drawn).max() == pytest.approx(deviation * math.sqrt(3), rel=0.01)


def test_scales_of_batch_norm_are_drawn_around_one():
    drawn = np.asarray(jax.jit(lambda: around_one(0.02)(jax.random.key(0), (10_000,), np.float32))())
    assert drawn.mean() == pytest.approx(1, abs=0.001)
    assert drawn.std() == pytest.approx(0.02, rel=0.05)
    assert (np.asarray(around_one(0.0)(jax.random.key(0), (5,), np.float32)) == 1).all()
