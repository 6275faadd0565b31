"""The small FCN: its parameters, its sizes, and the reach of its scores."""

import jax
import levels
import numpy as np
import pytest
from counting import count, filled

from gan_jax.networks.recognition.fcn import Segmenter


def shapes(module, channels=3, size=32):
    return jax.eval_shape(lambda: module.init(jax.random.key(0), np.zeros((1, size, size, channels))))


def test_it_has_the_parameters_of_its_layers():
    params = shapes(Segmenter())["params"]
    assert {name: count(tree) for name, tree in params.items()} == {
        "conv_0": 896, "conv_1": 18_496, "conv_2": 73_856, "score_0": 363, "score_1": 715, "score_2": 1419,
    }  # fmt: skip
    assert count(params) == 95_745 == count(shapes(Segmenter(), channels=1)["params"])


@levels.parametrize("size", [(32, 32), (16, 40), (8, 8)], kept=[(8, 8)])
def test_logits_have_the_size_of_the_image_and_grey_is_replicated(size):
    module = Segmenter((4, 5, 6), 7)
    variables = filled(shapes(module))
    grey = np.random.default_rng(0).normal(size=(2, *size, 1)).astype(np.float32)
    logits = module.apply(variables, grey)
    assert logits.shape == (2, *size, 7)
    np.testing.assert_array_equal(logits, module.apply(variables, np.repeat(grey, 3, -1)))


def test_scores_of_the_last_stage_alone_are_enlarged_eight_times_bilinearly():
    """Scores at a single place become a tent that reaches 2**3 - 1/2 pixels to either side."""
    module = Segmenter((1, 1, 1), 1)
    variables = jax.tree.map(np.zeros_like, filled(shapes(module)))
    params = variables["params"]
    for stage in range(3):
        params[f"conv_{stage}"]["kernel"][1, 1, 0, 0] = 1
    params["score_2"]["kernel"][...] = 1
    image = np.zeros((1, 64, 64, 3), np.float32)
    image[0, 32:40, 32:40, 0] = 1
    (out,) = module.apply(variables, image)[..., 0]
    assert out.sum() == pytest.approx(64, rel=1e-6)
    np.testing.assert_allclose(out, out.T, atol=1e-7)
    np.testing.assert_array_equal(np.flatnonzero(out.any(0)), np.arange(25, 47))
