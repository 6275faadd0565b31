"""Parameter counts, shapes and ranges of DTN's networks, and the folding of batch norm."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax.networks.dcgan import Discriminator, Generator
from gan_jax.networks.perceptual import Classifier, Features, fold_batch_norm

KEY = jax.random.key(0)


def count(module, *inputs, **kw):
    shapes = jax.eval_shape(lambda: module.init(KEY, *inputs, **kw))
    return sum(x.size for x in jax.tree.leaves(shapes["params"]))


@pytest.mark.parametrize(
    ("widths", "channels", "parameters"),
    [
        ((512, 256, 128), 1, 3_673_857),
        ((256, 128, 64), 1, 1_181_569),
        ((128, 64, 32), 1, 426_945),
        ((512, 256, 128), 3, 3_677_955),
        ((256, 128, 64), 3, 1_183_619),
    ],
)
def test_generator_counts(widths, channels, parameters):
    assert count(Generator(widths, channels), jnp.zeros((1, 128)), train=False) == parameters


@pytest.mark.parametrize(
    ("widths", "channels", "classes", "parameters"),
    [
        ((128, 256, 512), 1, 3, 2_649_731),
        ((64, 128, 256), 1, 3, 669_507),
        ((32, 64, 128), 1, 3, 170_915),
        ((128, 256, 512), 3, 3, 2_653_827),
        ((128, 256, 512), 1, 1, 2_633_345),
        ((64, 128, 256), 1, 1, 661_313),
    ],
)
def test_discriminator_counts(widths, channels, classes, parameters):
    module = Discriminator(widths, classes)
    assert count(module, jnp.zeros((1, 32, 32, channels)), train=False) == parameters


def test_perceptual_counts():
    images = jnp.zeros((1, 32, 32, 3))
    assert count(Features(), images) == 665_856
    assert count(Classifier(), images, train=False) == 667_146


def test_running_statistics_counts():
    g = Generator().init(KEY, jnp.zeros((1, 128)), train=False)["batch_stats"]
    assert sum(x.size for x in jax.tree.leaves(g)) == 1792
    d = Discriminator().init(KEY, jnp.zeros((1, 32, 32, 1)), train=False)["batch_stats"]
    assert sum(x.size for x in jax.tree.leaves(d)) == 1536


def test_features_replicate_one_channel():
    module = Features((4, 4, 4, 8))
    grey = jax.random.uniform(KEY, (3, 32, 32, 1), minval=-1.0)
    variables = module.init(KEY, grey)
    z = module.apply(variables, grey)
    assert z.shape == (3, 8)
    np.testing.assert_array_equal(z, module.apply(variables, jnp.repeat(grey, 3, -1)))


def test_features_are_taken_before_the_last_relu():
    module = Features((4, 4, 4, 64))
    x = jax.random.normal(KEY, (8, 32, 32, 3))
    z = module.apply(module.init(KEY, x), x)
    assert (z < 0).any() and (z > 0).any()


def test_generator_is_bounded_and_the_size_follows_from_the_widths():
    z = 100 * jax.random.normal(KEY, (2, 5))
    for widths, size in {(4, 4): 16, (4, 4, 4): 32}.items():
        module = Generator(widths, 3)
        images = module.apply(module.init(KEY, z, train=False), z, train=False)
        assert images.shape == (2, size, size, 3)
        assert float(jnp.abs(images).max()) <= 1


def test_logits_are_neither_rectified_nor_normalised():
    module = Discriminator((4, 4, 4), 3, batch_norm=False, init_scheme="lecun")
    x = jax.random.normal(KEY, (64, 32, 32, 1))
    variables = module.init(KEY, x, train=False)
    logits = module.apply(variables, x, train=True)
    assert (logits < 0).any() and (logits > 0).any()
    # Without batch norm one image's logits do not depend on the others.
    np.testing.assert_allclose(module.apply(variables, x[:1], train=True), logits[:1], atol=1e-5)


@pytest.mark.parametrize("convs", [1, 2])
def test_folded_batch_norm_computes_the_same(convs):
    trained = Classifier((4, 6, 8, 10), 10, convs, batch_norm=True)
    x = jax.random.normal(KEY, (16, 32, 32, 3))
    variables = trained.init(KEY, x, train=False)
    for _ in range(3):
        _, new = trained.apply(variables, x, train=True, mutable=["batch_stats"], rngs={"dropout": KEY})
        variables = {**variables, **new}
    norms = [f"norm_{stage}_{i}" for stage in range(3) for i in range(convs)]
    for name in norms:
        scale = variables["params"]["features"][name]["scale"]
        variables["params"]["features"][name]["scale"] = scale * 1.5
    want = Features((4, 6, 8, 10), convs, batch_norm=True).apply(
        {name: tree["features"] for name, tree in variables.items()}, x
    )
    folded = fold_batch_norm(variables)
    plain = Features((4, 6, 8, 10), convs)
    assert jax.tree.map(jnp.shape, folded) == jax.tree.map(jnp.shape, plain.init(KEY, x)["params"])
    np.testing.assert_allclose(plain.apply({"params": folded}, x), want, rtol=1e-4, atol=1e-4)


def test_folding_a_body_without_batch_norm_changes_nothing():
    module = Classifier((4, 4, 4, 8))
    variables = module.init(KEY, jnp.zeros((1, 32, 32, 3)), train=False)
    folded = fold_batch_norm({"params": variables["params"], "batch_stats": {}})
    jax.tree.map(np.testing.assert_array_equal, folded, dict(variables["params"]["features"]))
