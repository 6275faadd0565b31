"""The catalogue: shapes and ranges of every network, conditions, norms, and what is refused."""

import functools

import counting
import jax
import levels
import numpy as np
import pytest
from counting import asked

from gan_jax.networks.generation import catalogue
from gan_jax.networks.generation.presets import DISCRIMINATORS, GENERATORS

K = 3
# Networks whose programs take long to compile.
LARGE = ("grid_resnet", "good_resnet", "resnet", "acgan", "sndcgan", "cgan_conv", "mirza", "wgan")
EACH_GENERATOR, EACH_DISCRIMINATOR = (
    levels.parametrize("name", [*names], kept=[name for name in names if name not in LARGE])
    for names in (GENERATORS, DISCRIMINATORS)
)


def images(name):
    ask = asked(name)
    return np.tanh(counting.normal(2, ask["size"], ask["size"], ask["channels"]))


def condition(*labels):
    return np.eye(K, dtype=np.float32)[list(labels)]


@functools.cache
def generator(name):
    """Maps vectors and labels [2, 5 + K] to images; compiled once."""
    module = catalogue.generator(name, **asked(name), num_classes=K)
    variables = counting.filled(counting.variables(module, (1, 5 + K)))
    apply = jax.jit(lambda z: module.apply(variables, z, False))
    return lambda z, label: apply(np.concatenate([z, label], -1))


@functools.cache
def discriminator(name):
    """Maps variables, images and conditions [2, K] to logits [2, 2]; compiled once."""
    module = catalogue.discriminator(name, **asked(name), classes=2)
    variables = counting.filled(counting.variables(module, images(name).shape, (2, K)))
    apply = jax.jit(lambda variables, x, c: module.apply(variables, x, False, c))
    return lambda x, c, scale=1: apply(variables | {"params": scaled(variables["params"], scale)}, x, c)


def scaled(params, factor):
    return jax.tree.map(lambda w: factor * w, params)


@EACH_GENERATOR
def test_generators_fill_no_more_than_the_range_of_pixels(name):
    out = generator(name)(1000 * counting.normal(2, 5), condition(0, 1))
    assert out.shape == images(name).shape
    assert out.dtype == np.float32
    assert np.isfinite(out).all() and np.std(out) > 0
    assert np.abs(out).max() > 1 if name == "mlp_toy" else np.abs(out).max() <= 1


@EACH_GENERATOR
def test_every_generator_sees_the_label_in_its_vector(name):
    z = np.tile(counting.normal(1, 5), (2, 1))
    same, other = (generator(name)(z, condition(0, label)) for label in (0, 1))
    np.testing.assert_array_equal(same[0], other[0])
    assert np.abs(same[1] - other[1]).max() > 0


@EACH_DISCRIMINATOR
def test_discriminators_give_unbounded_logits(name):
    x, c = images(name), condition(0, 1)
    assert discriminator(name)(x, c).shape == (2, 2)
    assert 1 < np.abs(discriminator(name)(x, c, scale=3)).max() < np.inf


@EACH_DISCRIMINATOR
def test_every_discriminator_sees_its_condition_and_in_evaluation_no_other_example(name):
    one, other = (discriminator(name)(images(name), condition(0, label)) for label in (0, 1))
    np.testing.assert_array_equal(one[0], other[0])
    assert np.abs(one[1] - other[1]).max() > 0


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize("name", sorted({*DISCRIMINATORS} - {"mirza"}))
def test_the_norm_of_a_discriminator_is_what_was_asked_or_refused(name, norm):
    ask = {**asked(name), "norm": norm}
    if name.startswith("mlp") and norm != "none":
        with pytest.raises(ValueError, match=f"norm='{norm}' is not allowed; allowed for this network: none"):
            catalogue.discriminator(name, **ask)
        return
    for spectral in (False, True):
        module = catalogue.discriminator(name, **ask, spectral=spectral)
        assert module.norm == norm
    module = catalogue.discriminator(name, **ask)
    variables = counting.variables(module, images(name).shape)
    assert ("batch_stats" in variables) == (norm == "batch")
    names = {part.key for path, _ in jax.tree.leaves_with_path(variables["params"]) for part in path}
    bare = norm == "none" or (name, norm) == ("cgan_conv", "batch")  # which has neither scale nor shift
    assert any("norm" in part for part in names) != bare


@pytest.mark.parametrize(
    ("name", "option", "message"),
    [
        ("dcgam", {}, r"generator='dcgam' is not allowed; did you mean 'dcgan'\? allowed: mlp_lecture"),
        ("dcgan", {"size": 30}, "size=30 is not allowed; allowed for this network: 16, 28, 32, 64, 128"),
        ("dcgan", {"norm": "group"}, "norm='group' is not allowed; allowed: published, none, batch, layer"),
        ("dcgan", {"slope": 0.1}, "slope is no option of generator dcgan; it has .*kernel_size"),
        ("grid_constant", {"norm": "batch"}, "norm='batch' is not allowed; allowed for this network: none"),
        ("dcgan", {"width": -1}, "width=-1 is not allowed; allowed for this network: 1 or more"),
        ("grid_resnet", {"width": 6}, "width=6 is not allowed; allowed for this network: multiples of 4"),
        ("mirza", {}, "num_classes=0 is not allowed; allowed for this network: 1 or more"),
    ],
)
def test_what_a_generator_has_not_is_refused(name, option, message):
    with pytest.raises(ValueError, match=message):
        catalogue.generator(name, **{"size": 32, **option})


def test_options_replace_published_fields_alone():
    module = catalogue.generator("mlp", size=4, widths=(7, 5, 3))
    assert (module.widths, module.shape, module.slope) == ((7, 5, 3), (4, 4, 1), 0.2)


def test_a_width_that_leaves_a_layer_empty_is_refused():
    with pytest.raises(ValueError, match="width=2 is not allowed; allowed for this network: 5 or more"):
        catalogue.discriminator("mirza", size=16, width=2)


def test_a_network_that_scores_pairs_asks_for_the_condition():
    module = catalogue.discriminator("mirza", **asked("mirza"))
    with pytest.raises(ValueError, match="condition is None"):
        counting.variables(module, images("mirza").shape)


def test_dcgans_discriminator_without_norm_has_biases_lest_it_grow_with_contrast():
    """Without norm and bias, D(a x) = a D(x) for a > 0, so contrast would decide D's answer."""
    sizes = {"size": 16, "channels": 1, "width": 4}
    module = catalogue.discriminator("dcgan", **sizes, norm="none", classes=1)
    x = images("dcgan")
    variables = counting.filled(counting.variables(module, x.shape))
    assert all("bias" in layer for layer in variables["params"].values())
    once, twice = (module.apply(variables, a * x, False) for a in (1, 2))
    assert np.abs(twice - 2 * once).max() > 1e-3
    normed = catalogue.discriminator("dcgan", **sizes, norm="batch", classes=1)
    layers = counting.variables(normed, x.shape)["params"]
    assert {name for name, layer in layers.items() if "bias" in layer} == {"norm_1"}
