"""CGAN's networks: the inputs of each branch, and layers without bias, scale or shift."""

import counting
import numpy as np

from gan_jax.networks.generation.cgan import MirzaDiscriminator, MirzaGenerator


def linear(x, layer):
    return x @ np.asarray(layer["kernel"]) + np.asarray(layer["bias"])


def test_noise_and_label_meet_in_the_third_layer():
    module = MirzaGenerator(3, (4, 5, 6), (2, 2, 1))
    z, label = counting.normal(3, 7), np.eye(3, dtype=np.float32)
    joined = np.concatenate([z, label], 1)
    variables = counting.filled(counting.variables(module, joined.shape))
    p = variables["params"]
    hidden = np.concatenate([linear(z, p["noise"]), linear(label, p["label"])], 1)
    hidden = np.maximum(linear(np.maximum(hidden, 0), p["joined"]), 0)
    expected = np.tanh(linear(hidden, p["to_image"]) / 2).reshape(3, 2, 2, 1)
    np.testing.assert_allclose(module.apply(variables, joined, False), expected, rtol=1e-4, atol=1e-6)


def test_image_and_label_meet_after_a_maxout_layer_each():
    module = MirzaDiscriminator((4, 3, 5), (2, 3, 2))
    x, label = counting.normal(3, 2, 2, 1), np.eye(3, dtype=np.float32)
    variables = counting.filled(counting.variables(module, x.shape, label.shape))
    p = variables["params"]

    def maxout(x, layer, units):
        return linear(x, layer["linear"]).reshape(3, units, -1).max(2)

    hidden = [maxout(x.reshape(3, 4), p["image"], 4), maxout(label, p["label"], 3)]
    expected = linear(maxout(np.concatenate(hidden, 1), p["joined"], 5), p["logits"])
    np.testing.assert_allclose(module.apply(variables, x, False, label), expected, rtol=1e-4, atol=1e-6)


def test_the_convolutional_networks_have_kernels_alone_and_the_label_before_each():
    asked = {"size": 28, "channels": 1}
    g = counting.generator("cgan_conv", 110, num_classes=10, **asked)["params"]
    d = counting.discriminator("cgan_conv", 10, **asked)["params"]
    assert all(set(layer) == {"kernel"} for layer in (*g.values(), *d.values()))
    inputs = {name: layer["kernel"].shape[-2] for name, layer in {**g, **d}.items()}
    assert inputs == {
        **{"dense_0": 110, "dense_1": 1034, "up_0": 138, "up_1": 74},
        **{"down_0": 11, "down_1": 74, "dense": 6282, "logits": 1034},
    }
