"""Residual blocks written out, conditional batch norm, pooling of the head, projection; 101 layers."""

import counting
import jax
import levels
import numpy as np
import programs
import pytest
from jax import lax

from gan_jax.networks.generation.bottleneck_resnet import Bottleneck
from gan_jax.networks.generation.catalogue import discriminator, generator
from gan_jax.networks.generation.resnet import ConditionalBatchNorm, ResBlock, ResNetDiscriminator

LAYOUT = ("NHWC", "HWIO", "NHWC")


def variables_of(module, *inputs):
    """Random variables of a layer called as `module(*inputs, train)`."""
    return counting.filled(jax.eval_shape(lambda: module.init(jax.random.key(0), *inputs)))


@programs.one_program
def conv(x, layer, stride=1):
    y = lax.conv_general_dilated(x, layer["kernel"], (stride, stride), "SAME", dimension_numbers=LAYOUT)
    return y + layer.get("bias", 0)


def pooled(x):
    return x.reshape(len(x), x.shape[1] // 2, 2, x.shape[2] // 2, 2, -1).mean((2, 4))


def doubled(x):
    return x.repeat(2, 1).repeat(2, 2)


def relu(x):
    return np.maximum(x, 0)


def test_a_block_that_halves_means_after_its_convolutions():
    x, block = counting.normal(2, 8, 8, 3), ResBlock(5, "down")
    variables = variables_of(block, x, False)
    p = variables["params"]
    expected = pooled(conv(relu(conv(relu(x), p["conv_1"])), p["conv_2"])) + pooled(conv(x, p["shortcut"]))
    np.testing.assert_allclose(block.apply(variables, x, False), expected, rtol=1e-4, atol=1e-5)
    assert p["conv_1"]["kernel"].shape == (3, 3, 3, 3)


def test_the_first_block_takes_the_image_unrectified():
    x, block = counting.normal(2, 8, 8, 3), ResBlock(5, "down", raw=True)
    variables = variables_of(block, x, False)
    p = variables["params"]
    expected = pooled(conv(relu(conv(x, p["conv_1"])), p["conv_2"])) + conv(pooled(x), p["shortcut"])
    np.testing.assert_allclose(block.apply(variables, x, False), expected, rtol=1e-4, atol=1e-5)


def test_a_block_that_doubles_repeats_pixels_before_its_convolutions():
    x, block = counting.normal(2, 4, 4, 3), ResBlock(3, "up")
    variables = variables_of(block, x, False)
    p = variables["params"]
    expected = conv(relu(conv(doubled(relu(x)), p["conv_1"])), p["conv_2"]) + conv(doubled(x), p["shortcut"])
    np.testing.assert_allclose(block.apply(variables, x, False), expected, rtol=1e-4, atol=1e-5)


def test_a_block_that_keeps_size_and_width_has_the_identity_for_shortcut():
    x, block = counting.normal(2, 4, 4, 3), ResBlock(3)
    variables = variables_of(block, x, False)
    assert set(variables["params"]) == {"conv_1", "conv_2"}
    silent = jax.tree.map(np.zeros_like, variables)
    np.testing.assert_array_equal(block.apply(silent, x, False), x)


def test_conditional_batch_norm_gives_each_example_its_classes_scale_and_shift():
    x, label = counting.normal(4, 5, 5, 3), np.eye(4, dtype=np.float32)
    variables = variables_of(ConditionalBatchNorm(), x, True, label)
    out, _ = ConditionalBatchNorm().apply(variables, x, True, label, mutable=["batch_stats"])
    centred = (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + 1e-5)
    scales, shifts = (np.asarray(variables["params"][name])[:, None, None] for name in ("scales", "shifts"))
    np.testing.assert_allclose(out, centred * scales + shifts, rtol=1e-3, atol=1e-4)


def test_labels_choose_scales_and_do_not_reach_the_linear_layer():
    shapes = counting.generator("resnet", 138, size=32, num_classes=10)["params"]
    assert shapes["project"]["kernel"].shape[0] == 128
    assert shapes["block_0"]["norm_1"]["scales"].shape == (10, 128)
    assert set(shapes["norm"]) == {"scale", "bias"}
    # Without batch norm, labels cannot choose scales, so they are inputs.
    plain = counting.generator("resnet", 138, size=32, num_classes=10, norm="none")["params"]
    assert plain["project"]["kernel"].shape[0] == 138


def test_a_sum_over_pixels_is_a_mean_times_their_number():
    x = counting.normal(2, 8, 8, 1)
    mean, total = (ResNetDiscriminator((4, 4), head=head, head_bias=False) for head in ("mean", "sum"))
    variables = counting.filled(counting.variables(mean, x.shape))
    expected = 4 * mean.apply(variables, x, False)  # both blocks halve the size, so 2 x 2 pixels remain
    np.testing.assert_allclose(total.apply(variables, x, False), expected, rtol=1e-4, atol=1e-6)
    with pytest.raises(ValueError, match="head='max' is not allowed; allowed: mean, sum, flat"):
        counting.variables(ResNetDiscriminator((4,), head="max"), x.shape)


def test_projection_adds_the_product_of_embedding_and_features_to_realness_alone():
    x, c = counting.normal(2, 8, 8, 1), np.eye(3, dtype=np.float32)[[2, 0]]
    module = ResNetDiscriminator((4,), classes=2, head="sum", projection=True)
    variables = counting.filled(counting.variables(module, x.shape, c.shape))
    params = variables["params"]
    features = module.clone(classes=4, head_bias=False, projection=False)
    eye = {"block_0": params["block_0"], "logits": {"kernel": np.eye(4, dtype=np.float32)}}
    h = np.asarray(features.apply({"params": eye}, x, False))
    expected = np.array(h @ params["logits"]["kernel"] + params["logits"]["bias"])
    expected[:, 0] += (np.asarray(params["embedding"]["kernel"])[[2, 0]] * h).sum(1)
    np.testing.assert_allclose(module.apply(variables, x, False, c), expected, rtol=1e-4, atol=1e-5)


@levels.parametrize(("size", "layers"), [(32, 35), (64, 101)])
def test_bottlenecks_make_101_layers_at_64_pixels_and_35_at_32(size, layers):
    for kind, shape in ((generator, (1, 128)), (discriminator, (1, size, size, 3))):
        params = counting.variables(kind("grid_resnet", size=size, channels=3), shape)["params"]
        blocks = [tree for tree in params.values() if "conv_1" in tree]
        assert all({"conv_1", "conv_2", "conv_3", "norm"} <= set(tree) for tree in blocks)
        assert 3 * len(blocks) + len(params) - len(blocks) == layers


@pytest.mark.parametrize("resample", ["none", "down", "up"])
def test_a_bottlenecks_branch_has_weight_three_tenths(resample):
    x, block = counting.normal(2, 4, 4, 4), Bottleneck(4, resample, norm="none")
    variables = variables_of(block, x, False)
    p = variables["params"]
    mute = {**p, "conv_3": jax.tree.map(np.zeros_like, p["conv_3"])}
    shortcut = block.apply({"params": mute}, x, False)
    if resample == "none":
        branch = conv(relu(conv(relu(conv(relu(x), p["conv_1"])), p["conv_2"])), p["conv_3"])
        np.testing.assert_allclose(block.apply(variables, x, False), x + 0.3 * branch, rtol=1e-4, atol=1e-5)
    elif resample == "down":
        branch = conv(relu(conv(relu(conv(relu(x), p["conv_1"])), p["conv_2"], 2)), p["conv_3"])
        expected = conv(x, p["shortcut"], 2) + 0.3 * branch
        np.testing.assert_allclose(block.apply(variables, x, False), expected, rtol=1e-4, atol=1e-5)
    else:
        wide = conv(x, p["shortcut"])
        for i in range(2):
            for j in range(2):
                part = wide[..., 4 * (2 * i + j) : 4 * (2 * i + j) + 4]
                np.testing.assert_allclose(shortcut[:, i::2, j::2], part, rtol=1e-4, atol=1e-5)


def test_the_101_layers_output_is_divided_by_five():
    module = generator("grid_resnet", size=32, width=4, blocks=(0, 0, 0, 0))
    z = counting.normal(2, 6)
    variables = counting.filled(counting.variables(module, z.shape))
    head = variables["params"]["to_image"]
    head["kernel"], head["bias"] = np.zeros_like(head["kernel"]), np.full(1, 3.0, np.float32)
    out = module.apply(variables, z, False)
    np.testing.assert_allclose(out, np.tanh(0.6), rtol=1e-5)
