"""Colours carried over: luminance kept, and means and covariances made equal."""

import colorsys

import numpy as np
import programs

from gan_jax.ops import colour as plain

colour = programs.each(plain)


def pictures(seed=0, height=6, width=7):
    mixing = np.array([[0.4, 0.1, 0.0], [0.0, 0.3, 0.1], [0.2, 0.0, 0.2]])
    noise = np.random.default_rng(seed).normal(size=(2, height, width, 3))
    return (noise @ mixing + [0.1, -0.2, 0.3]).astype(np.float32)


def test_the_result_has_the_brightness_of_one_and_the_colours_of_the_other():
    a, b = pictures(), pictures(1)
    found = colour.with_colours_of(a, b)
    for i, j, k in ((0, 0, 0), (1, 5, 6)):
        y, u, v = colorsys.rgb_to_yiq(*found[i, j, k])
        assert abs(y - colorsys.rgb_to_yiq(*a[i, j, k])[0]) < 5e-3  # its weights have two digits
        np.testing.assert_allclose((u, v), colorsys.rgb_to_yiq(*b[i, j, k])[1:], atol=5e-3)
    np.testing.assert_allclose(colour.with_colours_of(a, a), a, atol=1e-5)


def test_a_grey_picture_of_a_coloured_one_has_no_colours_left():
    grey = np.repeat(pictures()[..., :1], 3, -1)
    found = colour.with_colours_of(pictures(1), grey)
    np.testing.assert_allclose(found, np.repeat(found[..., :1], 3, -1), atol=1e-4)


def test_matched_colours_have_the_others_mean_and_covariance():
    a, b = pictures(), pictures(1, 9, 4) * 0.5 + 0.2
    found = colour.matched(a, b)
    for image, wanted in zip(found.reshape(2, -1, 3), b.reshape(2, -1, 3), strict=True):
        np.testing.assert_allclose(image.mean(0), wanted.mean(0), atol=1e-5)
        np.testing.assert_allclose(np.cov(image.T, bias=True), np.cov(wanted.T, bias=True), atol=1e-4)


def test_a_picture_matched_to_itself_stays():
    np.testing.assert_allclose(colour.matched(pictures(), pictures()), pictures(), atol=1e-4)


def test_a_grey_picture_can_be_matched():
    grey = np.repeat(pictures()[..., :1], 3, -1)
    found = colour.matched(grey, pictures(1))
    assert np.isfinite(np.asarray(found)).all()
