"""Losses against closed forms and numpy."""

import math

import jax
import numpy as np
import programs
import pytest

from gan_jax.ops import losses as plain

losses = programs.each(plain)

LN2, LN3 = math.log(2), math.log(3)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def log_softmax(logits):
    shifted = logits.astype(np.float64) - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


@pytest.mark.parametrize("label", [0, 1, 2])
def test_a_class_at_equal_logits_costs_log_3_nats(label):
    assert float(losses.cross_entropy(np.full((5, 3), 0.7), label)) == pytest.approx(LN3, abs=1e-6)


def test_the_ternary_losses_at_equal_logits_are_3_and_2_log_3():
    logits = np.zeros((4, 3))
    d = sum(losses.cross_entropy(logits, label) for label in range(3))
    g = 2 * losses.cross_entropy(logits, 2)
    assert float(d) == pytest.approx(3.2958369, abs=1e-6)
    assert float(g) == pytest.approx(2.1972246, abs=1e-6)


@pytest.mark.parametrize(("label", "nats"), [(0, 2 * LN2), (1, 2 * LN2), (2, LN2)])
def test_logits_0_0_log2_are_a_quarter_a_quarter_and_a_half(label, nats):
    logits = np.tile(np.array([0.0, 0.0, LN2]), (3, 1))
    assert float(losses.cross_entropy(logits, label)) == pytest.approx(nats, abs=1e-6)


def test_the_optimal_discriminator_divides_the_densities_by_their_sum():
    # Three distributions over four cells, sampled exactly in proportion: D_i = p_i / (p_1 + p_2 + p_3).
    p = np.array([[4, 2, 1, 1], [1, 4, 2, 1], [1, 1, 1, 5]]) / 8
    logits = np.log(p / p.sum(0)).T  # [cell, class]

    def d_loss(logits):
        cells = [np.repeat(np.arange(4), (8 * row).astype(int)) for row in p]
        return sum(losses.cross_entropy(logits[c], label) for label, c in enumerate(cells))

    expected = -sum((p[i] * np.log(p[i] / p.sum(0))).sum() for i in range(3))
    found, slope = jax.jit(jax.value_and_grad(d_loss))(logits)
    assert float(found) == pytest.approx(expected, abs=1e-6)
    np.testing.assert_allclose(slope, 0, atol=1e-6)


def test_where_only_source_fakes_can_be_told_the_optimal_losses_are_2_log_2_and_log_2():
    # G(t) is distributed like t, and G(s) lies elsewhere: D = (1, 0, 0) at G(s) and (0, 1/2, 1/2) at t.
    elsewhere, here = np.array([[40.0, 0.0, 0.0]]), np.array([[-40.0, 0.0, 0.0]])
    d = losses.cross_entropy(elsewhere, 0) + losses.cross_entropy(here, 1) + losses.cross_entropy(here, 2)
    assert float(d) == pytest.approx(2 * LN2, abs=1e-6)
    assert float(losses.cross_entropy(here, 2)) == pytest.approx(LN2, abs=1e-6)


