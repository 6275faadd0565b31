"""Losses of image translation: closed forms and invariants."""

import math

import numpy as np
import programs
import pytest

from gan_jax.ops import losses as plain

losses = programs.each(plain)


def features(seed, batch=4):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(batch, side, side, 3)).astype(np.float32) for side in (4, 2)]


def test_l1_is_a_mean_over_everything():
    a, one = np.zeros((2, 2, 3, 3, 1))
    one[0, 0, 0, 0] = -18
    assert float(losses.mae(a, a)) == 0
    assert float(losses.mae(a, a - 0.25)) == pytest.approx(0.25)
    assert float(losses.mae(a, one)) == pytest.approx(1)


def test_equal_batches_match_in_any_order_and_number():
    real = features(0)
    assert float(losses.feature_matching(real, real)) == 0
    order = np.array([2, 0, 3, 1])
    assert float(losses.feature_matching(real, [x[order] for x in real])) == pytest.approx(0, abs=1e-12)
    twice = [np.concatenate([x, x]) for x in real]
    assert float(losses.feature_matching(real, twice)) == pytest.approx(0, abs=1e-12)


def test_a_shift_of_one_layer_adds_its_square_whatever_the_layer_s_size():
    real, fake = features(0), features(1)
    before = float(losses.feature_matching(real, real))
    for layer in (0, 1):
        shifted = [x + 0.3 * (i == layer) for i, x in enumerate(real)]
        assert float(losses.feature_matching(real, shifted)) - before == pytest.approx(0.09, rel=1e-5)
    want = sum(np.square(np.mean(a, 0) - np.mean(b, 0)).mean() for a, b in zip(real, fake, strict=True))
    assert float(losses.feature_matching(real, fake)) == pytest.approx(float(want), rel=1e-5)


def test_layers_of_unequal_number_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        losses.feature_matching(features(0), features(1)[:1])


def test_both_sides_where_d_is_sure_and_where_it_knows_nothing():
    one, zero = np.ones((2, 6, 6, 1)), np.zeros((2, 6, 6, 1))
    assert float(losses.lsgan_d(one, zero)) == 0
    assert float(2 * losses.lsgan_g(zero)) == 1  # CycleGAN's loss is not halved
    assert float(losses.nonsaturating_d(zero, zero) / 2) == pytest.approx(math.log(2))
    assert float(losses.nonsaturating_g(zero)) == pytest.approx(math.log(2))


def test_the_distance_of_features_is_relative_to_the_given_ones_image_by_image():
    given = [np.full((2, 3), 4.0, np.float32), np.array([[[3.0], [-4.0]], [[1.0], [1.0]]], np.float32)]
    made = [given[0] + 2, np.array([[[0.0], [0.0]], [[1.0], [1.0]]], np.float32)]
    assert float(losses.relative_features(made, given)) == pytest.approx(4 / 16 + (1 + 0) / 2)
    larger = [[100 * x for x in layers] for layers in (made, given)]
    assert float(losses.relative_features(*larger)) == pytest.approx(4 / 16 + 1 / 2)
    assert float(losses.relative_features(given, given)) == 0
    assert float(losses.relative_features([np.zeros((2, 3))], [np.zeros((2, 3))])) == 0
