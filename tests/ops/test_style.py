"""Adaptive instance normalisation: the lecture's three formulas, and what statistics the result has."""

import jax
import jax.numpy as jnp
import numpy as np
import programs
import pytest

from gan_jax.networks.layers.normalisation import BatchNorm, instance_norm
from gan_jax.ops import style as plain

style = programs.each(plain)

EPS = style.EPSILON


def maps(seed=0, batch=2, scale=3.0):
    drawn = np.random.default_rng(seed).normal(size=(batch, 5, 7, 4))
    return (scale * drawn + 1.5).astype(np.float32)


def per_channel(x, axes):
    """Mean and sqrt(biased variance + eps) by numpy, in double precision."""
    x = np.asarray(x, np.float64)
    return x.mean(axes, keepdims=True), np.sqrt(x.var(axes, keepdims=True) + EPS)


def test_the_lectures_batch_norm_takes_its_statistics_over_batch_and_positions():
    x, gamma, beta = maps(), np.array([1.0, 2, 3, 4]), np.array([-1.0, 0, 1, 2])
    mean, std = per_channel(x, (0, 1, 2))
    variables = {
        "params": {"scale": gamma, "bias": beta},
        "batch_stats": {"mean": np.zeros(4), "var": np.ones(4)},
    }
    with programs.whole():
        found, _ = BatchNorm(train=True).apply(variables, x, mutable=["batch_stats"])
    np.testing.assert_allclose(found, gamma * (np.asarray(x) - mean) / std + beta, atol=1e-5)


def test_the_lectures_instance_norm_takes_its_statistics_over_positions_of_each_image():
    x = maps()
    mean, std = per_channel(x, (1, 2))
    np.testing.assert_allclose(style.normalised(x), (np.asarray(x) - mean) / std, atol=1e-5)
    with programs.whole():
        layer = instance_norm("n", affine=False).apply({}, x)
    np.testing.assert_allclose(layer, style.normalised(x), atol=1e-5)


def test_the_lectures_adain_is_instance_norm_with_the_styles_moments_as_scale_and_shift():
    x, y = maps(0), maps(1, scale=0.5)
    (own, spread), (mean, std) = per_channel(x, (1, 2)), per_channel(y, (1, 2))
    found = style.adain(x, *style.moments(y))
    np.testing.assert_allclose(found, std * (np.asarray(x) - own) / spread + mean, atol=1e-5)


def test_the_result_has_the_styles_mean_and_its_std_up_to_epsilon():
    x, eps = maps(0, scale=0.02), 1e-3
    mean, std = style.moments(maps(1), eps)
    found = style.adain(x, mean, std, eps)
    np.testing.assert_allclose(found.mean((1, 2), keepdims=True), mean, rtol=1e-4)
    spread = np.asarray(x).std((1, 2), keepdims=True)
    wanted = np.asarray(std) * spread / np.sqrt(spread**2 + eps)
    np.testing.assert_allclose(found.std((1, 2), keepdims=True), wanted, rtol=1e-4)


def test_a_maps_own_style_changes_nothing():
    x = maps()
    np.testing.assert_allclose(style.adain(x, *style.moments(x)), x, atol=1e-5)


def test_constant_channels_become_the_styles_mean_with_a_finite_gradient():
    x, (mean, std) = np.full((2, 5, 7, 4), 3.0, np.float32), style.moments(maps(1))
    np.testing.assert_allclose(style.adain(x, mean, std), np.broadcast_to(mean, x.shape), atol=1e-6)
    slope = jax.jit(jax.grad(lambda x: jnp.square(style.adain(x, mean, std)).sum()))(x)
    assert np.isfinite(slope).all()
    assert np.isfinite(jax.jit(jax.grad(lambda x: style.moments(x)[1].sum()))(x)).all()


