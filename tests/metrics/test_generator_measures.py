"""Path lengths, separability, droplets and phases of arrays whose values are known."""

import math

import jax
import levels
import numpy as np
import pytest
import vgg_variables

from gan_jax.metrics import perceptual
from gan_jax.metrics.droplets import peaks
from gan_jax.metrics.path_length import path_length
from gan_jax.metrics.phase import detail, share_that_stays
from gan_jax.metrics.separability import conditional_entropy, separability
from gan_jax.networks.recognition.vgg import VGG


def rng():
    return np.random.default_rng(0)


def test_a_path_length_is_a_mean_without_the_extremes():
    values = rng().permutation([*[0.0] * 2, *[1e9] * 2, *np.full(396, 3.0)])
    # Of 400 values, 1 per cent are 4 at each end.
    assert path_length(values, 0.1) == pytest.approx(300)
    assert path_length(np.array([2.0]), 0.5) == 8
    with pytest.raises(ValueError, match="finite"):
        path_length(np.array([np.nan]), 0.1)


def test_the_distance_of_pixels_is_their_mean_squared_difference():
    x, y = rng().normal(size=(2, 3, 4, 4, 3))
    found = perceptual.distance("pixels")(x, y)
    np.testing.assert_allclose(found, np.square(x - y).reshape(3, -1).mean(1))


class Network:
    def __init__(self, **variables):
        self.variables = variables

    def apply(self, method, batch):
        assert method == "embed"
        return batch["image"].mean((1, 2))


def test_the_distance_of_a_judge_is_that_of_directions():
    x = np.zeros((2, 4, 4, 2), np.float32)
    x[0, ..., 0], x[1, ..., 1] = 3.0, 5.0
    found = perceptual.distance("judge", Network())(x, x[::-1])
    np.testing.assert_allclose(found, [2, 2], rtol=1e-6)  # |(1, 0) - (0, 1)|^2
    np.testing.assert_allclose(perceptual.distance("judge", Network())(x, 7 * x), 0, atol=1e-9)


@levels.parametrize("features", ["random", "vgg16"], kept=("vgg16",))
def test_perceptual_distances_sum_the_layers_means_and_ignore_the_strength_of_maps(features):
    x, y = rng().uniform(-1, 1, (2, 2, 16, 16, 3)).astype(np.float32)
    if features == "vgg16":
        network = VGG(16, through="relu2_2")
        variables = vgg_variables.drawn(network)
        far = perceptual.distance("vgg16", Network(vgg16=variables))
        apply = jax.jit(lambda image: network.apply(variables, image, ("relu1_2", "relu2_2")))
        maps = [jax.device_get(apply(image)) for image in (x, y)]
        expected = 0
        for a, b in zip(*(found.values() for found in maps), strict=True):
            a, b = (v / np.linalg.norm(v, axis=-1, keepdims=True) for v in (a, b))
            expected = expected + ((a - b) ** 2).sum(-1).mean((1, 2))
        np.testing.assert_allclose(far(x, y), expected, rtol=1e-4)
    else:
        far = perceptual.distance("random")
        # The filters have mean zero and no bias, and the first layer of VGG has none either.
        np.testing.assert_array_equal(far(x, y), perceptual.distance("random")(x, y))
        assert (far(x, y) > 0.1).all()
    np.testing.assert_allclose(far(x, x), 0, atol=1e-9)
    np.testing.assert_allclose(far(x, y), far(y, x), rtol=1e-5)


def test_large_images_are_averaged_before_vgg_sees_them():
    network = VGG(16, through="relu1_1")
    far = perceptual.distance("vgg16", Network(vgg16=vgg_variables.drawn(network)))
    x, y = rng().uniform(-1, 1, (2, 1, 256, 256, 1)).astype(np.float32)
    large = [np.repeat(np.repeat(image, 2, 1), 2, 2) for image in (x, y)]
    np.testing.assert_allclose(far(*large), far(x, y), rtol=1e-5)


def test_the_conditional_entropy_of_known_tables():
    x = np.array([0, 0, 1, 1], bool)
    assert conditional_entropy(x, x) == conditional_entropy(x, ~x) == 0
    assert conditional_entropy(x, np.array([0, 1, 0, 1], bool)) == pytest.approx(math.log(2))
    # p = 1/4 of both y where x, and only y = 0 elsewhere: half of ln 2.
    assert conditional_entropy(x, np.array([0, 0, 0, 1], bool)) == pytest.approx(math.log(2) / 2)


