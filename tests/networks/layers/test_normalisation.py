"""Norms against float64: digits far from zero, running statistics, and variables as linen has them."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import programs
import pytest
from normed import Normed

from gan_jax.networks.layers import normalisation as plain
from gan_jax.networks.layers.normalisation import BatchNorm, instance_norm, layer_norm

normalisation = programs.each(plain)
LAYERS = {
    "batch": (BatchNorm(True, name="norm"), (0, 1, 2)),
    "instance": (Normed("instance"), (1, 2)),
    "instance_affine": (instance_norm("norm"), (1, 2)),
    "layer": (layer_norm("norm", (1, 2, 3)), (1, 2, 3)),
}


def applied(layer, x):
    out, _ = layer.init_with_output(jax.random.key(0), x)
    return np.asarray(out)


def exact(x, axes):
    x = np.asarray(x, np.float64)
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_values_around_1000_are_normalised_to_the_digits_that_float32_has_of_them(name):
    layer, axes = LAYERS[name]
    x = (1000 + np.random.default_rng(0).normal(size=(4, 16, 16, 3))).astype(np.float32)
    found, wanted = applied(layer, x), exact(x, axes)
    # The last place of 1000 is 6e-5, and a sum of 1024 values may lose some of these.
    np.testing.assert_allclose(found, wanted, atol=1e-3)
    # E x^2 - (E x)^2 would be off by about 3 %.
    np.testing.assert_allclose(found.astype(np.float64).std(axes), wanted.std(axes), rtol=1e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_a_dark_dot_on_white_is_as_far_off_as_it_is(name):
    layer, axes = LAYERS[name]
    x = np.ones((1, 64, 64, 1), np.float32)
    x[0, 20, 30] = 0.9
    found, wanted = applied(layer, x), exact(x, axes)
    assert wanted.min() < -25
    # E x^2 - (E x)^2 would be off by about 1e-3.
    np.testing.assert_allclose(found.min(), wanted.min(), rtol=5e-5)
    np.testing.assert_allclose(found, wanted, rtol=5e-5, atol=1e-4)


@pytest.mark.parametrize(("shape", "n"), [((4, 3), 4), ((2, 4, 4, 3), 32), ((1, 1, 1, 3), 1)])
def test_the_running_variance_moves_a_tenth_towards_the_unbiased_one(shape, n):
    layer, x = BatchNorm(True), np.random.default_rng(1).normal(2, 3, shape).astype(np.float32)
    variables = layer.init(jax.random.key(0), x)
    np.testing.assert_array_equal(variables["batch_stats"]["mean"], np.zeros(3))
    np.testing.assert_array_equal(variables["batch_stats"]["var"], np.ones(3))
    out, new = layer.apply(variables, x, mutable=["batch_stats"])
    values = x.reshape(-1, 3).astype(np.float64)
    unbiased = values.var(0, ddof=1) if n > 1 else np.zeros(3)
    assert len(values) == n
    np.testing.assert_allclose(new["batch_stats"]["mean"], 0.1 * values.mean(0), rtol=1e-5)
    np.testing.assert_allclose(new["batch_stats"]["var"], 0.9 + 0.1 * unbiased, rtol=1e-5)
    np.testing.assert_allclose(np.asarray(out).reshape(-1, 3), exact(values, 0), atol=1e-5)
    used = layer.clone(train=False).apply({**variables, **new}, x)
    mean, variance = (np.asarray(new["batch_stats"][name]) for name in ("mean", "var"))
    np.testing.assert_allclose(used, (x - mean) / np.sqrt(variance + 1e-5), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("affine", [True, False])
def test_batch_norm_has_linens_variables_and_its_outputs(affine):
    theirs = nn.BatchNorm(use_running_average=False, epsilon=1e-3, use_scale=affine, use_bias=affine)
    ours = BatchNorm(True, 1e-3, affine)
    x = np.random.default_rng(2).normal(size=(2, 3, 3, 4)).astype(np.float32)
    variables = theirs.init(jax.random.key(0), x)
    assert jax.tree.map(jnp.shape, ours.init(jax.random.key(0), x)) == jax.tree.map(jnp.shape, variables)
    variables = jax.tree.map(lambda leaf: leaf + 0.5, variables)
    a, b = (m.apply(variables, x, mutable=["batch_stats"])[0] for m in (ours, theirs))
    np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    theirs = theirs.clone(use_running_average=True)
    a, b = ours.clone(train=False).apply(variables, x), theirs.apply(variables, x)
    np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_networks_of_noise_have_these_layers():
    class Network(nn.Module):
        kind: str

        @nn.compact
        def __call__(self, x):
            return plain.normalised(x, self.kind, True, "norm")

    x = (1000 + np.random.default_rng(0).normal(0, 0.1, (4, 16, 16, 3))).astype(np.float32)
    for kind in ("batch", "layer"):
        np.testing.assert_array_equal(applied(Network(kind), x), applied(LAYERS[kind][0], x))


def test_pixel_norm_gives_each_pixel_a_mean_square_of_one():
    x = np.random.default_rng(0).normal(size=(2, 3, 3, 8)).astype(np.float32)
    y = normalisation.pixel_norm(x)
    np.testing.assert_allclose(np.square(y).mean(-1), 1, rtol=1e-5)
    np.testing.assert_allclose(normalisation.pixel_norm(50 * x), y, rtol=1e-5)
    slope = jax.jit(jax.grad(lambda x: normalisation.pixel_norm(x).sum()))(np.zeros((1, 4)))
    assert not np.any(np.isnan(slope))


def test_channel_norm_gives_each_channel_of_an_image_mean_zero_and_variance_one():
    x = (100 + np.random.default_rng(0).normal(size=(2, 5, 5, 3)) * [0.1, 1, 10]).astype(np.float32)
    y = normalisation.channel_norm(x)
    np.testing.assert_allclose(y.mean((1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(y.std((1, 2)), 1, rtol=1e-3)
    # With one pixel, every channel is its own mean.
    assert not np.any(normalisation.channel_norm(np.ones((1, 1, 1, 4))))
    slope = jax.jit(jax.grad(lambda x: normalisation.channel_norm(x)[0, 0, 0, 0]))(np.zeros((1, 2, 2, 1)))
    assert np.isfinite(slope).all()
