"""SNGAN's standard networks: order of kernels and strides, slope, norm of each unit."""

import counting
import jax
import numpy as np

from gan_jax.networks.generation.sndcgan import SNDCGANDiscriminator


def test_kernels_alternate_between_three_and_strided_four_and_widen_as_in_the_papers_table_3():
    params = counting.discriminator("sndcgan", size=32, channels=3)["params"]
    kernels = {name: layer["kernel"].shape for name, layer in params.items()}
    assert kernels == {
        "conv_0": (3, 3, 3, 64),
        "down_1": (4, 4, 64, 64),
        "conv_1": (3, 3, 64, 128),
        "down_2": (4, 4, 128, 128),
        "conv_2": (3, 3, 128, 256),
        "down_3": (4, 4, 256, 256),
        "conv_3": (3, 3, 256, 512),
        "logits": (8192, 1),
    }


def test_the_slope_is_a_tenth():
    x = counting.normal(1, 8, 8, 1)
    module = SNDCGANDiscriminator((2,))
    shapes = counting.variables(module, x.shape)
    params = jax.tree.map(lambda leaf: np.zeros(leaf.shape, np.float32), shapes["params"])
    params["conv_0"]["bias"] -= 5
    params["logits"]["kernel"] += 1
    np.testing.assert_allclose(module.apply({"params": params}, x, False), -0.1 * 5 * 8 * 8 * 2, rtol=1e-5)


def test_every_unit_of_the_linear_layer_has_a_norm_and_the_sides_grow_from_an_eighth():
    for size in (32, 48):
        params = counting.generator("sndcgan", 128, size=size)["params"]
        assert params["norm_0"]["scale"].shape == ((size // 8) ** 2 * 512,)
        assert params["to_image"]["kernel"].shape == (3, 3, 64, 1)
