"""VGG's layers, sizes, borders and poolings, and the normalisation of its activations."""

import math
import re

import counting
import jax
import levels
import numpy as np
import programs
import pytest

from gan_jax.networks.recognition import vgg
from gan_jax.networks.recognition.vgg import VGG

normalise_activations = programs.one_program(vgg.normalise_activations)


def pictures(height=16, width=16, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (2, height, width, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def variables():
    found = counting.drawn(VGG(through="relu3_2"), np.zeros((1, 8, 8, 3), np.float32))
    found["params"]["input"] = {"kernel": np.eye(3, dtype=np.float32), "bias": np.zeros(3, np.float32)}
    return found


def count(**fields):
    network = VGG(**fields)
    leaves = jax.eval_shape(lambda: network.init(jax.random.key(0), np.zeros((1, 32, 32, 3))))
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(leaves))


def test_parameters_are_vggs_and_twelve_of_the_input():
    assert count(through="conv5_4") - 12 == 20_024_384
    assert count(through="conv5_1") - 12 == 12_944_960
    assert count(through="conv4_2") - 12 == 5_865_536
    assert count(through="relu4_1") - 12 == 3_505_728
    assert count(depth=16, through="conv5_3") - 12 == 14_714_688


@pytest.mark.parametrize("padding", ["zero", "reflect"])
def test_every_group_halves_the_sides_and_rounds_up(padding):
    names = ("conv1_1", "relu2_2", "conv3_1", "relu4_4", "conv5_1")
    network = VGG(padding=padding, through="conv5_1")
    found = jax.eval_shape(
        lambda: network.init_with_output(jax.random.key(0), np.zeros((2, 37, 50, 3)), names)[0]
    )
    shapes = {"conv1_1": (37, 50, 64), "relu2_2": (19, 25, 128), "conv3_1": (10, 13, 256),
              "relu4_4": (5, 7, 512), "conv5_1": (3, 4, 512)}  # fmt: skip
    assert {name: maps.shape for name, maps in found.items()} == {n: (2, *s) for n, s in shapes.items()}


@pytest.mark.long
def test_a_relu_is_the_convolution_without_its_negative_part(variables):
    maps = VGG(through="relu3_2").apply(variables, pictures(), ("conv2_1", "relu2_1", "relu3_2"))
    np.testing.assert_array_equal(maps["relu2_1"], np.maximum(maps["conv2_1"], 0))
    assert (maps["conv2_1"] < 0).any()
    last = VGG(through="relu3_2").apply(variables, pictures())
    assert list(last) == ["relu3_2"]
    np.testing.assert_allclose(last["relu3_2"], maps["relu3_2"], rtol=1e-5)


@pytest.mark.parametrize(("pool", "reduce"), [("max", np.max), ("average", np.mean)])
def test_pools_take_windows_of_two_and_what_is_there_at_odd_edges(variables, pool, reduce):
    x = pictures(5, 6)
    maps = VGG(pool=pool, through="conv2_1").apply(vgg.part(variables, "conv2_1"), x, ("relu1_2", "conv2_1"))
    below = np.asarray(maps["relu1_2"])
    pooled = np.stack(
        [
            np.stack([reduce(below[:, i : i + 2, j : j + 2], axis=(1, 2)) for j in (0, 2, 4)], 1)
            for i in (0, 2, 4)
        ],
        1,
    )
    kernel, bias = variables["params"]["conv2_1"]["kernel"], variables["params"]["conv2_1"]["bias"]
    layout = ("NHWC", "HWIO", "NHWC")
    wanted = jax.lax.conv_general_dilated(pooled, kernel, (1, 1), "SAME", dimension_numbers=layout)
    np.testing.assert_allclose(maps["conv2_1"], wanted + bias, atol=1e-5)


def test_a_reflected_border_leaves_a_plain_picture_plain(variables):
    plain = np.full((1, 12, 12, 3), 0.3, np.float32)
    layers = ("conv1_1", "conv2_2")
    for padding, edge in (("reflect", 0.0), ("zero", 0.1)):
        network = VGG(padding=padding, through="conv2_2")
        maps = network.apply(vgg.part(variables, "conv2_2"), plain, layers)
        spread = [np.ptp(maps[name], axis=(1, 2)).max() for name in layers]
        assert min(spread) >= edge, padding
        assert edge or max(spread) < 1e-5


def test_zeros_lie_beyond_the_prepared_picture(variables):
    """The border is zero after `input`, as in the networks that the weights come from."""
    shifted = jax.tree.map(np.copy, vgg.part(variables, "conv1_1"))
    shifted["params"]["input"]["bias"] = np.array([1.0, 2.0, 3.0], np.float32)
    x, network = pictures(), VGG(through="conv1_1")
    wanted = network.apply(vgg.part(variables, "conv1_1"), x + np.array([1.0, 2.0, 3.0], np.float32))
    np.testing.assert_allclose(network.apply(shifted, x)["conv1_1"], wanted["conv1_1"], atol=1e-5)


@levels.parametrize(("pool", "padding"), [("max", "zero"), ("average", "reflect")], kept=("average",))
def test_normalised_filters_have_mean_one_and_the_function_keeps_up_to_scale(variables, pool, padding):
    network = VGG(pool=pool, padding=padding, through="relu3_2")
    moved = jax.tree.map(lambda leaf: leaf + np.float32(0.01) if leaf.ndim == 1 else leaf, variables)
    moved["params"]["conv2_1"]["bias"][5] = -1e3  # never active
    new, means = normalise_activations(network, moved, pictures())
    layers = [name.replace("conv", "relu") for name in vgg.convolutions(19, "relu3_2")]
    old = network.apply(moved, pictures(), layers)
    for name, active in network.apply(new, pictures(), layers).items():
        wanted = (old[name].mean((0, 1, 2)) > 0).astype(np.float32)
        assert 0.5 < wanted.mean() <= 1
        np.testing.assert_allclose(active.mean((0, 1, 2)), wanted, rtol=1e-3)
    other = pictures(seed=1)
    before, after = (network.apply(v, other)["relu3_2"] for v in (moved, new))
    np.testing.assert_allclose(after * means["conv3_2"], before, rtol=1e-3, atol=1e-4)
    assert np.ptp(means["conv1_1"]) > 0.1  # the filters were not normalised before


@pytest.mark.parametrize("floor", [0.5, 1.0])
def test_filters_below_the_floor_are_divided_by_the_floor(variables, floor):
    network = VGG(through="relu1_2")
    dim = jax.tree.map(np.copy, vgg.part(variables, "conv1_2"))
    dim["params"]["conv1_1"]["bias"] += 0.01
    dim["params"]["conv1_1"]["bias"][5] = -1e3  # never active
    layers = ("relu1_1", "relu1_2")
    old = network.apply(dim, pictures(), layers)
    new, _ = normalise_activations(network, dim, pictures(), floor)
    for name, active in network.apply(new, pictures(), layers).items():
        means = old[name].mean((0, 1, 2))
        least = floor * means.mean()
        assert 0 < (means < least).mean() < 1
        np.testing.assert_allclose(active.mean((0, 1, 2)), means / np.maximum(means, least), rtol=1e-3)


def test_the_deepest_layer_and_the_part_through_it(variables):
    assert vgg.deepest(["relu4_2", "conv4_2", "relu3_4"]) == "relu4_2"
    assert set(vgg.part(variables, "relu2_1")["params"]) == {"input", "conv1_1", "conv1_2", "conv2_1"}
    with pytest.raises(ValueError, match=r"^the weights end before layer conv4_1; they have conv1_1, "):
        vgg.part(variables, "conv4_1")


@pytest.mark.parametrize(
    ("fields", "side", "layers", "message"),
    [
        ({"depth": 18}, 8, (), r"^depth=18 is not allowed; allowed: 16, 19$"),
        ({"pool": "mean"}, 8, (), r"^pool='mean' is not allowed; allowed: max, average$"),
        ({"padding": "same"}, 8, (), r"^padding='same' is not allowed; allowed: zero, reflect$"),
        ({"through": "conv9_1"}, 8, (), r"^layer 'conv9_1' is not known; .* to relu5_4$"),
        ({"through": "relu2_1"}, 8, ("conv2_2",), r"^layer 'conv2_2' is not known; .* to relu2_1$"),
        ({"depth": 16, "through": "conv3_4"}, 8, (), r"to relu5_3$"),
        ({"through": "relu4_1"}, 7, (), r"^images of 7 x 7 pixels are too small for layer relu4_1; .* 8 or "),
        ({"through": "relu4_1", "padding": "reflect"}, 8, (), r"small for layer relu4_1; allowed: 9 or m"),
    ],
)  # fmt: skip
def test_unknown_layers_and_small_images_are_refused(fields, side, layers, message):
    with pytest.raises(ValueError) as error:
        VGG(**fields).apply({"params": {}}, np.zeros((1, side, side, 3), np.float32), layers)
    assert re.search(message, str(error.value))  # without the notes that jax may add
