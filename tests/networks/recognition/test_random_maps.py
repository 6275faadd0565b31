"""Random filters: mean zero, norm one, every size centred on its pixel, beside an untrained VGG."""

import jax
import numpy as np
import pytest

from gan_jax.networks.recognition.perceptual import DEFAULTS, Perceptual
from gan_jax.networks.recognition.random_maps import RandomMaps

NETWORK = RandomMaps((3, 7), 5)


@pytest.fixture(scope="module")
def variables():
    return NETWORK.init(jax.random.key(0), np.zeros((1, 8, 8, 3), np.float32))


def test_filters_have_mean_zero_and_norm_one(variables):
    for size in (3, 7):
        kernel = np.asarray(variables["params"][f"size_{size}"]["kernel"])
        assert kernel.shape == (size, size, 3, 5)
        np.testing.assert_allclose(kernel.mean((0, 1, 2)), 0, atol=1e-6)
        np.testing.assert_allclose(np.square(kernel).sum((0, 1, 2)), 1, rtol=1e-5)


def test_a_point_gives_the_filters_themselves(variables):
    point = np.zeros((1, 9, 9, 3), np.float32)
    point[0, 4, 4, 0] = 1
    (maps,) = NETWORK.apply(variables, point).values()
    assert maps.shape == (1, 9, 9, 10)
    for start, size in ((0, 3), (5, 7)):
        kernel = np.asarray(variables["params"][f"size_{size}"]["kernel"])[::-1, ::-1, 0]
        place = slice(4 - size // 2, 5 + size // 2)
        found = maps[0, place, place, start : start + 5]
        np.testing.assert_allclose(found, np.maximum(kernel, 0), atol=1e-6)


def test_a_plain_picture_has_no_texture(variables):
    maps = NETWORK.apply(variables, np.full((1, 9, 9, 3), 0.7, np.float32), ("scales", "relu1_1"))
    assert np.abs(maps["scales"][:, 3:-3, 3:-3]).max() < 1e-5
    assert maps["relu1_1"].shape == (1, 9, 9, 64)


@pytest.mark.parametrize("features", DEFAULTS)
def test_every_kind_of_features_gives_its_default_layers(features):
    chosen, (contents, styles) = Perceptual(features, sizes=(3,), filters=2), DEFAULTS[features]
    assert {*contents, *styles} <= set(chosen.known)
    network = chosen.network((*contents, *styles))
    x = np.zeros((1, 32, 48, 3), np.float32)
    found = jax.eval_shape(lambda: network.init_with_output(jax.random.key(0), x, (*contents, *styles))[0])
    assert set(found) == {*contents, *styles}
    assert all(2 * maps.shape[2] == 3 * maps.shape[1] for maps in found.values())
