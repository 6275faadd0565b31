"""AdaIN's decoder: the paper's number of parameters, shapes, and a function of each pixel's surroundings."""

import counting
import jax
import numpy as np
import pytest

from gan_jax.networks.recognition import vgg
from gan_jax.networks.translation.adain import Decoder


def count(module, *shape):
    made = jax.eval_shape(module.init, jax.random.key(0), np.zeros(shape))
    return sum(leaf.size for leaf in jax.tree.leaves(made)), made["params"]


@pytest.mark.parametrize(("depth", "expected"), [(19, 3_505_219), (16, 0)])
def test_the_number_of_parameters(depth, expected):
    found, params = count(Decoder(depth), 1, 4, 4, 512)
    convs = [vgg.shapes(depth)[name] for name in vgg.convolutions(depth, "relu4_1")]
    assert found == sum(9 * a * b + a for a, b in convs)
    assert {leaf["kernel"].shape for leaf in params.values()} == {(3, 3, b, a) for a, b in convs}
    if depth == 19:
        assert found == expected


@pytest.mark.parametrize(("through", "channels", "scale"), [("relu2_1", 128, 2), ("relu4_1", 512, 8)])
def test_every_position_becomes_a_square_of_pixels(through, channels, scale):
    module = Decoder(16, through)
    made = jax.eval_shape(
        lambda x: module.apply(module.init(jax.random.key(0), x), x), np.zeros((2, 3, 5, channels))
    )
    assert made.shape == (2, 3 * scale, 5 * scale, 3)


def test_the_last_layer_is_linear_and_the_others_are_not():
    module = Decoder(16, "relu2_1")
    x = counting.normal(1, 4, 4, 128)
    variables = counting.drawn(module, x)
    for layer in variables["params"].values():
        layer["bias"][...] = 0
    out = module.apply(variables, x)
    assert out.min() < 0 < out.max()
    # Without biases every layer is homogeneous for positive factors, and not for negative ones.
    assert np.allclose(module.apply(variables, 3 * x), 3 * out, rtol=1e-3, atol=1e-3)
    assert not np.allclose(module.apply(variables, -x), -out, atol=0.1)


def test_images_start_with_the_contrast_of_photographs_in_three_colours():
    module = Decoder(16, "relu2_1")
    x = counting.normal(1, 8, 8, 128)
    pixels = module.apply(module.init(jax.random.key(1), x), x).reshape(-1, 3)
    assert 0.2 < pixels.std() < 1
    assert np.linalg.eigvalsh(np.corrcoef(pixels.T)).max() < 2.5  # 3 if all colours were one
