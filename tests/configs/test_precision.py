"""Steps in bfloat16: what is computed in which type, and how near the losses are to those in float32."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import test_configs
from ml_collections import ConfigDict
from stepping import Shortened

from gan_jax import models
from gan_jax.game import precision
from gan_jax.networks.generation import dcgan
from gan_jax.ops.precision import factors
from gan_jax.runs import checkpoint
from gan_jax.train import train

# A configuration of each model; `f` is the classifier that it requires.
CONFIGS = {
    "adain": "adain",
    "classifier": "dtn_digits f",
    "cyclegan": "cyclegan",
    "diat": "diat",
    "discogan": "discogan_celeba_gender",
    "dtn": "dtn_digits",
    "gan": "dcgan_mnist",
    "gatys": "gatys",
    "icgan": "icgan",
    "pggan": "pggan_celeba",
    "pix2pix": "pix2pix_celeba",
    "segmenter": "fcn_scenes",
    "stargan": "stargan_celeba",
    "stylegan": "stylegan_celeba",
    "stylegan2": "stylegan2_mnist",
    "vae": "vae_mnist",
}
# Programs of the models that are not named take long to compile.
LEVELS = {"vae": (), "classifier": pytest.mark.long, "segmenter": pytest.mark.long}
EACH = pytest.mark.parametrize(
    "model", [pytest.param(m, marks=LEVELS.get(m, pytest.mark.nightly)) for m in CONFIGS]
)


@functools.cache
def shortened(model):
    return Shortened(*CONFIGS[model].split())


def test_there_is_a_configuration_of_every_model():
    assert set(CONFIGS) == set(models.known())


@EACH
def test_nearly_all_products_of_a_step_are_in_the_policys_type(model):
    counts = shortened(model).products("bfloat16")
    # Last layers of discriminators, mapping networks of styles and Gram matrices stay exact.
    assert set(counts) <= {"bfloat16", "float32"}
    assert counts["bfloat16"] > 0.95 * counts.total()


@EACH
def test_the_losses_of_a_step_are_those_of_float32_to_two_per_cent(model):
    run = shortened(model)
    (_, exact), (state, found) = run.moved(), run.moved("bfloat16")
    assert all(np.isfinite(value) for value in found.values())
    types = jax.tree.map(lambda x: x.dtype, run.state)
    assert jax.tree.map(lambda x: x.dtype, state) == types
    losses = [name for name in found if name.endswith("loss")]
    assert losses
    for name in losses:
        assert found[name] == pytest.approx(exact[name], rel=0.02), name
    assert found != exact


def test_results_of_networks_are_float32_and_their_layers_are_not():
    network, images = dcgan.Discriminator((4, 8), bias=False), np.ones((2, 16, 16, 3), np.float32)
    variables = network.init(jax.random.key(0), images, train=False)

    def step(variables):
        _, seen = network.apply(variables, images, train=True, mutable=True, capture_intermediates=True)
        logits, _ = network.apply(variables, images, train=True, mutable=["batch_stats"])
        return logits, seen

    logits, seen = jax.eval_shape(precision.stepping(step, "bfloat16"), variables)
    inside = {k: one["__call__"][0].dtype for k, one in seen["intermediates"].items() if k[0] != "_"}
    assert inside == {
        "down_0": jnp.bfloat16,
        "down_1": jnp.bfloat16,
        "norm_1": jnp.bfloat16,
        "logits": jnp.float32,
    }
    others = (logits, seen["batch_stats"], seen["params"])
    assert all(x.dtype == jnp.float32 for x in jax.tree.leaves(others))


def test_the_policy_ends_with_the_step():
    x = jnp.ones(2)
    seen = precision.stepping(lambda x: factors(x)[0].dtype, "bfloat16")(x), factors(x)[0].dtype
    assert seen == (jnp.bfloat16, jnp.float32)
    with pytest.raises(ZeroDivisionError):
        precision.stepping(lambda: 1 / 0, "bfloat16")()
    assert factors(x)[0] is x


def test_float32_leaves_the_step_as_it_is():
    assert precision.stepping(train, "float32") is train


@pytest.mark.long
@pytest.mark.parametrize(
    "policies", [("float32", "bfloat16"), pytest.param(("bfloat16", "float32"), marks=pytest.mark.nightly)]
)
def test_a_checkpoint_of_one_precision_is_resumed_in_the_other(policies, tmp_path):
    found = []
    for steps, policy in zip((2, 4), policies, strict=True):
        built = test_configs.shortened("vae_mnist", tmp_path, steps)
        built.evals, built.best, built.precision = ConfigDict(), "", policy
        train(built, tmp_path / "run")
        found.append(checkpoint.load(tmp_path / "run" / "checkpoints"))
    (before, _), (after, meta) = found
    assert meta["step"] == 4
    assert {name: leaf.dtype for name, leaf in before.items()} == {
        name: leaf.dtype for name, leaf in after.items()
    }
