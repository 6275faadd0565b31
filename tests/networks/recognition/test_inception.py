"""FID's Inception against its PyTorch port, its resizing against Pillow, and its weights' names."""

import math

import inception_weights
import jax
import levels
import numpy as np
import programs
import pytest
from PIL import Image

from gan_jax.networks.recognition import inception

prepare = programs.one_program(inception.prepare)


@pytest.fixture(scope="module")
def tensors():
    return inception_weights.draw(inception.shapes())


def pictures():
    return np.random.RandomState(1).randint(0, 256, (2, 40, 28, 3)).astype(np.uint8)


def by_pillow(images):
    """clean-fid's resizing: Pillow's bicubic filter on each channel as floats, clipped and not rounded."""

    def one(channel):
        picture = Image.fromarray(channel.astype(np.float32))
        return np.asarray(picture.resize((299, 299), Image.Resampling.BICUBIC)).clip(0, 255)

    return np.stack([np.stack([one(image[..., c]) for c in range(3)], -1) for image in images])


@pytest.mark.long
def test_features_and_logits_are_those_of_the_port(tensors):
    # torchvision's inception_v3 with pytorch-fid's patches and clean-fid's resizing gave these numbers for
    # the same weights and images. torch-fidelity's extractor also agrees with ours to 2e-5.
    features, logits = jax.jit(inception.Inception().apply)(inception.variables(tensors), prepare(pictures()))
    assert features.shape == (2, 2048)
    assert logits.shape == (2, 1008)
    expected = [
        [0.00021622437634505332, 0.3489452600479126, 1.049730658531189, 1.414857268333435],
        [0.005099412519484758, 0.36537060141563416, 0.958362877368927, 1.4204049110412598],
    ]
    np.testing.assert_allclose(features[:, :4], expected, atol=1e-4)
    expected = [
        [8.918538093566895, 5.072950839996338, 2.5323057174682617, 1.9872616529464722],
        [8.889537811279297, 5.254173755645752, 2.4598453044891357, 2.1604650020599365],
    ]
    np.testing.assert_allclose(features[:, 2040:2044], expected, atol=1e-4)
    np.testing.assert_allclose(features.mean(1), [1.5690758, 1.5729405], atol=1e-5)
    np.testing.assert_allclose(features.std(1), [2.0962558, 2.101858], atol=1e-4)
    expected = [
        [4.429042339324951, 3.11214017868042, -2.732602834701538, -4.356624126434326],
        [4.449260234832764, 3.160203456878662, -2.809325695037842, -4.289315700531006],
    ]
    np.testing.assert_allclose(logits[:, :4], expected, atol=1e-4)
    np.testing.assert_allclose(logits, features @ tensors["fc.weight"].T, atol=1e-4)  # without a bias
    np.testing.assert_allclose(logits.std(1), [3.6440358, 3.653628], atol=1e-4)


@levels.parametrize(
    "shape", [(28, 28), (299, 299), (300, 320), (512, 400), (32, 48)], kept=((28, 28), (299, 299), (512, 400))
)
def test_resize_is_pillows(shape):
    images = np.random.RandomState(0).randint(0, 256, (2, *shape, 3)).astype(np.uint8)
    found = prepare(images) * 128 + 128
    np.testing.assert_allclose(found, by_pillow(images), atol=0.02)


def test_grey_is_replicated():
    grey = pictures()[..., :1]
    np.testing.assert_array_equal(prepare(grey), prepare(np.repeat(grey, 3, -1)))


def test_black_and_white_are_the_ends_of_the_range():
    ends = np.zeros((2, 40, 28, 1), np.uint8)
    ends[1] = 255
    found = prepare(ends)
    np.testing.assert_allclose(found[0], -1, atol=1e-6)
    np.testing.assert_allclose(found[1], 127 / 128, atol=1e-5)


def test_names_and_counts_are_those_of_the_shared_file():
    shapes = inception.shapes()
    assert len(shapes) == 94 * 5 + 1  # a kernel and four vectors of batch norm each, and the head
    # torchvision's count without the auxiliary head, and with 1008 classes without bias.
    trained = {name: shape for name, shape in shapes.items() if "running" not in name}
    assert sum(map(math.prod, trained.values())) == 21_785_568 + 2048 * 1008
    assert shapes["Conv2d_1a_3x3.conv.weight"] == (32, 3, 3, 3)
    assert shapes["Mixed_6c.branch7x7dbl_2.conv.weight"] == (160, 160, 7, 1)
    assert shapes["Mixed_6c.branch7x7dbl_3.conv.weight"] == (160, 160, 1, 7)
    assert shapes["Mixed_7c.branch_pool.bn.running_var"] == (192,)
    assert shapes["fc.weight"] == (1008, 2048)


def test_pools_leave_out_what_lies_beyond_the_edge():
    x = np.random.RandomState(0).uniform(1, 2, (1, 5, 5, 3)).astype(np.float32)
    for pool, corner in (("avg", x[:, :2, :2].mean((1, 2))), ("max", x[:, :2, :2].max((1, 2)))):
        block = inception.Mixed((), 4, pool)
        variables = block.init(jax.random.key(0), x)
        kernel = variables["params"]["branch_pool"]["conv"]["kernel"][0, 0]
        found = block.apply(variables, x)[:, 0, 0]
        np.testing.assert_allclose(found, np.maximum(corner @ kernel, 0) / np.sqrt(1 + 1e-3), rtol=1e-5)


def test_what_the_file_has_beside_is_left_out(tensors):
    extra = {"fc.bias": np.ones(1008), "Mixed_5b.branch1x1.bn.num_batches_tracked": np.array(0)}
    found = inception.variables({**tensors, **extra})
    jax.tree.map(np.testing.assert_array_equal, found, inception.variables(tensors))


NAME = "Mixed_6a.branch3x3.conv.weight"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({NAME: None}, rf"^tensor {NAME} is missing, \[384, 288, 3, 3\]$"),
        (
            {NAME: np.zeros((384, 3, 3, 288))},
            rf"^tensor {NAME} has shape \[384, 3, 3, 288\]; expected \[384, 288",
        ),
        (
            {"fc.weight": np.zeros((1000, 2048))},
            r"^tensor fc.weight has shape \[1000, 2048\]; expected \[1008",
        ),
        ({"fc.weight": np.full((1008, 2048), np.nan)}, r"^tensor fc.weight is not finite$"),
        ({"AuxLogits.fc.weight": np.zeros(3)}, r"^tensor AuxLogits.fc.weight is not part of FID's Inception"),
    ],
)
def test_other_weights_are_refused(tensors, change, message):
    changed = {name: tensor for name, tensor in {**tensors, **change}.items() if tensor is not None}
    with pytest.raises(ValueError, match=message):
        inception.variables(changed)
