"""ResNet-18: published counts, strides, residual sums, and torch's padding."""

import counting
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax.networks.recognition.resnet18 import Classifier, Features


def shapes(network, size):
    image = jax.ShapeDtypeStruct((1, size, size, 3), jnp.float32)
    return jax.eval_shape(lambda rng, x: network.init(rng, x, train=False), jax.random.key(0), image)


def count(network, size):
    return counting.count(shapes(network, size)["params"])


@pytest.mark.parametrize(("classes", "expected"), [(7, 11_180_103), (8, 11_180_616), (1000, 11_689_512)])
def test_it_has_the_published_parameters(classes, expected):
    assert count(Classifier(num_classes=classes), 128) == expected


def test_the_small_one_differs_by_its_stem_alone():
    # The stems differ: 7x7 or 3x3 kernels from 3 channels to 64.
    assert count(Classifier(num_classes=8, small=True), 48) == 11_180_616 - (49 - 9) * 3 * 64


def centred(network, size):
    """Kernels that pass on the sum of channels at their centre, with neutral normalisation."""

    def fill(path, leaf):
        name = path[-1].key
        value = np.full(leaf.shape, {"scale": 1, "var": 1 - 1e-5}.get(name, 0), leaf.dtype)
        if name == "kernel":
            value[leaf.shape[0] // 2, leaf.shape[1] // 2] = 1
        return value

    return jax.tree_util.tree_map_with_path(fill, shapes(network, size))


def test_blocks_add_what_they_compute_to_their_input_and_pad_alike_on_all_sides():
    # Only the first pixel has ink. The stem gives three times its value, and each of eight blocks doubles it.
    # With 'SAME', which pads one side only, the strided layers would see the second pixel.
    network = Features((1, 1, 1, 1), small=True)
    x = np.zeros((1, 8, 8, 3), np.float32)
    x[0, 0, 0] = 0.25
    out = network.apply(centred(network, 8), x)
    assert out.shape == (1, 1)
    assert float(out[0, 0]) == pytest.approx(3 * 0.25 * 2**8, rel=1e-4)


@pytest.mark.parametrize(("small", "size", "left"), [(True, 48, 6), (False, 128, 4)])
def test_stages_halve_the_size(small, size, left):
    network = Features((2, 2, 2, 4), small)
    x = jax.ShapeDtypeStruct((1, size, size, 1), jnp.float32)
    variables = jax.eval_shape(network.init, jax.random.key(0), x)
    _, seen = jax.eval_shape(lambda v, x: network.apply(v, x, capture_intermediates=True), variables, x)
    last = seen["intermediates"]["block_3_1_norm_1"]["__call__"][0]
    assert last.shape == (1, left, left, 4)
