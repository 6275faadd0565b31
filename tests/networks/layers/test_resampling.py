"""FIR resampling against its closed forms and against the sequence of its definition."""

import jax
import numpy as np
import programs
import pytest
from jax import lax

from gan_jax.networks.layers import equalised, resampling

fir_up, fir_down, up_conv, blur = (
    programs.one_program(f)
    for f in (resampling.fir_up, resampling.fir_down, resampling.up_conv, resampling.blur)
)
LAYOUT = ("NHWC", "HWIO", "NHWC")
FIR = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def with_zeros(x):
    """A zero after every pixel: [B, H, W, C] -> [B, 2 H, 2 W, C]."""
    size, height, width, depth = x.shape
    spread = np.zeros((size, 2 * height, 2 * width, depth), np.float32)
    spread[:, ::2, ::2] = x
    return spread


def filtered(x, pad, stride=1):
    """Each channel filtered by FIR, with zeros `pad` before and after each axis."""
    kernel = np.tile(np.float32(FIR)[..., None, None], (1, 1, 1, x.shape[-1]))
    return lax.conv_general_dilated(
        x, kernel, (stride, stride), [pad, pad], dimension_numbers=LAYOUT, feature_group_count=x.shape[-1]
    )


def test_up_and_down_are_the_filter_between_zero_insertion_and_a_stride():
    x = normal(2, 6, 4, 3)
    np.testing.assert_allclose(fir_up(x), 4 * filtered(with_zeros(x), (2, 1)), atol=1e-6)
    np.testing.assert_allclose(fir_down(x), filtered(x, (1, 1), 2), atol=1e-6)


def test_the_borders_of_a_constant_and_bilinear_interpolation_inside():
    up, down = (f(np.ones((1, 8, 8, 1), np.float32))[0, :, :, 0] for f in (fir_up, fir_down))
    assert (up[0, 0], up[0, 4], up[4, 4]) == (0.5625, 0.75, 1)
    assert (down[0, 0], down[0, 2], down[1, 2]) == (0.765625, 0.875, 1)
    x = normal(2, 6, 4, 3)
    smooth = jax.image.resize(x, (2, 12, 8, 3), "bilinear")
    np.testing.assert_allclose(fir_up(x)[:, 1:-1, 1:-1], smooth[:, 1:-1, 1:-1], atol=1e-6)


def test_blur_of_one_pixel_is_the_filter():
    x = np.zeros((1, 5, 5, 1), np.float32)
    x[0, 2, 2, 0] = 1.0
    np.testing.assert_allclose(
        blur(x, (1, 2, 1), (1, 1))[0, 1:4, 1:4, 0], np.outer([1, 2, 1], [1, 2, 1]) / 16
    )


def test_up_conv_is_the_transposed_convolution_and_the_filter():
    x, kernel = normal(2, 5, 4, 3), normal(3, 3, 3, 2, seed=1)
    spread = with_zeros(x)[:, :-1, :-1]
    full = lax.conv_general_dilated(spread, kernel, (1, 1), [(2, 2)] * 2, dimension_numbers=LAYOUT)
    wanted = 4 * filtered(full, (1, 1))
    np.testing.assert_allclose(up_conv(x, kernel), wanted, atol=1e-5)
    # On the border this differs from a convolution of `fir_up`; inside both are equal.
    other = lax.conv_general_dilated(fir_up(x), kernel, (1, 1), "SAME", dimension_numbers=LAYOUT)
    np.testing.assert_allclose(other[:, 2:-2, 2:-2], wanted[:, 2:-2, 2:-2], atol=1e-5)
    assert np.abs(other - wanted)[:, 0].max() > 0.1


@pytest.mark.parametrize("kernel_size", [1, 3])
def test_a_convolution_that_halves_filters_first(kernel_size):
    x = normal(2, 8, 8, 3)
    layer = equalised.Conv(2, kernel_size, use_bias=False, resample="down")
    y, variables = layer.init_with_output(jax.random.key(0), x)
    kernel = variables["params"]["kernel"] / np.sqrt(3 * kernel_size**2)
    pad = (2, 2) if kernel_size == 3 else (1, 1)
    # With a kernel of one, the filter keeps side 2 H - 1, of which the stride takes every second.
    before = filtered(x, pad)
    wanted = lax.conv_general_dilated(before, kernel, (2, 2), "VALID", dimension_numbers=LAYOUT)
    np.testing.assert_allclose(y, wanted, atol=1e-5)
