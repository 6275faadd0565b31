"""ACGAN's discriminator: strides, norms, dropout in training only; z times a vector of its class."""

import counting
import flax.linen as nn
import jax
import numpy as np

from gan_jax.networks.generation.acgan import LabelProduct
from gan_jax.networks.generation.catalogue import discriminator


def test_strides_alternate_and_the_first_layer_has_no_norm():
    module = discriminator("acgan", size=32, width=2, classes=11)
    x = counting.normal(1, 32, 32, 1)
    variables = counting.filled(counting.variables(module, x.shape))
    kept = jax.eval_shape(
        lambda: module.apply(variables, x, False, capture_intermediates=True, mutable=["intermediates"])
    )[1]
    sides = [kept["intermediates"][f"conv_{i}"]["__call__"][0].shape[1] for i in range(6)]
    assert sides == [16, 16, 8, 8, 4, 4]
    norms = {name for name in variables["params"] if "norm" in name}
    assert norms == {f"norm_{i}" for i in range(1, 6)}


def test_dropout_follows_its_key_in_training_and_is_off_in_evaluation():
    module = discriminator("acgan", size=16, width=2, classes=11, norm="none")
    x = counting.normal(2, 16, 16, 1)
    variables = counting.filled(counting.variables(module, x.shape))

    def apply(seed, train):
        return module.apply(variables, x, train, rngs={"dropout": jax.random.key(seed)})

    runs = [apply(seed, True) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert np.abs(runs[0] - runs[2]).max() > 1e-3
    still = apply(0, False)
    np.testing.assert_array_equal(still, apply(1, False))
    assert np.abs(still - runs[0]).max() > 1e-3


class Same(nn.Module):
    """A generator that returns its input."""

    def __call__(self, z, train):
        """`z` itself."""
        del train
        return z


def test_noise_is_multiplied_by_the_vector_of_its_class():
    module = LabelProduct(Same(), num_classes=3)
    z, label = counting.normal(5, 2), np.array([2, 0, 1, 1, 2])
    x = np.concatenate([z, np.eye(3, dtype=np.float32)[label]], 1)
    vectors = np.array([[1.0, -2.0], [0.5, 3.0], [-1.0, 0.0]], np.float32)
    out = module.apply({"params": {"embedding": {"kernel": vectors}}}, x, True)
    np.testing.assert_array_equal(out, np.asarray(z) * vectors[label])


def test_vectors_of_classes_start_as_draws_of_the_normal_distribution():
    module = LabelProduct(Same(), num_classes=50)
    x = np.zeros((1, 150), np.float32)
    drawn = module.init(jax.random.key(0), x, False)["params"]["embedding"]["kernel"]
    assert drawn.shape == (50, 100)
    np.testing.assert_allclose([drawn.mean(), drawn.std()], [0, 1], atol=0.05)