def test_a_style_may_have_any_size_and_the_order_of_its_positions_does_not_matter():
    y = maps(1)
    shuffled = y.reshape(2, 35, 4)[:, np.random.default_rng(0).permutation(35)].reshape(2, 7, 5, 4)
    x = maps(0)
    np.testing.assert_allclose(
        style.adain(x, *style.moments(y)), style.adain(x, *style.moments(shuffled)), atol=1e-5
    )


def test_moments_under_a_mask_are_those_of_the_marked_positions_alone():
    x, mask = maps(), np.zeros((5, 7))
    mask[1:3, 2:6] = 1
    alone = style.moments(x[:, 1:3, 2:6])
    for found, wanted in zip(style.moments(x, mask=mask), alone, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5)
    for found, wanted in zip(style.moments(x, mask=np.ones((2, 5, 7))), style.moments(x), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_an_empty_mask_has_finite_moments_and_gradients():
    x, empty = maps(), np.zeros((5, 7))
    mean, std = style.moments(x, mask=empty)
    np.testing.assert_allclose(mean, 0)
    np.testing.assert_allclose(std, np.sqrt(EPS), rtol=1e-6)
    assert np.isfinite(jax.jit(jax.grad(lambda x: style.moments(x, mask=empty)[1].sum()))(x)).all()


def test_a_part_normalised_by_the_wholes_moments_is_a_part_of_the_whole():
    x, (mean, std) = maps(0), style.moments(maps(1))
    part = style.adain(x[:, :2], mean, std, own=style.moments(x))
    np.testing.assert_allclose(part, style.adain(x, mean, std)[:, :2], atol=1e-6)


@pytest.mark.parametrize("chosen", [0, 1, 2])
def test_all_weight_on_one_style_is_that_style(chosen):
    parts = [maps(i) for i in range(3)]
    weights = np.eye(3)[chosen]
    np.testing.assert_allclose(style.weighted(parts, weights), parts[chosen], atol=1e-6)


def test_weights_and_alpha_interpolate_linearly():
    a, b = maps(0), maps(1)
    np.testing.assert_allclose(style.weighted([a, b], [0.25, 0.75]), 0.25 * a + 0.75 * b, rtol=1e-5)
    np.testing.assert_allclose(style.blend(a, b, 0.0), a)
    np.testing.assert_allclose(style.blend(a, b, 1.0), b)
    np.testing.assert_allclose(style.blend(a, b, 0.5), (a + b) / 2, rtol=1e-5)


def test_the_distance_of_moments_is_zero_for_equal_styles_only():
    a, b = style.moments(maps(0)), style.moments(maps(1))
    assert all(not d.any() for d in style.moment_distance(a, a))
    means, stds = style.moment_distance(a, b)
    assert means.shape == stds.shape == (2, 4)
    np.testing.assert_allclose(means, np.square(a[0] - b[0])[:, 0, 0], rtol=1e-6)


def photograph(seed, shape):
    """Pixels whose channels are correlated, with different means."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(*shape, 3)) @ rng.normal(0, 0.3, (3, 3)) + rng.normal(0, 0.3, 3)


def test_coral_gives_the_mean_and_covariance_of_the_other_images_colours():
    image, to = photograph(0, (1, 20, 30)), photograph(1, (1, 40, 10))
    found = style.coral(image, to).reshape(-1, 3)
    wanted = np.asarray(to).reshape(-1, 3)
    np.testing.assert_allclose(found.mean(0), wanted.mean(0), atol=1e-5)
    np.testing.assert_allclose(np.cov(found.T), np.cov(wanted.T), rtol=0.02, atol=1e-3)


def test_coral_with_an_images_own_colours_changes_nothing():
    image = photograph(0, (2, 8, 9))
    np.testing.assert_allclose(style.coral(image, image), image, atol=1e-4)


def test_coral_of_a_constant_image_is_finite():
    flat, image = np.full((2, 8, 9, 3), 0.25), photograph(1, (2, 8, 9))
    assert np.isfinite(style.coral(flat, image)).all()
    assert np.isfinite(style.coral(image, flat)).all()
