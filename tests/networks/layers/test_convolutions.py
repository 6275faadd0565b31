"""The convolution against lax's: values and derivatives up to the third, for every kind of padding."""

import re
from unittest import mock

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


def first(critic, x, kernel):
    """The value too."""
    return jax.value_and_grad(critic, argnums=(0, 1))(x, kernel)


def penalty(critic, x, kernel):
    """The gradient of the slope's squared length, as a gradient penalty needs it."""
    slope = lambda x, kernel: jnp.square(jax.grad(critic)(x, kernel)).sum()  # noqa: E731
    return jax.grad(slope, argnums=(0, 1))(x, kernel)


def third(critic, x, kernel):
    return jax.grad(lambda *xs: sum(jnp.square(part).sum() for part in penalty(critic, *xs)), 1)(x, kernel)


@levels.parametrize("what", [first, penalty, third])
@pytest.mark.parametrize(("side", "size", "stride", "padding", "depths"), SHAPES)
def test_equals_the_convolution_of_lax(what, side, size, stride, padding, depths):
    channels, outputs = depths
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, side, side, channels)).astype(np.float32)
    kernel = (0.3 * rng.normal(size=(size, size, channels, outputs))).astype(np.float32)

    def of(op):
        critic = lambda x, kernel: jnp.tanh(op(x, kernel, stride, padding)).sum()  # noqa: E731
        return lambda *xs: jax.tree.leaves(what(critic, *xs))

    both = jax.jit(lambda *xs: (of(basic.conv)(*xs), of(reference)(*xs)))
    for ours, theirs in zip(*both(x, kernel), strict=True):
        largest = float(np.abs(theirs).max())
        assert largest > 1e-3
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5 * largest)


@pytest.mark.parametrize(
    ("side", "size", "stride", "padding", "channels"),
    [(9, 3, 1, 1, 4), (9, 3, 1, "REFLECT", 4), (14, 4, 2, "SAME", 3), (13, 3, 2, 0, 3), (8, 3, 1, 1, 5)],
)
def test_products_find_the_kernels_derivative_of_many_pixels(
    side, size, stride, padding, channels, monkeypatch
):
    monkeypatch.setattr(convolutions, "_MANY_PIXELS", 72)
    monkeypatch.setattr(convolutions, "_WIDE", 5)
    products = mock.Mock(wraps=convolutions._products)
    monkeypatch.setattr(convolutions, "_products", products)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, side, side, channels)).astype(np.float32)
    kernel = (0.3 * rng.normal(size=(size, size, channels, 6))).astype(np.float32)
    out = jax.eval_shape(lambda *xs: reference(*xs, stride, padding), x, kernel)
    weights = rng.normal(size=out.shape).astype(np.float32)

    def of(op):
        return jax.grad(lambda k: (op(x, k, stride, padding) * weights).sum())

    ours, theirs = jax.jit(lambda k: (of(basic.conv)(k), of(reference)(k)))(kernel)
    products.assert_called_once()
    np.testing.assert_allclose(ours, theirs, atol=1e-5 * float(np.abs(theirs).max()))


CONVOLUTION = re.compile(
    r"stablehlo\.convolution\(.*?dim_numbers = \[(.*?)\]x\[(.*?)\]->"
    r".*?: \(tensor<(.*?)xf32>, tensor<(.*?)xf32>\)"
)


@levels.parametrize("what", [penalty, first])
@pytest.mark.parametrize(("side", "size", "stride", "padding"), [*CASES, (2, 3, 1, 1)])
def test_no_window_is_larger_than_its_input(what, side, size, stride, padding):
    # On a CPU, XLA is 10 to 60 times slower for such a convolution.
    shapes = (9, side, side, 3), (size, size, 3, 2)
    x, kernel = (jax.ShapeDtypeStruct(shape, np.float32) for shape in shapes)
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
