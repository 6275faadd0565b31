"""Convolutions with fewer products against XLA's own: values and derivatives of every kind."""

import jax
import jax.numpy as jnp
import levels
import numpy as np
import pytest
from jax import lax

from gan_jax.networks.layers import basic, fewer_products

# Side of the larger picture, kernel, stride: those of DCGAN, f and WGAN-GP; one tile and several; tiles with
# more outputs than are wanted; kernels whose size is no multiple of the stride; tiles of four outputs a side.
SHAPES = [
    (16, 4, 2),
    (4, 4, 2),
    (8, 3, 1),
    (6, 3, 1),
    (12, 6, 3),
    (14, 5, 2),
    (8, 5, 2),
    (7, 3, 1),
    (5, 3, 1),
    (32, 3, 1),
    (64, 4, 2),
]


def down(x, kernel, stride):
    return lax.conv_general_dilated(
        x, kernel, (stride, stride), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def up(x, kernel, stride):
    return lax.conv_transpose(x, kernel, (stride, stride), "SAME")


def fewer(x, kernel, stride):
    pads = lax.padtype_to_pads(x.shape[1:3], kernel.shape[:2], (stride, stride), "SAME")
    return fewer_products.conv(x, kernel, stride, tuple(pads))


def fewer_up(x, kernel, stride):
    """The adjoint, which transposed convolutions use."""
    sides = [stride * side for side in x.shape[1:3]]
    pads = lax.padtype_to_pads(sides, kernel.shape[:2], (stride, stride), "SAME")
    return fewer_products.adjoint(x, kernel[::-1, ::-1].swapaxes(2, 3), stride, tuple(pads), sides)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def reverse(op, x, kernel):
    out, pullback = jax.vjp(op, x, kernel)
    return out, pullback(normal(*out.shape, seed=2))


def penalty(op, x, kernel):
    """The gradient of a gradient penalty."""

    def norm(x, kernel):
        return jnp.square(jax.grad(lambda x: jnp.tanh(op(x, kernel)).sum())(x)).sum()

    return jax.grad(norm, argnums=(0, 1))(x, kernel)


def close(what, ours, theirs, stride, x, kernel):
    both = [lambda *xs, op=op: op(*xs, stride) for op in (ours, theirs)]
    found = jax.jit(lambda *xs: [jax.tree.leaves(what(op, *xs)) for op in both])(x, kernel)
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=3e-5 * float(np.abs(b).max()))


@levels.parametrize("what", [reverse, penalty])
@pytest.mark.parametrize(("side", "size", "stride"), SHAPES)
@pytest.mark.parametrize("transposed", [False, True])
def test_equals_the_convolution_of_xla(what, side, size, stride, transposed):
    small = side // stride if transposed else side
    ours, theirs = (fewer_up, up) if transposed else (fewer, down)
    x, kernel = normal(2, small, small, 3), np.float32(0.3) * normal(size, size, 3, 4, seed=1)
    close(what, ours, theirs, stride, x, kernel)


@pytest.mark.parametrize(
    ("height", "width", "size", "stride"), [(40, 33, 3, 1), (8, 36, 3, 1), (72, 70, 4, 2), (68, 66, 5, 2)]
)
def test_tiles_of_a_large_image_join_without_a_seam(height, width, size, stride):
    x, kernel = normal(2, height, width, 3), np.float32(0.3) * normal(size, size, 3, 4, seed=1)
    close(reverse, fewer, down, stride, x, kernel)


def test_a_mirrored_border_is_that_of_the_whole_image():
    x, kernel = normal(1, 36, 40, 3), np.float32(0.3) * normal(3, 3, 3, 4, seed=1)
    mirrored = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect")
    ours = jax.jit(lambda *xs: fewer_products.conv(*xs, 1, ((1, 1), (1, 1)), "reflect"))(x, kernel)
    theirs = lax.conv_general_dilated(
        mirrored, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_rectangles_keep_their_axes():
    x, kernel = normal(2, 8, 4, 3), normal(3, 3, 3, 4, seed=1)
    ours, theirs = jax.jit(lambda *xs: (fewer(*xs, 1), down(*xs, 1)))(x, kernel)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize(
    ("shape", "kernel_shape", "stride", "expected"),
    [
        ((32, 8, 8), (4, 4, 64, 128), 2, True),
        ((32, 16, 16), (3, 3, 64, 128), 1, True),
        ((1, 32, 32), (3, 3, 128, 128), 1, True),
        ((1, 32, 32), (4, 4, 64, 128), 2, True),
        ((32, 7, 7), (5, 5, 64, 128), 2, True),
        ((64, 4, 4), (5, 5, 64, 128), 2, True),
        ((1, 16, 16), (3, 3, 64, 128), 1, True),
        ((1, 8, 8), (3, 3, 64, 128), 1, False),  # too few tiles
        ((32, 32, 32), (3, 3, 64, 64), 1, True),
        ((32, 64, 64), (3, 3, 128, 64), 1, True),
        ((1, 64, 64), (3, 3, 128, 128), 1, True),
        ((32, 64, 64), (3, 3, 16, 16), 1, True),
        ((1, 1024, 1024), (3, 3, 128, 128), 1, False),  # too much memory
        ((32, 16, 16), (3, 3, 3, 64), 1, False),  # too few channels
        ((32, 8, 8), (5, 5, 64, 64), 1, False),
        ((32, 8, 8), (3, 3, 64, 64), 2, False),  # saves no products
        ((32, 5, 5), (4, 4, 64, 64), 2, False),  # too many unwanted outputs
        ((32, 16, 16), (3, 4, 64, 64), 1, False),
    ],
)
def test_shapes_it_is_used_for(shape, kernel_shape, stride, expected):
    assert fewer_products.pays(shape, kernel_shape, stride) == expected


@pytest.mark.long
def test_layers_use_it_on_a_cpu_and_give_the_same(monkeypatch):
    x, kernel = normal(64, 4, 4, 16), 0.1 * normal(4, 4, 16, 16, seed=1)
    fast = basic.conv_transpose(x, kernel, 2), basic.conv(x, kernel[:3, :3], 1)
    monkeypatch.setattr(fewer_products, "pays", lambda *_: False)
    plain = basic.conv_transpose(x, kernel, 2), basic.conv(x, kernel[:3, :3], 1)
    for a, b in zip(fast, plain, strict=True):
        assert not np.array_equal(a, b)
        np.testing.assert_allclose(a, b, atol=1e-4)
