"""Augmentation: the identity at zero strength, and cases with known results."""

import functools
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
import programs
import pytest
from PIL import Image
from scipy import ndimage

from gan_jax.ops import augment as plain

augment = programs.each(plain)

KEY = 3
WARP = ("rotation", "scale", "shear", "shift")
COLOUR = ("contrast", "channel_contrast", "brightness", "negate")


def warp(key, images, elastic=0.0, **strengths):
    return augment.warp(jax.random.key(key), images, elastic=elastic, **numbers(WARP, strengths))


def colour(key, images, ink=0.0, **strengths):
    return augment.colour(jax.random.key(key), images, ink=ink, **numbers(COLOUR, strengths))


def numbers(names, strengths):
    """All strengths as numbers of numpy, so that all values of them share one program."""
    assert set(strengths) <= set(names)
    return {name: np.float32(strengths.get(name, 0)) for name in names}


def pictures(size=8, side=9, channels=3):
    values = np.random.default_rng(0).uniform(-0.4, 0.4, (size, side, side, channels))
    return values.astype(np.float32)


@jax.jit
def _drawn(values, strengths):
    def draws(rng, shape, minval):
        return jnp.tile(values[:, None], (1, shape[1]))

    with mock.patch.object(jax.random, "uniform", draws):
        return plain.warp(jax.random.key(KEY), jnp.asarray(pictures()), **strengths)


def drawn(values, **strengths):
    """`warp` with these fractions in [-1, 1] for draws: angle, shear, two scales and two shifts."""
    return np.asarray(_drawn(np.float32(values), numbers(WARP, strengths)))


def test_zero_strengths_are_the_identity():
    images = pictures()
    np.testing.assert_array_equal(warp(KEY, images), images)
    np.testing.assert_allclose(colour(KEY, images), images, atol=1e-6)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_quarter_turn_clockwise_is_rot90(sign):
    found = drawn([sign, 0, 0, 0, 0, 0], rotation=np.pi / 2)
    np.testing.assert_allclose(found, np.rot90(pictures(), -sign, axes=(1, 2)), atol=1e-5)


def test_a_shift_by_whole_pixels_moves_them_and_repeats_the_border():
    images = pictures()
    found = drawn([0, 0, 0, 0, 1, -1], shift=2)
    rows, cols = np.clip(np.arange(9) + 2, 0, 8), np.clip(np.arange(9) - 2, 0, 8)
    np.testing.assert_allclose(found, images[:, rows][:, :, cols], atol=1e-6)


@pytest.mark.parametrize("strengths", [{"rotation": 0.3}, {"shear": 0.4}, {"scale": 0.5}, {"shift": 1.7}])
def test_any_map_equals_scipys_bilinear_resampling(strengths):
    values = [0.8, -0.6, 0.9, -0.7, 0.5, -0.9]
    found = drawn(values, **strengths)
    angle = strengths.get("rotation", 0) * values[0]
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.array([[1, 0], [strengths.get("shear", 0) * values[1], 1]])
    matrix = turn @ shear @ np.diag(np.exp(strengths.get("scale", 0) * np.array(values[2:4])))
    offset = np.full(2, 4.0) + strengths.get("shift", 0) * np.array(values[4:]) - matrix @ np.full(2, 4.0)
    image = pictures()[0, :, :, 0]
    expected = ndimage.affine_transform(image, matrix, offset, order=1, mode="nearest")
    np.testing.assert_allclose(found[0, :, :, 0], expected, atol=1e-5)


def test_bending_follows_the_grid_as_pillow_and_scipy_do(monkeypatch):
    moves = np.random.default_rng(5).normal(size=(8, 5, 5, 2)).astype(np.float32)
    monkeypatch.setattr(jax.random, "normal", lambda rng, shape: jnp.array(moves))
    bend = jax.jit(functools.partial(plain.warp, elastic=0.7))
    found = bend(jax.random.key(KEY), pictures())
    for image, own, bent in zip(pictures(), moves, found, strict=True):
        grids = [
            Image.fromarray(0.7 * own[..., axis]).resize((9, 9), Image.Resampling.BICUBIC) for axis in (0, 1)
        ]
        places = np.clip(np.indices((9, 9)) + np.stack(grids), 0, 8)
        for channel in range(3):
            expected = ndimage.map_coordinates(image[..., channel], places, order=1)
            np.testing.assert_allclose(bent[..., channel], expected, atol=1e-5)