def test_cross_entropy_is_the_mean_over_the_batch():
    logits = normal(7, 3)
    expected = -log_softmax(logits)[:, 1].mean()
    assert float(losses.cross_entropy(logits, 1)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_classification_equals_the_cross_entropy_with_smoothed_targets(smoothing):
    logits, labels = normal(6, 10), np.array([0, 3, 9, 3, 1, 5])
    targets = (1 - smoothing) * np.eye(10)[labels] + smoothing / 10
    terms = -(targets * log_softmax(logits)).sum(-1)
    found = losses.classification(logits, labels, smoothing)
    assert float(found) == pytest.approx(terms.mean(), abs=1e-5)
    # Weights multiply the examples' terms. The sum is still divided by the number of examples.
    weights = np.array([0.0, 1.0, 2.0, 0.5, 0.0, 1.0])
    weighted = losses.classification(logits, labels, smoothing, weights)
    assert float(weighted) == pytest.approx((weights * terms).sum() / 6, abs=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_attributes_equal_the_sigmoid_cross_entropy_with_targets_drawn_to_one_half(smoothing):
    logits, labels = normal(6, 3), np.random.default_rng(1).integers(2, size=(6, 3))
    targets = np.where(labels == 1, 1 - smoothing / 2, smoothing / 2)
    p = 1 / (1 + np.exp(-logits.astype(np.float64)))
    wanted = -(targets * np.log(p) + (1 - targets) * np.log(1 - p)).mean()
    found = losses.attributes(logits, labels, smoothing)
    assert float(found) == pytest.approx(wanted, rel=1e-5)


def test_the_binary_losses_at_logit_zero_are_2_log_2_and_log_2():
    zero = np.zeros((4, 1))
    assert float(losses.nonsaturating_d(real=zero, fake=zero)) == pytest.approx(2 * LN2, abs=1e-6)
    assert float(losses.nonsaturating_g(zero)) == pytest.approx(LN2, abs=1e-6)
    assert float(losses.minimax_g(zero)) == pytest.approx(-LN2, abs=1e-6)


def test_the_binary_losses_equal_their_logarithms_of_probabilities():
    real, fake = normal(6, 1), normal(6, 1, seed=1)
    p_real, p_fake = (1 / (1 + np.exp(-x.astype(np.float64))) for x in (real, fake))
    d = -np.log(p_real).mean() - np.log(1 - p_fake).mean()
    assert float(losses.nonsaturating_d(real=real, fake=fake)) == pytest.approx(d, abs=1e-6)
    assert float(losses.nonsaturating_g(fake)) == pytest.approx(-np.log(p_fake).mean(), abs=1e-6)
    assert float(losses.minimax_g(fake)) == pytest.approx(np.log(1 - p_fake).mean(), abs=1e-6)


def test_only_the_literal_generator_loss_saturates():
    slope = {f: float(jax.jit(jax.grad(f))(-20.0)) for f in (losses.minimax_g, losses.nonsaturating_g)}
    assert slope[losses.nonsaturating_g] == pytest.approx(-1, abs=1e-6)
    assert -1e-8 < slope[losses.minimax_g] < 0


@pytest.mark.parametrize(("a", "b", "c", "d", "g"), [(0, 1, 1, 0.5, 0.5), (-1, 1, 0, 1.0, 0.0)])
def test_the_least_squares_losses_at_score_zero(a, b, c, d, g):
    zero = np.zeros((4, 1))
    of_d, of_g = losses.adversarial("lsgan", a, b, c)
    assert float(of_d(zero, zero)) == d
    assert float(of_g(zero)) == g
    assert float(of_d(np.full((4, 1), b), np.full((4, 1), a))) == 0


def test_the_least_squares_losses_are_half_means_of_squares():
    real, fake = normal(6, 1), normal(5, 1, seed=1)
    d = ((real - 0.7) ** 2).sum() / 12 + ((fake + 0.2) ** 2).sum() / 10
    assert float(losses.lsgan_d(real, fake, -0.2, 0.7)) == pytest.approx(d, rel=1e-6)
    assert float(losses.lsgan_g(fake, 0.7)) == pytest.approx(((fake - 0.7) ** 2).sum() / 10, rel=1e-6)


def test_the_best_least_squares_discriminator_is_the_weighted_mean_of_the_labels():
    # One image is real with probability 3/4: D* = (b p_real + a p_fake) / (p_real + p_fake) = 1/2.
    def loss(score):
        both, real_alone = losses.lsgan_d(score, score, -1, 1), losses.lsgan_d(score, np.array(-1.0), -1, 1)
        return both + 2 * real_alone

    slope = jax.jit(jax.grad(loss))
    assert float(slope(0.5)) == pytest.approx(0, abs=1e-6)
    assert float(slope(0.0)) == pytest.approx(-2, abs=1e-6)


def test_the_wasserstein_losses_are_differences_of_means():
    real, fake = normal(6, 1), normal(6, 1, seed=1)
    assert float(losses.wasserstein_d(real, fake)) == pytest.approx(fake.mean() - real.mean(), abs=1e-6)
    assert float(losses.wasserstein_g(fake)) == pytest.approx(-fake.mean(), abs=1e-6)
    sum_of_both = losses.wasserstein_d(real, fake) + losses.wasserstein_g(fake)
    assert float(sum_of_both) == pytest.approx(-real.mean(), abs=1e-6)


def test_the_hinge_losses_at_score_zero_and_beyond_the_margin():
    zero, one = np.zeros((4, 1)), np.ones((4, 1))
    assert float(losses.hinge_d(zero, zero)) == 2
    assert float(losses.hinge_g(zero)) == 0
    graded = jax.jit(jax.value_and_grad(losses.hinge_d, argnums=(0, 1)))
    value, slopes = graded(1.5 * one, -1.5 * one)
    assert float(value) == 0
    np.testing.assert_array_equal(slopes, 0)
    assert float(losses.hinge_d(one, -one)) == 0
    # Within the margin each score counts by its share of the mean.
    np.testing.assert_allclose(graded(zero, zero)[1][0], -0.25)


def test_both_generators_losses_push_a_refused_fake_the_same_way_with_these_slopes():
    both = lambda at: (losses.nonsaturating_g(at), losses.minimax_g(at))  # noqa: E731
    nonsaturating, minimax = jax.jit(jax.jacobian(both))(-10.0)
    assert float(nonsaturating) == pytest.approx(-0.9999546, rel=1e-6)
    assert float(minimax) == pytest.approx(-4.539787e-5, rel=1e-5)


def test_mse_of_all_ones_and_all_minus_ones_is_4():
    ones = np.ones((2, 32, 32, 1))
    assert float(losses.mse(ones, -ones)) == 4
    assert float(losses.mse(ones, ones)) == 0


def test_mse_is_a_mean_over_every_dimension():
    a, b = normal(3, 128), normal(3, 128, seed=1)
    assert float(losses.mse(a, b)) == pytest.approx(((a - b) ** 2).sum() / (3 * 128), rel=1e-5)


def test_cosine_distance_knows_the_direction_and_not_the_length():
    v = normal(4, 8)
    assert float(losses.cosine(v, 3 * v)) == pytest.approx(0, abs=1e-6)
    assert float(losses.cosine(v, -v)) == pytest.approx(2, abs=1e-6)
    assert float(losses.cosine(np.eye(4, 8), np.eye(4, 8)[::-1])) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("distance", [losses.mse, losses.cosine])
def test_the_distances_have_finite_gradients_at_equal_and_at_zero_features(distance):
    slope = jax.jit(jax.grad(distance))
    for v in (np.ones((2, 4)), np.zeros((2, 4))):
        assert np.isfinite(slope(v, v)).all()


def tv(images, reduction="sum", eps=1e-12):
    return float(losses.total_variation(np.array(images, np.float32), reduction, eps))


def test_the_total_variation_of_a_constant_image_is_zero():
    assert tv(np.full((2, 8, 8, 3), 0.3)) == pytest.approx(0, abs=1e-3)


def test_the_total_variation_of_a_vertical_unit_step_is_its_height_less_one():
    step = np.zeros((1, 6, 9, 1))
    step[:, :, 4:] = 1
    assert tv(step) == pytest.approx(5, abs=1e-3)


def test_the_total_variation_of_a_4x4_checkerboard_of_signs_is_9_sqrt_8():
    board = (-1.0) ** np.add.outer(np.arange(4), np.arange(4))
    assert tv(board[None, :, :, None]) == pytest.approx(25.455844, abs=1e-4)
    assert tv(board[None, :, :, None], "mean") == pytest.approx(math.sqrt(8), abs=1e-5)


def test_the_total_variation_couples_both_differences_under_one_root():
    images = normal(3, 5, 6, 2)
    down = images[:, 1:, :-1] - images[:, :-1, :-1]
    across = images[:, :-1, 1:] - images[:, :-1, :-1]
    expected = np.hypot(down, across).sum((1, 2, 3)).mean()
    assert tv(images) == pytest.approx(expected, rel=1e-5)
    assert tv(images, "mean") == pytest.approx(expected / (4 * 5 * 2), rel=1e-5)


def test_the_total_variation_scales_with_the_image_and_ignores_the_order_of_the_batch():
    images = normal(4, 5, 5, 1)
    assert tv(-2.5 * images) == pytest.approx(2.5 * tv(images), rel=1e-5)
    assert tv(images[::-1]) == pytest.approx(tv(images), rel=1e-6)


def test_the_total_variation_has_a_gradient_at_an_edge_and_a_finite_one_on_flat_ground():
    step, slope = np.zeros((1, 4, 4, 1)), jax.jit(jax.grad(losses.total_variation))
    step[:, :, 2:] = 1
    grad = np.asarray(slope(step))
    assert np.abs(grad).max() > 0.05
    assert np.isfinite(grad).all()
    np.testing.assert_array_equal(slope(np.zeros((1, 4, 4, 1))), 0)


def test_the_relativistic_game_compares_pairs():
    real, fake = normal(6), normal(6, seed=1)
    wanted = np.log1p(np.exp(-(real.astype(np.float64) - fake))).mean()
    assert float(losses.relativistic(real, fake)) == pytest.approx(wanted, rel=1e-5)
    assert float(losses.relativistic(real + 5, fake + 5)) == pytest.approx(wanted, rel=1e-5)
    assert float(losses.relativistic(real, real)) == pytest.approx(LN2, rel=1e-6)
    # Pairs matter: sorted scores, paired one by one, lose less or more than others.
    assert float(losses.relativistic(np.sort(real), np.sort(fake))) != pytest.approx(wanted, rel=1e-3)
