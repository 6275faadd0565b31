"""Augmentation of what a discriminator sees: its strength, its ranges and its gradient."""

import jax
import levels
import numpy as np
import programs
import pytest

from gan_jax.ops import differentiable as plain

differentiable = programs.each(plain)
augment, TRANSFORMATIONS = differentiable.augment, differentiable.TRANSFORMATIONS

KEY = jax.random.key(5)
SIDE = 16


def pictures(size=64, channels=3):
    values = np.random.default_rng(0).uniform(-0.4, 0.4, (size, SIDE, SIDE, channels))
    return values.astype(np.float32)


@levels.parametrize("kind", TRANSFORMATIONS, kept=("flip",))
def test_probability_zero_is_the_identity_and_one_half_changes_half_of_the_images(kind):
    x = pictures(400)
    np.testing.assert_array_equal(augment(KEY, x, np.float32(0), [kind]), x)
    changed = float(np.any(augment(KEY, x, np.float32(0.5), [kind]) != x, (1, 2, 3)).mean())
    always = float(np.any(augment(KEY, x, np.float32(1), [kind]) != x, (1, 2, 3)).mean())
    assert changed == pytest.approx(always / 2, abs=0.08)
    # Half of all mirrors, 1 / 25 of all shifts and some of the squares that leave the image change nothing.
    assert always > 0.4


def test_a_shift_moves_the_image_by_at_most_an_eighth_and_fills_with_grey():
    x = np.zeros((200, SIDE, SIDE, 1))
    x[:, 8, 8] = 1.0
    moved = differentiable.translation(KEY, x)
    rows, columns = np.nonzero(moved[..., 0])[1:]
    assert len(rows) == 200
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (6, 10, 6, 10)
    edge = differentiable.translation(KEY, np.ones((200, SIDE, SIDE, 1)))
    assert set(np.unique(edge)) == {0.0, 1.0}


def test_cutout_clears_a_square_of_half_the_side():
    cleared = differentiable.cutout(KEY, np.ones((500, SIDE, SIDE, 1)))[..., 0] == 0
    whole = [(image.any(1).sum(), image.any(0).sum()) for image in cleared]
    assert max(whole) == (8, 8)
    assert all(image.sum() == rows * columns for image, (rows, columns) in zip(cleared, whole, strict=True))
    # Its centre is uniform over the sides, so that a corner is cleared in a quarter of the cases.
    assert cleared[:, 0, 0].mean() == pytest.approx((5 / 17) ** 2, abs=0.05)


def test_colour_draws_brightness_saturation_and_contrast():
    grey = np.full((500, SIDE, SIDE, 3), 0.25)
    shift = differentiable.colour(KEY, grey)[:, 0, 0] - 0.25
    assert np.all(shift == shift[:, :1])
    assert -0.5 <= shift.min() < -0.45 < 0.45 < shift.max() <= 0.5
    x = pictures(500)
    y = differentiable.colour(KEY, x)
    contrast = y.mean(3).std((1, 2)) / np.asarray(x).mean(3).std((1, 2))
    assert 0.5 <= contrast.min() < 0.55 < 1.45 < contrast.max() <= 1.5 + 1e-4
    away = lambda v: np.abs(v - v.mean(3, keepdims=True)).mean((1, 2, 3))  # noqa: E731
    saturation = away(y) / away(np.asarray(x)) / contrast
    assert 0 <= saturation.min() < 0.1 < 1.9 < saturation.max() <= 2 + 1e-4


@pytest.mark.long
def test_the_gradient_passes_through_and_keys_differ():
    x = pictures(2)
    slope = jax.jit(jax.grad(lambda x: augment(KEY, x, 1.0, list(TRANSFORMATIONS)).sum()))(x)
    assert np.all(np.isfinite(slope))
    assert np.abs(slope).max() > 0
    other = augment(jax.random.key(6), x, 1.0, ["colour"])
    assert np.any(other != augment(KEY, x, 1.0, ["colour"]))
