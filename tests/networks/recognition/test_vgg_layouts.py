"""The published layouts of VGG's weights: names, axes, preprocessing, and files that are something else."""

import jax
import numpy as np
import pytest

from gan_jax.networks.recognition import vgg_layouts
from gan_jax.networks.recognition.vgg import VGG, convolutions, shapes

# The places of the convolutions in torch's modules, as the specification has read them off.
TORCHVISION_19 = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
TORCHVISION_16 = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
NORMALISED = (2, 5, 9, 12, 16, 19, 22, 25, 29, 32, 35, 38, 42, 45, 48, 51)


def kernels(depth, through):
    """Random kernels OIHW and biases by convolution."""
    rng = np.random.default_rng(0)
    return {
        name: (rng.normal(0, 0.1, (outputs, inputs, 3, 3)).astype(np.float16), rng.normal(0, 0.1, outputs))
        for name, (inputs, outputs) in shapes(depth).items()
        if name in convolutions(depth, through)
    }


def torchvision(depth=19, through="conv2_1", places=None):
    places = places or {16: TORCHVISION_16, 19: TORCHVISION_19}[depth]
    found = {}
    for place, (kernel, bias) in zip(places, kernels(depth, through).values(), strict=False):
        found |= {f"features.{place}.weight": kernel, f"features.{place}.bias": bias.astype(np.float32)}
    return found


def normalised(through="conv2_1"):
    found = {k.removeprefix("features."): v for k, v in torchvision(19, through, NORMALISED).items()}
    rng = np.random.default_rng(1)
    first = {"0.weight": rng.normal(size=(3, 3, 1, 1)), "0.bias": rng.normal(size=3)}
    return {**{name: tensor.astype(np.float32) for name, tensor in first.items()}, **found}


def caffe(depth=16, through="conv2_1"):
    found = {}
    for name, (kernel, bias) in kernels(depth, through).items():
        found |= {f"{name}.weight": kernel, f"{name}.bias": bias.astype(np.float32)}
    return found


def hed(through="conv2_1"):
    found = {"fuse/vars/0": np.zeros((1, 1, 5, 1)), "dsn1/vars/1": np.zeros(1)}
    for name, (kernel, bias) in kernels(16, through).items():
        group, i = name.removeprefix("conv").split("_")
        start = f"block{group}/layers/" + ("conv2d" if i == "1" else f"conv2d_{int(i) - 1}") + "/vars/"
        found |= {start + "0": kernel.transpose(2, 3, 1, 0), start + "1": bias.astype(np.float32)}
    return found


def by_unit(x, tensors):
    return (x - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])


def by_own(x, tensors):
    return np.einsum("bhwc,oc->bhwo", x, tensors["0.weight"][:, :, 0, 0]) + tensors["0.bias"]


def by_bytes(mean):
    return lambda x, tensors: 255 * x[..., ::-1] - np.array(mean)


@pytest.mark.parametrize(
    ("tensors", "prepare", "padding"),
    [
        (torchvision(), by_unit, "zero"),
        (normalised(), by_own, "reflect"),
        (caffe(), by_bytes((103.939, 116.779, 123.68)), "zero"),
        (hed(), by_bytes((104.00699, 116.66877, 122.67892)), "zero"),
    ],
    ids=["torchvision", "normalised", "caffe", "hed"],
)
def test_a_layout_gives_its_network_on_pictures_prepared_as_it_asks(tensors, prepare, padding):
    settings, variables = vgg_layouts.read(tensors)
    assert (settings["padding"], settings["pool"]) == (padding, "max")
    assert settings["through"] == "relu2_1"
    unit = np.random.default_rng(2).random((2, 6, 6, 3))
    network = VGG(**settings)
    layers = ("conv1_1", "relu2_1")
    found = network.apply(variables, (2 * unit - 1).astype(np.float32), layers)
    # The same convolutions behind an input that does nothing, on pictures prepared by hand.
    params = {name: {"kernel": np.float32(kernel.transpose(2, 3, 1, 0)), "bias": np.float32(bias)}
              for name, (kernel, bias) in kernels(19, "conv2_1").items()}  # fmt: skip
    params["input"] = {"kernel": np.eye(3, dtype=np.float32), "bias": np.zeros(3, np.float32)}
    wanted = network.apply({"params": params}, np.float32(prepare(unit, tensors)), layers)
    for name in layers:
        scale = np.abs(wanted[name]).max()
        np.testing.assert_allclose(found[name] / scale, wanted[name] / scale, atol=2e-6)


@pytest.mark.parametrize(
    ("tensors", "depth", "through"),
    [
        (torchvision(19, "conv4_1"), 19, "relu4_1"),
        (torchvision(16, "conv4_1"), 16, "relu4_1"),
        (caffe(19, "conv3_4"), 19, "relu3_4"),
        (caffe(16, "conv4_1"), 16, "relu4_1"),  # all its names are a VGG-19's too; conv3_4 is missing
    ],
    ids=["torchvision19", "torchvision16", "caffe19", "caffe16"],
)
def test_the_depth_is_told_by_the_names(tensors, depth, through):
    settings, variables = vgg_layouts.read(tensors)
    assert (settings["depth"], settings["through"]) == (depth, through)
    wanted = jax.eval_shape(VGG(**settings).init, jax.random.key(0), np.zeros((1, 32, 32, 3), np.float32))
    assert jax.tree.map(np.shape, variables) == jax.tree.map(np.shape, wanted)


def test_a_file_that_ends_early_is_of_the_depth_that_is_asked():
    assert vgg_layouts.read(torchvision())[0]["depth"] == 19
    assert vgg_layouts.read(torchvision(), 16)[0]["depth"] == 16


def test_the_classifier_of_a_file_is_left_out():
    found = vgg_layouts.read({**torchvision(), "classifier.0.weight": np.zeros((2, 2))})[1]
    jax.tree.map(np.testing.assert_array_equal, found, vgg_layouts.read(torchvision())[1])


BATCH_NORM = {"features.0.weight": np.zeros((64, 3, 3, 3)), "features.1.running_mean": np.zeros(64)}


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({}, r"expected one of features\.0\.weight \(torchvision's names\), .* found no tensor$"),
        ({"w": 0}, r"^no VGG's first convolution is there; .*conv1_1\.weight \(Caffe's names\).* found w$"),
        (
            {**torchvision(), "features.2.weight": np.zeros((64, 3, 3, 3))},
            r"^tensor features\.2\.weight has shape \[64, 3, 3, 3\]; expected \[64, 64, 3, 3\]$",
        ),
        (
            {k: v for k, v in caffe().items() if k != "conv1_2.weight"},
            r"^tensor conv1_2\.weight is missing, \[64, 64, 3, 3\]$",
        ),
        (
            {k: v for k, v in normalised().items() if k != "0.bias"},
            r"^tensor 0\.bias is missing, \[3\]$",
        ),
        ({**caffe(), "conv1_1.bias": np.zeros(64, int)}, r"^tensor conv1_1\.bias is int64; expected floats$"),
        ({**caffe(), "conv1_1.bias": np.full(64, np.nan)}, r"^tensor conv1_1\.bias is not finite$"),
        (BATCH_NORM, r"^tensor features\.1\.running_mean is not part of a VGG without batch norm in torchvi"),
    ],
)
def test_other_weights_are_refused(tensors, message):
    with pytest.raises(ValueError, match=message):
        vgg_layouts.read(tensors)


def test_another_depth_than_asked_is_refused():
    with pytest.raises(ValueError, match=r"^it holds a VGG-19; expected a VGG-16$"):
        vgg_layouts.read(torchvision(19, "conv3_4"), 16)
