"""The terms of the evidence lower bound against closed forms, numpy and scipy."""

import math

import jax
import numpy as np
import programs
import pytest
from scipy import stats

from gan_jax.ops import losses as plain

losses = programs.each(plain)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def kl(mean, variance):
    log_variance = np.log(np.broadcast_to(variance, np.shape(mean)))
    return float(losses.kl_standard_normal(np.array(mean), np.array(log_variance)))


def test_the_divergence_of_the_prior_from_itself_is_zero():
    assert kl(np.zeros((3, 4)), 1.0) == 0


def test_mean_1_and_variance_4_are_1_306853_nats():
    assert kl([[1.0]], 4.0) == pytest.approx(1.306853, abs=1e-6)


def test_the_divergence_sums_over_dimensions_and_is_a_mean_over_the_batch():
    assert kl([[1.0, 1.0], [0.0, 0.0]], [[4.0, 4.0], [1.0, 1.0]]) == pytest.approx(1.306853, abs=1e-6)


def test_the_divergence_is_the_mean_difference_of_log_densities():
    mean, deviation = 0.8, 0.6
    z = mean + deviation * stats.norm.ppf((np.arange(100_000) + 0.5) / 100_000)  # equal shares of q
    expected = np.mean(stats.norm.logpdf(z, mean, deviation) - stats.norm.logpdf(z))
    assert kl([[mean]], deviation**2) == pytest.approx(expected, abs=1e-4)


def test_the_slope_of_the_divergence_is_the_mean_and_half_of_variance_less_one():
    mean, log_variance = np.array([[0.3, -2.0]]), np.array([[0.5, -1.0]])
    slopes = jax.jit(jax.grad(losses.kl_standard_normal, (0, 1)))(mean, log_variance)
    np.testing.assert_allclose(slopes[0], mean, rtol=1e-6)
    np.testing.assert_allclose(slopes[1], (np.exp(log_variance) - 1) / 2, rtol=1e-6)


@pytest.mark.parametrize("log_variance", [20.0, -20.0])
def test_extreme_variances_stay_finite(log_variance):
    z = np.exp(0.5 * np.full((1, 2), log_variance))
    kl = jax.jit(jax.value_and_grad(losses.kl_standard_normal, 1))
    total, slope = kl(z, np.full((1, 2), log_variance))
    assert np.isfinite(total + losses.bernoulli(z, np.ones((1, 2))))
    assert np.isfinite(slope).all()


def test_784_pixels_at_logit_zero_cost_784_log_2_whatever_they_are():
    for x in (np.zeros((2, 28, 28, 1)), np.full((2, 28, 28, 1), 0.3)):
        assert float(losses.bernoulli(np.zeros_like(x), x)) == pytest.approx(543.427, rel=2e-5)


def test_bernoulli_is_the_log_probability_of_bits():
    logits, bits = normal(3, 4, 2), (normal(3, 4, 2, seed=1) > 0).astype(np.float32)
    p = 1 / (1 + np.exp(-logits.astype(np.float64)))
    expected = -stats.bernoulli.logpmf(bits, p).sum((1, 2)).mean()
    assert float(losses.bernoulli(logits, bits)) == pytest.approx(expected, rel=1e-5)


def test_bernoulli_of_grey_pixels_is_least_at_their_own_logit_and_there_their_entropy():
    x = np.array([[0.2, 0.7]])
    at = np.log(x / (1 - x))
    entropy = stats.bernoulli.entropy(np.asarray(x, np.float64)).sum()
    assert float(losses.bernoulli(at, x)) == pytest.approx(entropy, rel=1e-5)
    np.testing.assert_allclose(jax.jit(jax.grad(losses.bernoulli))(at, x), 0, atol=1e-6)


def test_gaussian_is_the_log_density_of_the_normal_distribution():
    mean, x = normal(3, 4, 2), normal(3, 4, 2, seed=1)
    expected = -stats.norm.logpdf(x, mean, 0.3).sum((1, 2)).mean()
    assert float(losses.gaussian(mean, x, 0.3)) == pytest.approx(expected, rel=1e-5)


def test_the_squared_error_is_the_gaussian_of_variance_a_half_less_its_constant():
    mean, x = normal(2, 28, 28, 1), normal(2, 28, 28, 1, seed=1)
    found = float(losses.gaussian(mean, x, math.sqrt(0.5)) - losses.squared_error(mean, x))
    assert found == pytest.approx(448.7, abs=0.05)
    assert found == pytest.approx(392 * math.log(math.pi), rel=1e-5)


def test_at_the_exact_posterior_of_a_linear_gaussian_model_the_bound_is_the_evidence():
    # x = w z + b + sigma noise, z ~ N(0, 1). The recon term is quadratic in z, so three points of
    # Gauss-Hermite quadrature give its expectation under q exactly.
    rng = np.random.default_rng(0)
    w, b, x, sigma = rng.normal(size=5), rng.normal(size=5), rng.normal(size=5), 0.7
    variance = 1 / (1 + w @ w / sigma**2)
    evidence = stats.multivariate_normal.logpdf(x, b, np.outer(w, w) + sigma**2 * np.eye(5))
    points, weights = np.polynomial.hermite_e.hermegauss(3)

    def bound(mean, variance):
        z = mean + np.sqrt(variance) * points
        recon = [losses.gaussian(np.array([w * at + b]), np.array([x]), sigma) for at in z]
        divergence = losses.kl_standard_normal(np.array([[mean]]), np.log(np.array([[variance]])))
        return -float(np.dot(weights / weights.sum(), recon) + divergence)

    mean = variance * w @ (x - b) / sigma**2
    assert bound(mean, variance) == pytest.approx(evidence, abs=1e-5)
    # For another q, the bound is lower by the divergence of q from the posterior.
    gap = (0.3**2 / variance + 2 - 1 - math.log(2)) / 2
    assert bound(mean + 0.3, 2 * variance) == pytest.approx(evidence - gap, abs=1e-5)
