"""Conversions between bytes and floats."""

import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from gan_jax.ops.pixels import resize, to_float, to_rgb, to_uint8


def test_every_byte_survives_the_way_to_floats_and_back():
    every = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    np.testing.assert_array_equal(to_uint8(np.asarray(to_float(every))), every)


def test_bytes_stay_bytes():
    every = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(to_uint8(every), every)


def test_0_and_255_are_the_ends_of_the_range():
    ends = to_float({"image": np.array([0, 255], np.uint8)})["image"]
    assert ends.dtype == jnp.float32
    np.testing.assert_array_equal(ends, [-1, 1])


def test_only_bytes_are_scaled():
    batch = {"label": np.array([0, 7], np.int32), "z": np.array([0.5], np.float32)}
    same = to_float(batch)
    for name, column in batch.items():
        np.testing.assert_array_equal(same[name], column)
        assert same[name].dtype == column.dtype


def test_values_outside_the_range_are_clipped():
    np.testing.assert_array_equal(to_uint8(np.array([-3.0, 3.0])), [0, 255])


def test_one_channel_becomes_three_equal_ones_and_three_stay():
    grey = np.random.default_rng(0).normal(size=(2, 4, 4, 1)).astype(np.float32)
    rgb = to_rgb(grey)
    assert rgb.shape == (2, 4, 4, 3)
    np.testing.assert_array_equal(rgb, np.broadcast_to(grey, rgb.shape))
    np.testing.assert_array_equal(to_rgb(rgb), rgb)


@pytest.mark.parametrize("value", [-1.0, -0.5, 0.25, 1.0])
def test_floats_come_back_within_half_a_byte(value):
    back = float(to_float(to_uint8(np.array([value]))).item())
    assert back == pytest.approx(value, abs=0.5 / 127.5)


@pytest.mark.parametrize("size", [5, 12, 40])
def test_resizing_is_bilinear_and_antialiased_as_pillow_has_it(size):
    x = np.random.default_rng(0).uniform(-1, 1, (2, 20, 20, 3)).astype(np.float32)
    expected = [[Image.fromarray(plane).resize((size, size), Image.Resampling.BILINEAR)
                 for plane in image.transpose(2, 0, 1)] for image in x]  # fmt: skip
    found = np.asarray(resize(jnp.asarray(x), size))
    np.testing.assert_allclose(found, np.array(expected).transpose(0, 2, 3, 1), atol=1e-5)


def test_images_of_the_right_size_are_returned_as_they_are():
    x = jnp.ones((1, 8, 8, 3))
    assert resize(x, 8) is x