def test_attributes_that_planes_separate_have_the_score_one():
    latents = rng().normal(size=(400, 3))
    found = separability(latents, latents[:, :2] * [1, -5])
    assert found == {"score": 1.0, "entropies": [0.0, 0.0], "constant": 0}


def test_attributes_that_no_plane_separates_have_the_entropy_of_a_coin():
    corners = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]], float)
    latents = np.tile(corners, (50, 1))
    found = separability(latents, np.stack([latents.prod(1), latents[:, 0]], 1))
    assert found["entropies"] == [pytest.approx(math.log(2), abs=1e-3), 0.0]
    assert found["score"] == pytest.approx(2, rel=1e-3)


def test_answers_that_do_not_depend_on_the_latents_are_worth_nearly_a_coin():
    latents, logits = rng().normal(size=(4000, 3)), rng().permutation(np.repeat([-1.0, 1.0], 2000))
    (entropy,) = separability(latents, logits[:, None])["entropies"]
    assert 0.99 * math.log(2) < entropy <= math.log(2)


def test_only_the_surest_half_counts_and_one_answer_alone_is_no_attribute():
    latents = np.linspace(-1, 1, 100)[:, None]
    logits = np.where(np.abs(latents) > 0.5, latents, -0.01 * latents)
    found = separability(latents, np.concatenate([logits, np.ones((100, 1))], 1))
    assert found == {"score": 1.0, "entropies": [0.0, 0.0], "constant": 1}
    with pytest.raises(ValueError, match="3 latents"):
        separability(np.zeros((3, 2)), np.zeros((3, 1)))


def test_a_spike_in_all_channels_stands_out_by_its_height():
    maps = np.full((2, 8, 8, 3), 0.5) * [1, 10, 100]
    maps[1, 2, 3] *= -20
    np.testing.assert_allclose(peaks(maps), [1, 20])


def test_spikes_of_different_channels_at_different_places_stand_out_less():
    together, apart = np.ones((2, 1, 8, 8, 4))
    together[0, 0, 0] = 20
    for channel in range(4):
        apart[0, channel, channel, channel] = 20
    # Each channel has the mean square (63 + 400) / 64; a fourth of the energy is in each place.
    assert peaks(apart)[0] == pytest.approx(math.sqrt((400 + 3) / 4))
    assert peaks(together)[0] == pytest.approx(20)


def test_channels_without_any_value_change_nothing():
    maps = rng().normal(size=(3, 4, 4, 2))
    np.testing.assert_allclose(peaks(np.concatenate([maps, np.zeros_like(maps)], -1)), peaks(maps))
    lonely = np.zeros((2, 4, 4, 1))
    lonely[1, 0, 0] = 1
    np.testing.assert_array_equal(peaks(lonely), [1, np.inf])


def test_details_are_what_half_the_resolution_loses():
    coarse = np.repeat(np.repeat(rng().normal(size=(2, 3, 3, 1)), 2, 1), 2, 2)
    np.testing.assert_allclose(detail(coarse), 0, atol=1e-12)
    fine = rng().normal(size=(2, 6, 6, 1))
    np.testing.assert_allclose(detail(fine + coarse), detail(fine))


def moving(count):
    """One bright pixel, which moves two pixels to the right from frame to frame."""
    frames = np.zeros((count, 4, 2 * count, 1))
    for k in range(count):
        frames[k, 1, 2 * k] = 1
    return frames


def test_what_is_glued_stays_and_what_moves_does_not():
    glued = np.repeat(moving(5)[:1], 5, 0)
    assert share_that_stays(glued) == pytest.approx(1)
    assert share_that_stays(glued + np.arange(5)[:, None, None, None]) == pytest.approx(1)
    assert share_that_stays(moving(5)) == pytest.approx(0, abs=1e-12)
    both = np.concatenate([glued, moving(5)], -1)
    assert share_that_stays(both) == pytest.approx(0.5)


@pytest.mark.long
def test_the_least_share_is_that_of_details_that_cancel():
    pattern = rng().normal(size=(1, 4, 4, 2))
    assert share_that_stays(np.concatenate([pattern, -pattern])) == pytest.approx(-1)
    assert share_that_stays(np.ones((3, 4, 4, 1))) == 1
    with pytest.raises(ValueError, match="1 frames"):
        share_that_stays(pattern)
