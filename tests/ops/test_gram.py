"""Gram matrices as the lecture derives them, and the losses of style transfer in their published forms."""

import jax
import numpy as np
import programs
import pytest

from gan_jax.ops import gram as plain

gram = programs.each(plain)


def maps(height=4, width=5, channels=3, seed=0, batch=2):
    return np.random.default_rng(seed).normal(size=(batch, height, width, channels)).astype(np.float32)


def test_the_outer_product_of_one_position():
    """The lecture's (1, 2, 3) x (1, -1, 1): a block of the Gram matrix of the two vectors side by side."""
    one = np.array([1.0, 2, 3, 1, -1, 1]).reshape(1, 1, 1, 6)
    found = gram.gram(one)[0, 0]
    np.testing.assert_array_equal(found[:3, 3:], [[1, -1, 1], [2, -2, 2], [3, -3, 3]])
    np.testing.assert_array_equal(found[:3, :3], [[1, 2, 3], [2, 4, 6], [3, 6, 9]])


def test_the_sum_of_outer_products_over_positions():
    x = maps()
    for image, found in zip(x, gram.gram(x)[:, 0], strict=True):
        wanted = sum(np.outer(f, f) for f in image.reshape(-1, 3))
        np.testing.assert_allclose(20 * found, wanted, rtol=1e-5, atol=1e-5)


def test_the_correlation_of_heights_and_weights():
    """Centred and scaled channels give the table of correlations: 0.85 off the diagonal.

    Weights are 0.85 of the standardised height and, for the rest, something that heights do not tell.
    """
    heights = np.array([-3.0, -1, 1, 3, 0, 0, 0, 0]) / np.sqrt(2.5)
    rest = np.array([0, 0, 0, 0, -3.0, -1, 1, 3]) / np.sqrt(2.5)
    weights = 70 + 12 * (0.85 * heights + np.sqrt(1 - 0.85**2) * rest)
    table = np.stack([170 + 8 * heights, weights], -1)
    standard = (table - table.mean(0)) / table.std(0)
    found = gram.gram(standard.reshape(1, 2, 4, 2))[0, 0]
    np.testing.assert_allclose(found, [[1, 0.85], [0.85, 1]], atol=1e-6)
    np.testing.assert_allclose(found, np.corrcoef(table.T), atol=1e-6)


def test_positions_may_change_their_places_but_not_their_features():
    x = maps().reshape(2, 20, 3)
    mixed = x[:, np.random.default_rng(1).permutation(20)].reshape(2, 5, 4, 3)
    found = gram.gram(mixed)
    np.testing.assert_allclose(found, gram.gram(x.reshape(2, 4, 5, 3)), atol=1e-6)
    np.testing.assert_allclose(found, found.swapaxes(2, 3), atol=1e-6)
    assert (np.linalg.eigvalsh(found) > -1e-6).all()


def test_features_that_are_the_same_everywhere_have_rank_one():
    f = np.array([1.0, -2, 0.5], np.float32)
    found = gram.gram(np.broadcast_to(f, (1, 6, 7, 3)))[0, 0]
    np.testing.assert_allclose(found, np.outer(f, f), rtol=1e-5)
    assert np.linalg.matrix_rank(np.asarray(found), tol=1e-4) == 1


def test_a_region_sees_its_own_positions_only():
    x = maps(batch=1)
    left = np.zeros((1, 4, 5, 2), np.float32)
    left[:, :, :2, 0] = left[:, :, 2:, 1] = 1
    found = gram.gram(x, left)
    np.testing.assert_allclose(found[:, :1], gram.gram(x[:, :, :2]), atol=1e-6)
    np.testing.assert_allclose(found[:, 1:], gram.gram(x[:, :, 2:]), atol=1e-6)
    nowhere = gram.gram(x, np.zeros((1, 4, 5, 2)))
    assert not nowhere.any()


def test_uniform_weights_are_no_weights():
    x = maps()
    np.testing.assert_allclose(gram.gram(x), gram.gram(x, np.full((1, 1, 1, 1), 3.0)), rtol=1e-5, atol=1e-6)


def test_the_slope_of_the_whole_image_is_that_of_the_sum_of_products():
    """For weights A of the matrix that are not symmetric, d <A, F^T F / M> / dF is F (A + A^T) / M."""
    x, weights = maps(), np.random.default_rng(1).normal(size=(2, 1, 3, 3)).astype(np.float32)
    found = jax.jit(jax.grad(lambda x: (plain.gram(x) * weights).sum()))(x)
    flat = x.reshape(2, 20, 3)
    wanted = flat @ (weights[:, 0] + weights[:, 0].swapaxes(1, 2)) / 20
    np.testing.assert_allclose(found.reshape(2, 20, 3), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("regions", [np.ones((1, 1, 1, 1)), np.eye(20)[:, :2].reshape(1, 4, 5, 2)])
@pytest.mark.parametrize("scale", [2.0, np.array([1.0, 2.0, 4.0])])
def test_scaled_matrices_are_those_of_scaled_maps(scale, regions):
    x, scale, regions = maps(), np.float32(scale), np.float32(regions)
    found = gram.grams({"relu1_1": x}, {"relu1_1": scale}, regions)["relu1_1"]
    np.testing.assert_allclose(found, gram.gram(x / scale, regions), rtol=1e-5, atol=1e-6)


def by_hand(x, y, form):
    """The losses with the sums as they are printed, for one layer of an image [M, C] each."""
    m, c = x.shape
    big, target = x.T @ x, y.T @ y
    if form == "paper":
        return ((big - target) ** 2).sum() / (4 * c**2 * m**2)
    if form == "notebook":
        return 1e3 / c**2 * ((big / m - target / m) ** 2).mean()
    return ((big / (m * c) - target / (m * c)) ** 2).mean()


@pytest.mark.parametrize("form", gram.FORMS)
def test_every_form_of_the_style_loss_is_the_printed_one(form):
    x, y = maps(batch=1), maps(batch=1, seed=3)
    found = gram.style_loss(gram.gram(x), gram.gram(y), form)
    assert float(found) == pytest.approx(by_hand(x.reshape(-1, 3), y.reshape(-1, 3), form), rel=1e-5)
    assert gram.style_loss(gram.gram(x), gram.gram(x), form) == 0


def test_the_notebooks_form_weighs_a_layer_of_64_channels_64_times_more_than_the_papers():
    ratios = {}
    for channels in (64, 512):
        g, a = (maps(1, 1, channels, seed=s) for s in (0, 1))
        pair = gram.gram(g), gram.gram(a)
        ratios[channels] = gram.style_loss(*pair, "notebook") / gram.style_loss(*pair, "paper")
    assert float(ratios[64] / ratios[512]) == pytest.approx(64, rel=1e-4)


def test_the_papers_content_loss_has_the_gradient_of_its_equation():
    x, p = maps(), maps(seed=1)
    slope = jax.jit(jax.grad(lambda x: gram.content_loss(x, p)))(x)
    np.testing.assert_allclose(slope, (x - p) / 2, rtol=1e-5)  # eq. 2, for the mean over two images
    assert float(gram.content_loss(x, p, "notebook")) == pytest.approx(float(((x - p) ** 2).mean()), rel=1e-5)


def test_a_channel_that_is_hardly_active_counts_a_tenth_of_its_layer():
    maps = np.ones((1, 4, 4, 10))
    maps[..., 0] = 1e-6
    scales = gram.scales([{"relu1_1": maps}], "filter")["relu1_1"]
    np.testing.assert_allclose(scales, [0.09, *[1] * 9], rtol=1e-5)
