"""Explicit paddings, reflection and instance norm: against outputs of torch 2.13 on whole numbers."""

import jax
import jax.numpy as jnp
import levels
import numpy as np
import programs
import pytest
from normed import Normed

from gan_jax.networks.layers import basic as plain
from gan_jax.networks.layers import fewer_products

basic = programs.each(plain)

X = np.arange(16.0, dtype=np.float32).reshape(1, 4, 4, 1)
Y = np.array([[1, 2], [3, -1]], np.float32).reshape(1, 2, 2, 1)
KERNELS = {
    3: np.array([[1, 2, 0], [0, -1, 3], [2, 1, 1]]),
    4: np.array([[1, 0, 2, -1], [0, 3, 1, 0], [-2, 1, 0, 1], [1, 1, 0, 2]]),
    7: np.arange(49).reshape(7, 7) ** 2 % 11 - 5,
}
# kernel, stride, padding -> torch.nn.functional.conv2d of X, after F.pad(mode="reflect") for 'REFLECT'
CONVOLUTIONS = {
    (3, 2, 1): [[12, 30], [52, 95]],
    (4, 1, 1): [[39, 48, 24], [75, 81, 51], [63, 50, 48]],
    (4, 2, 1): [[39, 24], [63, 48]],
    (7, 1, 3): [
        [-79, -145, -202, -195],
        [-121, -113, -52, -59],
        [-195, -113, -110, -131],
        [-59, -79, -145, -202],
    ],
    (3, 1, "REFLECT"): [[35, 38, 47, 48], [47, 50, 59, 60], [83, 86, 95, 96], [87, 90, 99, 100]],
    (7, 1, "REFLECT"): [
        [-430, -422, -426, -424],
        [-398, -390, -394, -392],
        [-366, -358, -362, -360],
        [-326, -318, -322, -320],
    ],
}
# kernel, stride, padding, output_padding -> conv_transpose2d of Y (its first pixel for a single position)
# with the flipped kernel, since torch stores transposed kernels that way
TRANSPOSED = {
    (4, 2, 1, 0): [[0, 3, -2, 2], [1, 4, 5, 5], [2, 0, -1, -1], [3, 9, -1, -3]],
    (3, 2, 1, 1): [[-1, 6, -2, 0], [5, 6, 3, 0], [-3, -3, 1, 0], [6, 3, -2, -1]],
    (4, 1, 0, 0): [[2, 0, 1, 1], [1, 0, 1, -2], [0, 1, 3, 0], [-1, 2, 0, 1]],
}


def kernel(size):
    return KERNELS[size].astype(np.float32)[:, :, None, None]


@pytest.mark.parametrize(("case", "want"), CONVOLUTIONS.items(), ids=str)
def test_a_convolution_pads_as_torch_does(case, want):
    size, stride, padding = case
    np.testing.assert_allclose(basic.conv(X, kernel(size), stride, padding)[0, :, :, 0], want, atol=1e-4)


@pytest.mark.parametrize(("case", "want"), TRANSPOSED.items(), ids=str)
def test_a_transposed_convolution_cuts_and_pads_as_torch_does(case, want):
    size, stride, padding, extra = case
    given = Y[:, :1, :1] if stride == 1 else Y
    found = basic.conv_transpose(given, kernel(size), stride, padding, extra)
    np.testing.assert_allclose(found[0, :, :, 0], want, atol=1e-4)


@pytest.mark.parametrize("case", TRANSPOSED, ids=str)
def test_a_transposed_convolution_is_the_adjoint_of_the_convolution_of_its_padding(case):
    size, stride, padding, extra = case
    rng = np.random.default_rng(0)
    y = rng.normal(size=(2, 4, 4, 3)).astype(np.float32)
    k = rng.normal(size=(size, size, 3, 2)).astype(np.float32)
    up = basic.conv_transpose(y, k, stride, padding, extra)
    x = rng.normal(size=up.shape).astype(np.float32)
    down = basic.conv(x, k[::-1, ::-1].swapaxes(2, 3), stride, padding)
    assert np.vdot(up, x) == pytest.approx(np.vdot(y, down), rel=1e-4)
    # The derivative by the kernel is written by hand, so it is tested too.
    slope = jax.jit(jax.grad(lambda k: jnp.vdot(plain.conv_transpose(y, k, stride, padding, extra), x)))(k)
    assert np.vdot(slope, k) == pytest.approx(np.vdot(up, x), rel=1e-4)


@levels.parametrize("side", [8, 16])
def test_reflection_by_fewer_products_is_that_of_a_padded_image(side):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(32, side, side, 16)).astype(np.float32)
    k = rng.normal(size=(3, 3, 16, 16)).astype(np.float32)
    assert fewer_products.pays(x.shape, k.shape, 1)
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    want = basic.conv(padded, k, 1, 0)
    np.testing.assert_allclose(basic.conv(x, k, 1, "REFLECT"), want, atol=1e-3)


@pytest.mark.parametrize(("size", "stride", "side"), [(4, 1, 8), (3, 2, 8), (7, 1, 3)])
def test_a_reflection_that_there_is_not_is_refused(size, stride, side):
    with pytest.raises(ValueError, match=r"padding='REFLECT' takes odd kernels, stride 1 and images larger"):
        plain.conv(np.zeros((1, side, side, 1)), kernel(size), stride, "REFLECT")


def test_instance_norm_forgets_shift_and_scale_of_a_channel():
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 3)).astype(np.float32)
    layer = Normed("instance")
    out = layer.apply({}, x)
    np.testing.assert_allclose(out.mean((1, 2)), np.zeros((2, 3)), atol=1e-6)
    np.testing.assert_allclose(out.std((1, 2)), np.ones((2, 3)), atol=1e-4)
    scaled = x * np.array([0.5, 2, 7], np.float32) + np.array([1, -2, 3], np.float32)
    np.testing.assert_allclose(layer.apply({}, scaled), out, atol=1e-3)
    variances = x.var((1, 2), keepdims=True) + 1e-5
    np.testing.assert_allclose(out, (x - x.mean((1, 2), keepdims=True)) / np.sqrt(variances), atol=1e-5)


@pytest.mark.parametrize(("kind", "count"), [("instance", 0), ("instance_affine", 6), ("batch", 6)])
def test_parameters_of_a_norm(kind, count):
    variables = Normed(kind).init(jax.random.key(0), np.ones((2, 4, 4, 3), np.float32))
    assert sum(x.size for x in jax.tree.leaves(variables.get("params", {}))) == count
    if count:
        params = variables["params"]["norm"]
        np.testing.assert_array_equal(params["bias"], np.zeros(3))
        assert 0 < np.abs(params["scale"] - 1).max() < 0.1