def test_bending_has_the_given_deviation_at_the_grid():
    ramp = np.broadcast_to(np.arange(15.0)[None, :, None, None], (400, 15, 15, 1))
    moved = warp(KEY, ramp, elastic=1.5)[:, 7, 7, 0] - 7  # the middle of the grid's middle cell
    assert moved.mean() == pytest.approx(0, abs=4 * 1.5 / 20)
    assert moved.std() == pytest.approx(1.5, rel=4 / np.sqrt(2 * 400))


def test_each_image_has_its_own_draw_and_the_key_decides_it():
    same = np.tile(pictures(1), (8, 1, 1, 1))
    for change, strength in ((warp, "rotation"), (colour, "brightness")):
        out = change(KEY, same, **{strength: 0.5})
        assert not np.allclose(out[0], out[1])
        assert not np.allclose(out[1], out[2])
        np.testing.assert_array_equal(change(KEY, same, **{strength: 0.5}), out)
        assert not np.allclose(change(KEY + 1, same, **{strength: 0.5}), out)


def test_a_drawn_shift_stays_within_its_strength():
    ramp = np.broadcast_to(np.arange(15.0)[None, :, None, None], (200, 15, 15, 1))
    moved = warp(KEY, ramp, shift=3.0)[:, 7, 7, 0] - 7
    assert 2 < np.abs(moved).max() <= 3
    assert moved.min() < 0 < moved.max()


def test_negation_is_certain_at_probability_one_and_a_share_below():
    images = pictures()
    negated = colour(KEY, images, negate=1.0)
    np.testing.assert_allclose(negated, -images, atol=1e-6)
    many = colour(KEY, np.full((2000, 1, 1, 1), 0.5), negate=0.3)
    assert float((np.asarray(many) < 0).mean()) == pytest.approx(0.3, abs=0.04)


def test_ink_leaves_two_tones_whatever_colours_and_light_an_image_had():
    images = pictures()
    grey = images.mean(3, keepdims=True)
    z = (grey - grey.mean((1, 2, 3), keepdims=True)) / grey.std((1, 2, 3), keepdims=True)
    expected = np.broadcast_to(np.tanh(4 * z), images.shape)
    np.testing.assert_allclose(colour(KEY, images, ink=1.0), expected, atol=1e-4)
    np.testing.assert_allclose(colour(KEY, 0.3 * images + 0.2, ink=1.0), expected, atol=1e-4)
    np.testing.assert_array_equal(colour(KEY, np.full((8, 9, 9, 3), 0.5), ink=1.0), 0)


def test_ink_is_drawn_for_a_share_of_the_images():
    images = np.tile(pictures(1), (2000, 1, 1, 1))
    changed = np.abs(colour(KEY, images, ink=0.3) - images).max((1, 2, 3)) > 0.01
    assert changed.mean() == pytest.approx(0.3, abs=0.04)


def test_contrast_keeps_the_mean_and_scales_what_differs_from_it():
    images = pictures()
    out = colour(KEY, images, contrast=0.5)
    before, after = images - images.mean((1, 2, 3), keepdims=True), out - out.mean((1, 2, 3), keepdims=True)
    np.testing.assert_allclose(out.mean((1, 2, 3)), images.mean((1, 2, 3)), atol=1e-5)
    factors = after.std((1, 2, 3)) / before.std((1, 2, 3))
    np.testing.assert_allclose(after, before * factors[:, None, None, None], atol=1e-5)
    assert np.all(np.abs(np.log(factors)) <= 0.5 + 1e-5)
    assert np.abs(np.log(factors)).max() > 0.1


def test_brightness_shifts_whole_channels():
    images = pictures()
    moved = colour(KEY, images, brightness=0.3) - images
    np.testing.assert_allclose(moved, np.broadcast_to(moved[:, :1, :1], moved.shape), atol=1e-6)
    assert 0.1 < np.abs(moved).max() <= 0.3 + 1e-6
    assert np.ptp(moved[0, 0, 0]) > 1e-3


def test_colours_stay_in_range():
    out = colour(KEY, 2.4 * pictures(), contrast=2.0, brightness=1.0)
    assert float(out.min()) >= -1
    assert float(out.max()) <= 1
