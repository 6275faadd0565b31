"""Norms of all networks: torch's constants, and what they mean for a batch of small variance."""

import counting
import flax.linen as nn
import jax
import numpy as np
import pytest
from normed import Normed

from gan_jax.networks.generation import catalogue, presets
from gan_jax.networks.layers.normalisation import BatchNorm
from gan_jax.networks.recognition import resnet18, stages
from gan_jax.networks.translation import discogan, mnist_svhn, patchgan, resnet_generator, stargan, unet

OTHERS = {
    "resnet_generator": (resnet_generator.Generator(2, 1, 1), {"train": True}),
    "unet": (unet.Generator(2, 3), {"train": True, "dropout": False}),
    "patchgan": (patchgan.Discriminator(2, 2, "batch"), {"train": True}),
    "discogan_g": (discogan.Generator(2, 3), {"train": True}),
    "discogan_d": (discogan.Discriminator(2, 3), {"train": True}),
    "mnist_svhn_g": (mnist_svhn.Generator(2), {"train": True}),
    "mnist_svhn_d": (mnist_svhn.Discriminator(2), {"train": True}),
    "stages": (stages.Features((2, 2, 2, 2), batch_norm=True), {"train": True}),
    "resnet18": (resnet18.Features((2, 2, 2, 2)), {"train": True}),
}


def norms(init):
    """(kind, epsilon) of every norm that a network's initialisation calls; nothing is computed."""
    found = set()

    def note(call, args, kwargs, context):
        module = context.module
        kinds = (nn.BatchNorm, BatchNorm, nn.InstanceNorm, nn.LayerNorm)
        if context.method_name == "__call__" and isinstance(module, kinds):
            found.add((type(module).__name__, module.epsilon))
        return call(*args, **kwargs)

    with nn.intercept_methods(note):
        jax.eval_shape(init)
    return found


def of_image(module, shape=(2, 32, 32, 3), **options):
    return norms(lambda: module.init(jax.random.key(0), np.zeros(shape), **options))


TORCH = {("BatchNorm", 1e-5), ("InstanceNorm", 1e-5), ("LayerNorm", 1e-5)}


@pytest.mark.parametrize("name", OTHERS)
def test_every_norm_has_torchs_epsilon(name):
    module, options = OTHERS[name]
    found = of_image(module, **options)
    assert found and found <= TORCH


def test_stargans_norms_too():
    module = stargan.Generator(2, 1)
    found = norms(lambda: module.init(jax.random.key(0), np.zeros((2, 8, 8, 3)), np.zeros((2, 4))))
    assert found == {("InstanceNorm", 1e-5)}


@pytest.mark.parametrize("kind", ["generator", "discriminator"])
def test_norms_of_noise_to_image_networks_too(kind):
    found = {}
    for name in presets.GENERATORS if kind == "generator" else presets.DISCRIMINATORS:
        ask = counting.asked(name)
        if kind == "generator":
            module, inputs = catalogue.generator(name, **ask, num_classes=3), [(2, 5 + 3)]
        else:
            image = (2, ask["size"], ask["size"], ask["channels"])
            module, inputs = catalogue.discriminator(name, **ask), [image, (2, 3)]
        found[name] = norms(lambda module=module, inputs=inputs: counting.variables(module, *inputs))
    assert all(kinds <= TORCH for kinds in found.values()), found
    assert set().union(*found.values()) >= {("BatchNorm", 1e-5)}


def test_running_means_go_a_tenth_of_the_way_to_the_batchs():
    layer = Normed("batch")
    x = 5 + np.random.default_rng(0).normal(size=(4, 3, 3, 2)).astype(np.float32)
    variables = layer.init(jax.random.key(0), x)
    _, new = layer.apply(variables, x, mutable=["batch_stats"])
    (mean,) = (leaf for path, leaf in jax.tree.leaves_with_path(new) if path[-1].key == "mean")
    np.testing.assert_allclose(mean, x.mean((0, 1, 2)) / 10, rtol=1e-5)


@pytest.mark.parametrize(
    ("layer", "axes"),
    [
        (Normed("instance", nn.initializers.ones), (1, 2)),
        (Normed("batch", nn.initializers.ones), (0, 1, 2)),
        (Normed("layer", nn.initializers.ones), (1, 2, 3)),
    ],
    ids=["instance", "batch", "layer"],
)
def test_a_variance_of_the_size_of_epsilon_is_doubled(layer, axes):
    x = np.random.default_rng(0).normal(size=(4, 8, 8, 2)).astype(np.float32)
    x = (x - x.mean(axes, keepdims=True)) / x.std(axes, keepdims=True) * 1e-5**0.5
    found = layer.apply(layer.init(jax.random.key(0), x), x, mutable=["batch_stats"])[0]
    np.testing.assert_allclose(found.std(axes), 0.5**0.5 * np.ones(found.std(axes).shape), rtol=2e-3)
