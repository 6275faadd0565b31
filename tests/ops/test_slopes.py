"""Penalties on slopes against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import programs
import pytest

from gan_jax.ops import slopes as plain

slopes = programs.each(plain)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def linear(*a):
    return lambda x: x @ np.array(a, np.float32)


@pytest.mark.parametrize(
    ("a", "sides", "penalty"),
    [((3, 4), 2, 16), ((3, 4), 1, 16), ((0.3, 0.4), 2, 0.25), ((0.3, 0.4), 1, 0), ((0.6, 0.8), 2, 0)],
)
def test_the_penalty_of_a_linear_critic_is_that_of_its_slope(a, sides, penalty):
    real, fake, epsilon = normal(5, 2), normal(5, 2, seed=1), np.random.default_rng(2).uniform(size=5)
    found = slopes.gradient_penalty(linear(*a), real, fake, epsilon, sides)
    assert float(found) == pytest.approx(penalty, abs=1e-5)


@pytest.mark.parametrize(("scale", "penalty"), [(1.0, 16.0), (2.0, 81.0), (0.2, 0.0)])
def test_a_scale_multiplies_the_slope_of_a_linear_critic(scale, penalty):
    real, fake = np.ones((3, 2)), np.zeros((3, 2))
    found = slopes.gradient_penalty(lambda x: x @ np.array([3.0, 4.0]), real, fake, np.ones(3), scale=scale)
    assert float(found) == pytest.approx(penalty, abs=1e-4)


def test_at_scale_2_images_from_minus_one_have_the_penalty_of_the_same_function_from_zero():
    a = normal(6)
    real, fake, epsilon = (normal(4, 6, seed=i) for i in (1, 2, 3))

    def unit(x):  # of pixels in [0, 1]
        return jnp.tanh(x @ a)

    expected = slopes.gradient_penalty(unit, real, fake, epsilon[:, 0])
    found = slopes.gradient_penalty(
        lambda x: unit((x + 1) / 2), 2 * real - 1, 2 * fake - 1, epsilon[:, 0], scale=2.0
    )
    assert float(found) == pytest.approx(float(expected), rel=1e-5)


def test_a_flat_critic_has_penalty_1_and_a_gradient_of_zero_not_nan():
    def penalty(a):
        return slopes.gradient_penalty(lambda x: x @ a, np.ones((3, 2)), np.zeros((3, 2)), np.ones(3))

    value, slope = jax.jit(jax.value_and_grad(penalty))(np.zeros(2))
    assert float(value) == pytest.approx(1, abs=1e-5)
    np.testing.assert_array_equal(slope, 0)


@pytest.mark.parametrize("epsilon", [0.0, 0.25, 1.0])
def test_the_penalty_is_taken_between_real_and_fake_one_place_an_example(epsilon):
    # The slope of |x|^2 / 2 is |x|.
    real, fake = normal(4, 2, 3, 1), normal(4, 2, 3, 1, seed=1)
    where = np.array([epsilon, 0.5, 0.1, 0.9], np.float32)
    between = where[:, None, None, None] * real + (1 - where)[:, None, None, None] * fake
    expected = ((np.sqrt((between**2).sum((1, 2, 3))) - 1) ** 2).mean()
    found = slopes.gradient_penalty(lambda x: jnp.square(x).sum((1, 2, 3)) / 2, real, fake, where)
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_with_a_layer_norm_the_penalty_equals_that_of_each_example_alone():
    a, b, x = normal(12, 6), normal(6, seed=1), normal(5, 12, seed=2)

    def critic(x):
        hidden = jnp.tanh(x @ a)
        hidden = (hidden - hidden.mean(-1, keepdims=True)) / jnp.sqrt(hidden.var(-1, keepdims=True) + 1e-5)
        return jnp.square(hidden) @ b

    alone = jax.jit(jax.vmap(jax.grad(lambda one: critic(one[None])[0])))(x)
    expected = ((np.linalg.norm(alone, axis=-1) - 1) ** 2).mean()
    found = slopes.gradient_penalty(critic, x, 0 * x, np.ones(5))
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_r1_of_a_linear_score_is_its_squared_length():
    a = normal(4, 4, 3)
    found = slopes.r1(lambda x: (x * a).sum((1, 2, 3)) + 7, normal(5, 4, 4, 3, seed=1))
    assert float(found) == pytest.approx(float(np.square(a).sum()), rel=1e-5)


def test_r1_is_a_mean_over_images():
    scale = np.array([1.0, 2.0, 3.0])
    found = slopes.r1(lambda x: scale * x.sum((1, 2, 3)), normal(3, 2, 2, 1))
    assert float(found) == pytest.approx(4 * (1 + 4 + 9) / 3, rel=1e-5)


def test_path_lengths_of_a_linear_generator_are_those_of_its_transpose():
    """For G(ws) = sum_l A_l w_l the length is sqrt(mean_l |A_l^T y|^2), whatever the styles are."""
    a, y = normal(3, 4 * 4 * 2, 5), normal(2, 4, 4, 2, seed=1)

    def g(ws):
        return jnp.einsum("lpd,bld->bp", a, ws).reshape(-1, 4, 4, 2)

    wanted = np.sqrt(np.square(np.einsum("lpd,bp->bld", a, y.reshape(2, -1) / 4)).sum(2).mean(1))
    for seed in (2, 3):
        found = slopes.path_lengths(g, normal(2, 3, 5, seed=seed), y)
        np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_the_path_length_of_a_constant_generator_has_a_finite_gradient():
    ws, y = np.zeros((2, 3, 5)), np.ones((2, 4, 4, 1))
    loss = lambda c: slopes.path_lengths(lambda w: c * w.sum((1, 2))[:, None, None, None] * y, ws, y).sum()  # noqa: E731
    assert np.isfinite(jax.jit(jax.grad(loss))(0.0))
