"""The convolution against lax's: values and derivatives up to the third, for every kind of padding."""

import re

import jax
import jax.numpy as jnp
import levels
import numpy as np
import pytest
from jax import lax

from gan_jax.networks.layers import basic, convolutions

# Side, kernel, stride, padding: those of WGAN-GP, DCGAN, CycleGAN and PatchGAN; one that leaves pixels over;
# one that skips some; and mirrored borders.
CASES = [
    (8, 5, 2, "SAME"),
    (7, 5, 2, "SAME"),
    (8, 4, 2, "SAME"),
    (8, 3, 2, 1),
    (6, 4, 1, 1),
    (6, 3, 2, 0),
    (7, 2, 3, 0),
    (4, 5, 2, "SAME"),
    (2, 4, 2, 1),
    (5, 3, 1, "REFLECT"),
]
# Channels in and out; layers of stride 1 compute the kernel's derivative differently if they differ much.
SHAPES = [(*case, (3, 2)) for case in CASES] + [(*case, (8, 2)) for case in CASES if case[2] == 1]
# Kernels larger than the images, and shapes for fewer products.
SHAPES += [(4, 4, 2, 1, (8, 9)), (3, 3, 1, "REFLECT", (18, 20)), (7, 5, 2, "SAME", (16, 40))]


def reference(x, kernel, stride, padding):
    if padding == "REFLECT":
        edge = (len(kernel) // 2,) * 2
        x, padding = jnp.pad(x, ((0, 0), edge, edge, (0, 0)), "reflect"), 0
    pads = padding if padding == "SAME" else [(padding, padding)] * 2
    return lax.conv_general_dilated(
        x, kernel, (stride, stride), pads, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def value(critic, x, kernel):
    return critic(x, kernel)


def first(critic, x, kernel):
    return jax.grad(critic, argnums=(0, 1))(x, kernel)


def penalty(critic, x, kernel):
    """The gradient of the slope's squared length, as a gradient penalty needs it."""
    slope = lambda x, kernel: jnp.square(jax.grad(critic)(x, kernel)).sum()  # noqa: E731
    return jax.grad(slope, argnums=(0, 1))(x, kernel)


def third(critic, x, kernel):
    return jax.grad(lambda *xs: sum(jnp.square(part).sum() for part in penalty(critic, *xs)), 1)(x, kernel)


@levels.parametrize("what", [value, first, penalty, third], kept=(value, first))
@pytest.mark.parametrize(("side", "size", "stride", "padding", "depths"), SHAPES)
def test_equals_the_convolution_of_lax(what, side, size, stride, padding, depths):
    channels, outputs = depths
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=(2, side, side, channels)), jnp.float32)
    kernel = jnp.asarray(0.3 * rng.normal(size=(size, size, channels, outputs)), jnp.float32)

    def of(op):
        critic = lambda x, kernel: jnp.tanh(op(x, kernel, stride, padding)).sum()  # noqa: E731
        return jax.tree.leaves(jax.jit(lambda *xs: what(critic, *xs))(x, kernel))

    for ours, theirs in zip(of(basic.conv), of(reference), strict=True):
        largest = float(np.abs(theirs).max())
        assert largest > 1e-3
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5 * largest)


@pytest.mark.parametrize(
    ("side", "size", "stride", "padding", "channels"),
    [(33, 3, 1, 1, 4), (33, 3, 1, "REFLECT", 4), (70, 4, 2, "SAME", 3), (65, 3, 2, 0, 3), (32, 3, 1, 1, 130)],
)
def test_products_find_the_kernels_derivative_of_many_pixels(side, size, stride, padding, channels):
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=(2, side, side, channels)), jnp.float32)
    kernel = jnp.asarray(0.3 * rng.normal(size=(size, size, channels, 40)), jnp.float32)
    weights = jnp.asarray(rng.normal(size=reference(x, kernel, stride, padding).shape), jnp.float32)
    assert weights[..., 0].size >= convolutions._MANY_PIXELS

    def of(op):
        return jax.jit(jax.grad(lambda k: (op(x, k, stride, padding) * weights).sum()))(kernel)

    theirs = of(reference)
    np.testing.assert_allclose(of(basic.conv), theirs, atol=1e-5 * float(np.abs(theirs).max()))


CONVOLUTION = re.compile(
    r"stablehlo\.convolution\(.*?dim_numbers = \[(.*?)\]x\[(.*?)\]->"
    r".*?: \(tensor<(.*?)xf32>, tensor<(.*?)xf32>\)"
)


@pytest.mark.parametrize("what", [value, first, penalty])
@pytest.mark.parametrize(("side", "size", "stride", "padding"), [*CASES, (2, 3, 1, 1)])
def test_no_window_is_larger_than_its_input(what, side, size, stride, padding):
    # On a CPU, XLA is 10 to 60 times slower for such a convolution.
    x, kernel = jnp.ones((9, side, side, 3)), jnp.ones((size, size, 3, 2))
    critic = lambda x, kernel: jnp.tanh(basic.conv(x, kernel, stride, padding)).sum()  # noqa: E731
    text = jax.jit(lambda *xs: what(critic, *xs)).lower(x, kernel).as_text()
    found = CONVOLUTION.findall(text)
    assert len(found) == text.count("stablehlo.convolution(") > 0
    for *layouts, given, window in found:
        sides = [
            [int(n) for place, n in zip(layout.split(", "), shape.split("x"), strict=True) if place in "01"]
            for layout, shape in zip(layouts, (given, window), strict=True)
        ]
        assert np.prod(sides[1]) <= np.prod(sides[0]), (given, window)
