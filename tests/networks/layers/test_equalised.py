"""Layers with an equalised learning rate: their scale, and what a step of Adam changes."""

import math

import jax
import numpy as np
import optax
import pytest

from gan_jax.networks.layers.equalised import Conv, Dense, leaky_relu


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("layer", [Dense(512, multiplier=0.01), Conv(64)])
def test_variance_stays_one_and_leaky_relu_of_gain_root_2_gives_1_04(layer):
    shape = (256, 512) if isinstance(layer, Dense) else (8, 16, 16, 64)
    y, variables = layer.init_with_output(jax.random.key(0), normal(*shape))
    kernel = variables["params"]["kernel"]
    assert float(kernel.std()) == pytest.approx(1 / getattr(layer, "multiplier", 1.0), rel=0.02)
    # Conv's border meets zeros, so only the inside is compared.
    inside = y if y.ndim == 2 else y[:, 1:-1, 1:-1]
    assert float(inside.var()) == pytest.approx(1, abs=0.03)
    assert float(np.square(leaky_relu(inside, math.sqrt(2))).mean()) == pytest.approx(1.04, abs=0.04)


def test_the_multiplier_keeps_the_function_and_scales_the_step():
    x = normal(3, 5)
    stored = Dense(4, bias_init=0.5).init(jax.random.key(0), x)["params"]
    assert np.all(stored["bias"] == 0.5)
    slow = jax.tree.map(lambda w: w / 0.01, stored)
    same = Dense(4, multiplier=0.01).apply({"params": slow}, x)
    np.testing.assert_allclose(same, Dense(4).apply({"params": stored}, x), rtol=1e-5, atol=1e-6)

    for multiplier in (1.0, 0.01):
        layer, tx = Dense(4, gain=3.0, multiplier=multiplier), optax.adam(0.1)
        before = layer.init(jax.random.key(0), x)["params"]
        loss = lambda params, layer=layer: layer.apply({"params": params}, x).sum()  # noqa: E731
        step = jax.jit(lambda params, tx=tx, loss=loss: tx.update(jax.grad(loss)(params), tx.init(params)))
        updates, _ = step(before)
        # Adam's first step is 0.1 for every stored parameter.
        effective = np.abs(updates["kernel"]) * 3.0 * multiplier / math.sqrt(5)
        np.testing.assert_allclose(effective, 0.1 * 3.0 * multiplier / math.sqrt(5), rtol=1e-4)


@pytest.mark.parametrize(
    ("resample", "kernel_size", "side"),
    [("none", 3, 8), ("down", 3, 4), ("down", 1, 4), ("up", 3, 16), ("blurred_up", 3, 16)],
)
def test_sides(resample, kernel_size, side):
    layer = Conv(2, kernel_size, resample=resample)
    shape = jax.eval_shape(lambda x: layer.init_with_output(jax.random.key(0), x)[0], np.zeros((1, 8, 8, 3)))
    assert shape.shape == (1, side, side, 2)


def test_a_slow_layer_starts_with_the_bias_that_is_asked_for():
    layer = Dense(4, multiplier=0.01, bias_init=0.5)
    start = jax.jit(lambda x: layer.init_with_output(jax.random.key(0), x)[0])
    np.testing.assert_allclose(start(np.zeros((1, 5), np.float32)), 0.5, rtol=1e-5)
