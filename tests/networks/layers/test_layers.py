"""Layers against those of jax and linen: values, first and second derivatives, parameters."""

import counting
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import programs
import pytest
from jax import lax

from gan_jax.networks.layers import basic as plain
from gan_jax.networks.layers import normalisation

basic = programs.each(plain)

# Kernel, stride, padding: DCGAN's, an odd kernel, stride 1, a kernel smaller than the stride.
CASES = [
    (4, 2, "SAME"),
    (3, 2, "SAME"),
    (3, 1, "SAME"),
    (2, 3, "SAME"),
    (4, 1, "VALID"),
    (5, 3, "VALID"),
    (2, 3, "VALID"),
]


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def reference(x, kernel, stride, padding):
    return lax.conv_transpose(x, kernel, (stride, stride), padding)


def operands(size):
    return normal(2, 4, 5, 3), normal(size, size, 3, 2, seed=1)


def close(ours, theirs, rtol=1e-5):
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * float(np.abs(b).max()))


def first(op, x, kernel):
    """The values and their derivatives."""
    out, pullback = jax.vjp(op, x, kernel)
    return out, pullback(normal(*out.shape, seed=2))


def penalty(op, x, kernel):
    """The gradient of a nonlinear critic's penalty, where the critic contains `op`."""

    def critic(x, kernel):
        return jnp.tanh(op(x, kernel)).sum()

    def of(x, kernel):
        return jnp.square(jax.grad(critic)(x, kernel)).sum()

    return jax.grad(of, argnums=(0, 1))(x, kernel)


@pytest.mark.parametrize("what", [first, penalty])
@pytest.mark.parametrize(("size", "stride", "padding"), CASES)
def test_conv_transpose_has_the_values_and_derivatives_of_lax(size, stride, padding, what):
    def of(op):
        return lambda *xs: what(lambda x, kernel: op(x, kernel, stride, padding), *xs)

    both = jax.jit(lambda *xs: (of(plain.conv_transpose)(*xs), of(reference)(*xs)))
    ours, theirs = both(*operands(size))
    assert all(np.abs(leaf).max() > 1e-3 for leaf in jax.tree.leaves(theirs))
    close(ours, theirs, rtol=1e-4 if what is penalty else 1e-5)


def test_conv_transpose_is_the_adjoint_of_the_strided_convolution():
    x, y, kernel = normal(2, 4, 4, 3), normal(2, 8, 8, 2, seed=1), normal(4, 4, 3, 2, seed=2)
    mirrored = kernel[::-1, ::-1].swapaxes(2, 3)
    down = lax.conv_general_dilated(y, mirrored, (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    up = basic.conv_transpose(x, kernel, 2)
    assert np.vdot(up, y) == pytest.approx(np.vdot(x, down), rel=1e-5)


def test_conv_transpose_places_one_pixel_as_the_kernel():
    x, kernel = np.zeros((1, 3, 3, 1)), normal(4, 4, 1, 1)
    x[0, 1, 1, 0] = 1.0
    want = np.zeros((6, 6), np.float32)
    want[1:5, 1:5] = kernel[::-1, ::-1, 0, 0]
    np.testing.assert_allclose(basic.conv_transpose(x, kernel, 2)[0, :, :, 0], want, atol=1e-6)


@pytest.mark.parametrize("use_bias", [True, False])
def test_conv_transpose_module_takes_the_parameters_of_linens(use_bias):
    x = normal(2, 4, 4, 3)
    theirs = nn.ConvTranspose(5, (4, 4), (2, 2), use_bias=use_bias)
    ours = basic.ConvTranspose(5, use_bias=use_bias)
    variables = counting.drawn(theirs, x)
    own = jax.eval_shape(ours.init, jax.random.key(0), x)
    assert jax.tree.map(np.shape, own) == jax.tree.map(np.shape, variables)
    close(ours.apply(variables, x), theirs.apply(variables, x))


def test_project_is_a_transposed_convolution_of_one_position():
    z = normal(3, 7)
    module = nn.ConvTranspose(5, (4, 4), padding="VALID", use_bias=False)
    variables = counting.drawn(module, z[:, None, None])
    want = module.apply(variables, z[:, None, None])
    # Linen slides the kernel over the single position from the far end, so its result is reversed.
    close(basic.Project(5).apply(variables, z), want[:, ::-1, ::-1])


def test_collapse_is_a_convolution_as_wide_as_its_input():
    x = normal(3, 4, 4, 7)
    module = nn.Conv(5, (4, 4), padding="VALID")
    variables = counting.drawn(module, x)
    close(basic.Collapse(5).apply(variables, x), module.apply(variables, x)[:, 0, 0])


@pytest.mark.parametrize("window", [2, 4])
def test_max_pool_has_the_values_and_gradients_of_linens(window):
    x, weights = normal(2, 8, 8, 3), normal(2, 8 // window, 8 // window, 3, seed=1)

    def pooled(pool):
        return jax.jit(jax.value_and_grad(lambda x: jnp.vdot(pool(x), weights)))(x)

    ours = pooled(lambda x: basic.max_pool(x, window))
    close(ours, pooled(lambda x: nn.max_pool(x, (window, window), (window, window))))


def test_max_pool_divides_the_gradient_among_equal_maxima():
    x = np.zeros((1, 2, 2, 1))
    x[0, 0, 0, 0] = -1.0
    gradient = np.asarray(jax.jit(jax.grad(lambda x: basic.max_pool(x, 2).sum()))(x))[0, :, :, 0]
    assert float(gradient.sum()) == pytest.approx(1.0)
    assert gradient[0, 0] == 0
    assert float(gradient.min()) >= 0


def test_layer_norm_is_over_an_examples_pixels_and_channels_with_a_scale_for_each_channel():
    class Normalised(nn.Module):
        kind: str = "layer"

        @nn.compact
        def __call__(self, x):
            return normalisation.normalised(x, self.kind, True, "norm")

    x = 3 * normal(2, 4, 5, 3) + 1
    scale, bias = np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, -1.0])
    out = Normalised().apply({"params": {"norm": {"scale": scale, "bias": bias}}}, x)
    own = np.asarray(x, np.float64)
    mean, var = own.mean((1, 2, 3), keepdims=True), own.var((1, 2, 3), keepdims=True)
    np.testing.assert_allclose(out, (own - mean) / np.sqrt(var + 1e-5) * scale + bias, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(Normalised("none").apply({}, x), x)
    with pytest.raises(ValueError, match="norm='group' is not allowed; allowed: none, batch, layer"):
        Normalised("group").apply({}, x)


def test_conditions_are_constant_planes_of_images_and_columns_of_vectors():
    c = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    x = normal(2, 3, 4, 5)
    joined = basic.beside(x, c)
    np.testing.assert_array_equal(joined[..., :5], x)
    np.testing.assert_array_equal(joined[1, :, :, 5:], np.broadcast_to([3.0, 4.0], (3, 4, 2)))
    np.testing.assert_array_equal(basic.beside(x[:, 0, 0], c), np.concatenate([x[:, 0, 0], c], 1))
    assert plain.beside(x, None) is x


def test_resampling_by_two():
    x = normal(2, 4, 6, 8)
    boxes = x.reshape(2, 2, 2, 3, 2, 8).mean((2, 4))
    np.testing.assert_allclose(basic.mean_pool(x), boxes, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(basic.upsample(x), x.repeat(2, 1).repeat(2, 2))
    wide = basic.depth_to_space(x)
    for i in range(2):
        for j in range(2):
            np.testing.assert_array_equal(wide[:, i::2, j::2], x[..., 2 * (2 * i + j) : 2 * (2 * i + j) + 2])
