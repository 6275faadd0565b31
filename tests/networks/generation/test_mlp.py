"""Fully connected networks against products computed in numpy."""

import counting
import jax
import numpy as np
import programs
import pytest

from gan_jax.networks.generation import mlp
from gan_jax.networks.generation.mlp import Maxout, MLPDiscriminator, MLPGenerator

bounded = programs.one_program(mlp.bounded)


def linear(x, layer):
    return x @ np.asarray(layer["kernel"]) + np.asarray(layer["bias"])


@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_the_generator_is_two_products_with_a_rectifier_between(slope):
    module = MLPGenerator((6,), (2, 2, 3), slope)
    z = counting.normal(4, 5)
    variables = counting.filled(counting.variables(module, z.shape))
    hidden = linear(z, variables["params"]["hidden_0"])
    hidden = np.where(hidden > 0, hidden, slope * hidden)
    expected = np.tanh(linear(hidden, variables["params"]["to_image"])).reshape(4, 2, 2, 3)
    np.testing.assert_allclose(module.apply(variables, z, False), expected, rtol=1e-4, atol=1e-6)


def test_the_discriminator_takes_the_condition_as_columns():
    module = MLPDiscriminator((6,))
    x, c = counting.normal(4, 2, 2, 3), np.eye(4, dtype=np.float32)
    variables = counting.filled(counting.variables(module, x.shape, c.shape))
    hidden = linear(np.concatenate([x.reshape(4, 12), c], 1), variables["params"]["hidden_0"])
    expected = linear(np.maximum(hidden, 0), variables["params"]["logits"])
    np.testing.assert_allclose(module.apply(variables, x, False, c), expected, rtol=1e-4, atol=1e-6)


def test_maxout_is_the_largest_of_its_linear_functions():
    module = Maxout(3, 5)
    x = counting.normal(4, 7)
    variables = counting.filled(jax.eval_shape(module.init, jax.random.key(0), x))
    pieces = linear(x, variables["params"]["linear"])
    expected = np.stack([pieces[:, 5 * i : 5 * i + 5].max(1) for i in range(3)], 1)
    np.testing.assert_allclose(module.apply(variables, x), expected, rtol=1e-5)


def test_the_gradient_of_maxout_never_asks_which_piece_equals_the_largest():
    # None does where XLA computes them twice and rounds them differently.
    module = Maxout(3, 5)
    x = counting.normal(4, 7)
    variables = counting.filled(jax.eval_shape(module.init, jax.random.key(0), x))
    steps = str(jax.make_jaxpr(jax.grad(lambda x: module.apply(variables, x).sum()))(x))
    assert " gt " in steps and " eq " not in steps and "max" not in steps
    tied = jax.tree.map(np.zeros_like, variables)
    slopes = jax.jit(jax.grad(lambda v: module.apply(v, x).sum()))(tied)["params"]["linear"]["bias"]
    slopes = np.asarray(slopes)
    np.testing.assert_allclose(slopes.reshape(3, 5).sum(1), 4.0, rtol=1e-6)
    assert slopes.min() > 0


def test_a_sigmoid_of_pixels_from_zero_to_one_is_given_from_minus_one_to_one():
    x = np.linspace(-5, 5, 11, dtype=np.float32)
    np.testing.assert_allclose(bounded(x, "sigmoid"), 2 / (1 + np.exp(-x)) - 1, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(bounded(x, "tanh"), np.tanh(x), rtol=1e-5)
    assert mlp.bounded(x, "linear") is x
    with pytest.raises(ValueError, match="output='relu' is not allowed; allowed: tanh, sigmoid, linear"):
        bounded(x, "relu")


def test_dropout_is_of_training_alone_and_zeroes_its_share_of_inputs():
    module = MLPDiscriminator((), input_dropout=0.2)
    x = np.ones((1, 100, 100, 1), np.float32)
    variables = counting.filled(counting.variables(module, x.shape))
    params = variables["params"]["logits"]
    params["kernel"] = np.ones_like(params["kernel"])
    params["bias"] = np.zeros(1, np.float32)
    assert module.apply(variables, x, False).item() == pytest.approx(10_000, rel=1e-5)
    kept = module.apply(variables, x, True, rngs={"dropout": jax.random.key(0)}).item() * 0.8
    assert kept == pytest.approx(8000, abs=5 * 40)  # five standard deviations of a binomial
    assert kept != pytest.approx(8000, abs=1e-3)
