"""The Fréchet distance: closed forms, scipy's matrix root, streams, few rows, and its bias."""

import numpy as np
import pytest
import scipy.linalg

from gan_jax.metrics import frechet
from gan_jax.metrics.frechet import Moments, frechet_distance, from_features, moments


def gaussian(mean, covariance, count=11):
    """Moments of a set with exactly this mean and covariance."""
    return Moments(count, np.array(mean, float), np.array(covariance, float) * (count - 1))


def draw(count, width, seed, scale=1.0):
    return np.random.default_rng(seed).normal(0, scale, (count, width)) @ mixing(width)


def mixing(width):
    return np.random.default_rng(7).normal(0, 1, (width, width)) / np.sqrt(width)


def independent(real, fake):
    """The formula, with numpy's covariance and scipy's matrix root."""
    apart = real.mean(0) - fake.mean(0)
    covariances = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    root = np.real(scipy.linalg.sqrtm(covariances[0] @ covariances[1]))
    return apart @ apart + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * np.trace(root)


def test_of_diagonal_covariances():
    one, two = gaussian([0, 0, 0], np.diag([1, 4, 9])), gaussian([1, 2, 2], np.diag([4, 4, 1]))
    assert frechet_distance(one, two) == pytest.approx(14, rel=1e-12)
    assert frechet_distance(two, one) == pytest.approx(14, rel=1e-12)


def test_of_covariances_that_do_not_commute():
    one, two = gaussian([0, 0], [[2, 1], [1, 2]]), gaussian([0, 0], np.diag([1, 4]))
    assert frechet_distance(one, two) == pytest.approx(9 - 2 * np.sqrt(10 + 2 * np.sqrt(12)), rel=1e-12)
    assert frechet_distance(one, two) == pytest.approx(0.7712204476543416, rel=1e-12)


def test_of_four_times_the_covariance_it_is_its_trace():
    covariance = np.cov(draw(50, 6, 0), rowvar=False)
    found = frechet_distance(gaussian(np.zeros(6), covariance), gaussian(np.zeros(6), 4 * covariance))
    assert found == pytest.approx(np.trace(covariance), rel=1e-9)


@pytest.mark.parametrize(("real", "fake"), [(400, 300), (20, 300), (300, 20), (20, 25), (33, 32)])
def test_equals_scipys_root_for_many_rows_and_for_few(real, fake):
    one, two = draw(real, 32, 1), draw(fake, 32, 2, 1.5) + 0.3
    assert from_features(one, two) == pytest.approx(independent(one, two), rel=1e-5)
    # scipy's root of a singular matrix has no more digits; our two ways agree with each other.
    assert from_features(one, two) == pytest.approx(frechet_distance(moments(one), moments(two)), rel=1e-7)
    assert from_features(one, two) == pytest.approx(from_features(two, one), rel=1e-9)


@pytest.mark.parametrize("count", [20, 200])
def test_a_set_is_no_distance_from_itself(count):
    features = draw(count, 32, 3)
    assert 0 <= from_features(features, features) < 1e-6
    assert 0 <= frechet_distance(moments(features), moments(features)) < 1e-6


def test_a_shift_of_all_features_is_its_squared_length():
    features = draw(100, 8, 4)
    assert from_features(features, features + 3) == pytest.approx(8 * 9, rel=1e-9)


def test_moments_are_numpys_and_the_same_of_a_stream(monkeypatch):
    features = draw(1000, 16, 5).astype(np.float32) + 100
    cuts = np.split(features, [1, 3, 100, 101, 500, 998])
    assert len(cuts) == 7
    streamed = frechet.merged(moments(part) for part in cuts)
    monkeypatch.setattr(frechet, "_ROWS", 64)
    for found in (moments(features), streamed):
        assert found.count == 1000
        np.testing.assert_allclose(found.mean, features.mean(0, dtype=np.float64), rtol=1e-12)
        np.testing.assert_allclose(
            found.covariance, np.cov(features.astype(np.float64), rowvar=False), rtol=1e-9, atol=1e-12
        )
    other = moments(draw(500, 16, 6))
    assert frechet_distance(streamed, other) == pytest.approx(
        frechet_distance(moments(features), other), rel=1e-10
    )


def test_a_large_mean_leaves_a_small_variance_its_digits():
    features = np.random.default_rng(0).normal(100, 0.1, (4000, 3)).astype(np.float32)
    exact = np.cov(features.astype(np.float64), rowvar=False)
    np.testing.assert_allclose(moments(features).covariance, exact, rtol=1e-9, atol=1e-15)


def test_equal_distributions_differ_by_the_bias_of_few_rows():
    rng = np.random.default_rng(0)
    found = from_features(rng.normal(size=(2000, 64)), rng.normal(size=(2000, 64)))
    assert found == pytest.approx((64**2 + 5 * 64) / (2 * 2000), rel=0.05)


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (np.zeros((9, 3)), np.zeros((9, 4)), "real features are 3 wide, fake ones 4"),
        (np.zeros((2, 3)), np.zeros((9, 4)), "real features are 3 wide, fake ones 4"),
        (np.zeros((1, 3)), np.zeros((9, 3)), "a covariance needs 2 rows or more, and there are 1"),
        (np.zeros((0, 3)), np.zeros((9, 3)), r"features have shape \(0, 3\); expected \[n, d\]"),
        (np.zeros((9, 3)), np.zeros(9), r"features have shape \(9,\); expected \[n, d\]"),
        (np.zeros((9, 3)), np.full((9, 3), np.nan), "features are not finite"),
    ],
)
def test_what_cannot_be_compared_is_refused(real, fake, message):
    with pytest.raises(ValueError, match=message):
        from_features(real, fake)
