"""Interpolation and arithmetic of latents against closed forms."""

import levels
import numpy as np
import pytest
from scipy import stats

from gan_jax.ops import latents


def shell(*shape, radius=1.0):
    z = np.random.default_rng(1).normal(size=shape)
    return radius * z / np.linalg.norm(z, axis=-1, keepdims=True)


@pytest.mark.parametrize("kind", latents.PATHS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_ends_are_exact(kind, dtype):
    a, b = np.random.default_rng(0).normal(size=(2, 6, 100)).astype(dtype)
    path = latents.path(a, b, 7, kind)
    assert path.shape == (6, 7, 100)
    assert path.dtype == dtype
    np.testing.assert_array_equal(path[:, 0], a)
    np.testing.assert_array_equal(path[:, -1], b)


def test_a_linear_path_is_evenly_spaced():
    path = latents.path(np.zeros(3), np.array([4.0, -8.0, 0.0]), 5, "linear")
    np.testing.assert_allclose(path[:, 0], [0, 1, 2, 3, 4], rtol=1e-12)
    np.testing.assert_allclose(path[:, 1], [0, -2, -4, -6, -8], rtol=1e-12)


def test_a_spherical_path_keeps_the_length_and_turns_evenly():
    a, b = shell(2, 9, 100, radius=10.0)
    path = latents.path(a, b, 10)
    np.testing.assert_allclose(np.linalg.norm(path, axis=-1), 10, rtol=1e-6)
    turns = np.arccos((path[:, 1:] * path[:, :-1]).sum(-1) / 100)
    np.testing.assert_allclose(turns, np.arccos((a * b).sum(-1) / 100)[:, None] / 9 * np.ones(9), rtol=1e-6)


def test_half_way_between_orthogonal_vectors():
    a, b = np.eye(2)
    np.testing.assert_allclose(latents.slerp(a, b, 0.5), (a + b) / np.sqrt(2), rtol=1e-12)


@pytest.mark.parametrize("factor", [1.0, 3.0, -1.0, 0.0], ids=["same", "parallel", "opposite", "zero"])
def test_where_no_plane_is_given_the_path_is_straight(factor):
    a = np.arange(1.0, 5.0)
    np.testing.assert_allclose(latents.slerp(a, factor * a, 0.25), (0.75 + 0.25 * factor) * a, rtol=1e-6)


def test_near_the_switch_to_a_straight_path_nothing_jumps():
    for angle in (0.9e-6, 1.1e-6):
        b = np.array([np.cos(angle), np.sin(angle)])
        found = latents.slerp(np.array([1.0, 0.0]), b, 0.5)
        np.testing.assert_allclose(found, [1, angle / 2], rtol=1e-6)


def test_arithmetic_commutes_with_a_linear_generator():
    rng = np.random.default_rng(2)
    a, b, c = rng.normal(size=(3, 4, 6))
    generator = rng.normal(size=(6, 11))
    wanted = (a @ generator).mean(0) - (b @ generator).mean(0) + (c @ generator).mean(0)
    np.testing.assert_allclose(latents.arithmetic(a, b, c) @ generator, wanted, rtol=1e-10)
    assert latents.arithmetic(np.full((2, 1), 5.0), np.full((3, 1), 2.0), np.full((1, 1), 1.0)) == 4.0


@pytest.mark.parametrize(("n", "radius"), [(3, 9.98), (12, 4.99)])
def test_of_three_each_the_result_is_back_on_the_shell(n, radius):
    rng = np.random.default_rng(3)
    sums = [latents.arithmetic(*rng.normal(size=(3, n, 100))) for _ in range(2000)]
    assert np.linalg.norm(sums, axis=1).mean() == pytest.approx(radius, rel=0.01)


def test_a_neighbourhood_is_uniform_around_its_middle():
    z = np.random.default_rng(4).normal(size=(2, 50)).astype(np.float32)
    around = latents.neighbourhood(z, np.random.default_rng(5), n=400, radius=0.25)
    assert around.shape == (2, 401, 50)
    assert around.dtype == np.float32
    np.testing.assert_array_equal(around[:, 0], z)
    noise = around[:, 1:] - z[:, None]
    assert np.abs(noise).max() <= 0.25 + 1e-6
    # 40 000 draws of U(-r, r) have the variance r^2 / 3, and the largest is within 0.1 % of r.
    assert noise.var() == pytest.approx(0.25**2 / 3, rel=0.03)
    assert np.abs(noise).max() == pytest.approx(0.25, rel=1e-3)


@levels.parametrize("side", [20, 5])
def test_the_grid_cuts_the_prior_into_equal_shares(side):
    z = latents.quantiles(side).reshape(side, side, 2)
    np.testing.assert_allclose(stats.norm.cdf(z[0, :, 0]), (np.arange(side) + 0.5) / side, atol=1e-6)
    np.testing.assert_array_equal(z[:, :, 0], np.broadcast_to(z[0, :, 0], (side, side)))
    np.testing.assert_array_equal(z[:, :, 1], z[:, ::-1, 0].T)  # upwards
    assert np.isfinite(z).all()
    assert (np.diff(z[0, :, 0]) > 0).all()
    np.testing.assert_allclose(z, -z[::-1, ::-1], atol=1e-6)
    assert side < 20 or z.max() == pytest.approx(1.9600, abs=1e-4)


def test_the_strongest_direction_of_a_layer_is_its_longest_axis():
    """For an orthogonal frame with columns repeated, the direction with most columns comes first."""
    frame = np.linalg.qr(np.random.default_rng(4).normal(size=(4, 4)))[0]
    layers = [np.stack([frame[:, 2]] * 3 + [5 * frame[:, 0]] * 2, 1), frame[:, 1:2]]
    found = latents.factorised_directions(layers, 3)
    assert found.shape == (3, 4)
    np.testing.assert_allclose(np.abs(np.sum(found * frame[:, [2, 0, 1]].T, 1)), 1, rtol=1e-5)
    assert np.all(np.take_along_axis(found, np.abs(found).argmax(1)[:, None], 1) > 0)
