"""Generator and discriminator: published parameter counts, shapes, ranges, and the places of batch norm."""

import counting
import jax
import jax.numpy as jnp
import numpy as np
import programs
import pytest
from jax import lax

from gan_jax.networks.generation.dcgan import Discriminator, Generator

G = {"paper": (512, 256, 128), "half": (256, 128, 64), "lite": (128, 64, 32)}
D = {"paper": (128, 256, 512), "half": (64, 128, 256), "lite": (32, 64, 128)}


def shapes(module, *shape):
    """Shapes of the module's variables; nothing is computed."""
    return jax.eval_shape(lambda: module.init(jax.random.key(0), jnp.zeros(shape), train=False))


def count(tree):
    return sum(int(np.prod(leaf.shape)) for leaf in jax.tree.leaves(tree))


def images(count=4, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, 32, 32, 1)).astype(np.float32)


@programs.one_program
def strided(x, kernel):
    return lax.conv_general_dilated(x, kernel, (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


@pytest.mark.parametrize(
    ("scale", "params", "stats"), [("paper", 3673857, 1792), ("half", 1181569, 896), ("lite", 426945, 448)]
)
def test_generator_has_the_parameters_of_the_table(scale, params, stats):
    variables = shapes(Generator(G[scale]), 1, 128)
    assert (count(variables["params"]), count(variables["batch_stats"])) == (params, stats)


@pytest.mark.parametrize(
    ("scale", "params", "stats"), [("paper", 2649731, 1536), ("half", 669507, 768), ("lite", 170915, 384)]
)
def test_ternary_discriminator_has_the_parameters_of_the_table(scale, params, stats):
    variables = shapes(Discriminator(D[scale], classes=3), 1, 32, 32, 1)
    assert (count(variables["params"]), count(variables["batch_stats"])) == (params, stats)


@pytest.mark.parametrize(("scale", "params"), [("paper", 2633345), ("half", 661313)])
def test_binary_discriminator_has_the_parameters_of_the_table(scale, params):
    assert count(shapes(Discriminator(D[scale], classes=1), 1, 32, 32, 1)["params"]) == params


def test_three_channels_have_the_parameters_of_the_table():
    assert count(shapes(Generator(out_channels=3), 1, 128)["params"]) == 3677955
    assert count(shapes(Discriminator(classes=3), 1, 32, 32, 3)["params"]) == 2653827


def test_faces_have_the_parameters_of_the_table():
    # g of 256 features to 64 pixels with a 1x1 convolution in each of four blocks; D of 152 pixels, where
    # every strided layer is normalised: 152, 76, 38, 19, 10, 5, 3.
    g = shapes(Generator((512, 256, 128, 64), 3, pointwise=True), 1, 256)["params"]
    assert count(g) == 5204739
    assert count(g) - count(shapes(Generator((512, 256, 128, 64), 3), 1, 256)["params"]) == sum(
        width * width + 2 * width for width in (512, 256, 128, 64)
    )
    d = Discriminator((64, 128, 256, 512, 512, 512), classes=3, first_norm=True)
    variables = shapes(d, 1, 152, 152, 3)["params"]
    assert count(variables) == 11161987
    assert variables["logits"]["kernel"].shape == (3, 3, 512, 3)
    assert {name for name in variables if "bias" not in variables[name]} == {f"down_{i}" for i in range(6)}


def test_pointwise_layers_mix_channels_between_the_doublings_and_not_after_rgb():
    module = Generator((8, 4), 3, pointwise=True)
    variables = counting.drawn(module, np.ones((2, 5), np.float32), train=False)
    kernels = {f"mix_{i}": variables["params"][f"mix_{i}"]["kernel"].shape for i in (0, 1)}
    assert kernels == {"mix_0": (1, 1, 8, 8), "mix_1": (1, 1, 4, 4)}
    # With identity kernels and neutral norms, these layers leave rectified values unchanged.
    same = jax.tree.map(np.copy, variables)
    neutral = {"scale": np.ones, "bias": np.zeros, "mean": np.zeros, "var": np.ones}
    for i, width in enumerate((8, 4)):
        same["params"][f"mix_{i}"]["kernel"] = np.eye(width)[None, None] * (1 + 1e-5) ** 0.5
        for tree in same.values():
            norm = tree[f"mix_norm_{i}"]
            norm.update({name: neutral[name](width) for name in norm})
    z = np.random.default_rng(0).normal(size=(2, 5)).astype(np.float32)
    plain = {kind: {k: v for k, v in tree.items() if "mix" not in k} for kind, tree in variables.items()}
    expected = Generator((8, 4), 3).apply(plain, z, train=False)
    np.testing.assert_allclose(module.apply(same, z, train=False), expected, rtol=1e-4, atol=1e-7)
    assert np.abs(module.apply(variables, z, train=False) - expected).max() > 1e-6


@pytest.mark.parametrize(("widths", "size"), [((8, 4), 16), ((8, 8, 4), 32), ((8, 8, 8, 4), 64)])
def test_generator_doubles_four_pixels_once_for_each_width(widths, size):
    module = Generator(widths, 3)
    z = jax.ShapeDtypeStruct((2, 5), jnp.float32)
    out = jax.eval_shape(lambda z: module.init_with_output(jax.random.key(0), z, train=False)[0], z)
    assert out.shape == (2, size, size, 3)
    assert module.size == size


def test_generated_pixels_fill_the_range_of_tanh_and_no_more():
    module = Generator((16, 8, 8))
    z = 10 * counting.normal(4, 128)
    variables = counting.drawn(module, z, train=False)
    out = module.apply(variables, z, train=False)
    assert out.shape == (4, 32, 32, 1)
    assert np.abs(out).max() <= 1
    assert out.min() < -0.01 < 0.01 < out.max()


def test_kernels_are_drawn_from_a_normal_of_deviation_0_02():
    params = Generator((64, 32)).init(jax.random.key(0), np.zeros((1, 128), np.float32), train=False)[
        "params"
    ]
    for name in ("project", "up_1"):
        assert float(params[name]["kernel"].std()) == pytest.approx(0.02, rel=0.03)
    assert set(params["norm_0"]) == {"scale", "bias"}
    assert "bias" not in params["up_1"]
    assert params["to_image"]["bias"].shape == (1,)


def test_the_discriminators_initial_scale_is_a_choice():
    x = np.zeros((1, 32, 32, 1), np.float32)
    normal, lecun = (
        Discriminator((32, 64), init_scheme=scheme).init(jax.random.key(0), x, train=False)["params"]
        for scheme in ("normal", "lecun")
    )
    assert float(normal["down_1"]["kernel"].std()) == pytest.approx(0.02, rel=0.03)
    assert float(lecun["down_1"]["kernel"].std()) == pytest.approx((16 * 32) ** -0.5, rel=0.03)


def test_batch_norm_is_on_the_inner_layers_of_the_discriminator_alone():
    with_norm = shapes(Discriminator(D["lite"]), 1, 32, 32, 1)["params"]
    assert {name for name in with_norm if "norm" in name} == {"norm_1", "norm_2"}
    assert {name for name in with_norm if "bias" in with_norm[name]} == {
        "down_0", "norm_1", "norm_2", "logits"
    }  # fmt: skip
    without = shapes(Discriminator(D["lite"], batch_norm=False), 1, 32, 32, 1)
    assert set(without) == {"params"}
    assert all("bias" in layer for layer in without["params"].values())


@pytest.mark.parametrize(("batch_norm", "alone"), [(True, False), (False, True)])
def test_logits_depend_on_the_other_images_through_batch_norm_in_training_alone(batch_norm, alone):
    module = Discriminator((4, 8, 8), classes=3, batch_norm=batch_norm, init_scheme="lecun")
    variables = counting.drawn(module, images(), train=False)

    def first(others, train):
        x = np.concatenate([images(1), images(3, seed=others)])
        return module.apply(variables, x, train=train, mutable=["batch_stats"])[0][0]

    np.testing.assert_allclose(first(1, train=False), first(2, train=False), atol=1e-6)
    assert np.allclose(first(1, train=True), first(2, train=True), atol=1e-6) == alone


def test_training_moves_running_statistics_a_tenth_of_the_way():
    module = Discriminator((4, 8, 8), init_scheme="lecun")
    variables = counting.drawn(module, images(), train=False)
    _, new = module.apply(variables, images(), train=True, mutable=["batch_stats"])
    layers = variables["params"]
    hidden = strided(images(), layers["down_0"]["kernel"]) + layers["down_0"]["bias"]
    second = strided(np.where(hidden > 0, hidden, 0.2 * hidden), layers["down_1"]["kernel"])
    old, stats = (tree["batch_stats"]["norm_1"] for tree in (variables, new))
    mean, variance = second.mean((0, 1, 2)), second.var((0, 1, 2), ddof=1)
    np.testing.assert_allclose(stats["mean"], 0.9 * old["mean"] + 0.1 * mean, atol=1e-5)
    np.testing.assert_allclose(stats["var"], 0.9 * old["var"] + 0.1 * variance, atol=1e-5)


def test_logits_are_neither_rectified_nor_normalised():
    module = Discriminator((4, 8, 8), classes=3, init_scheme="lecun")
    variables = counting.drawn(module, images(), train=False)
    variables["params"]["logits"]["bias"] = np.array([-5.0, 0.0, 5.0])
    logits = module.apply(variables, images(), train=False)
    assert float(logits[:, 0].max()) < -2 < 2 < float(logits[:, 2].min())


def test_a_last_layer_of_zeros_gives_equal_probabilities():
    module = Discriminator((4, 8, 8), classes=3)
    variables = counting.drawn(module, images(), train=False)
    variables["params"]["logits"] = jax.tree.map(np.zeros_like, variables["params"]["logits"])
    np.testing.assert_array_equal(module.apply(variables, images(), train=False), 0)


def test_leaky_relu_has_slope_a_fifth():
    x = images()
    networks = {name: Discriminator((4,), 1, False, name) for name in ("relu", "leaky_relu")}
    params = counting.drawn(networks["relu"], x, train=False)["params"]
    params["logits"]["bias"][...] = 0
    # With large negative biases every unit is off: ReLU gives 0, leaky ReLU a fifth of its input.
    params["down_0"]["bias"] = np.full(4, -10.0)
    params["down_0"]["kernel"] = np.zeros_like(params["down_0"]["kernel"])
    params["logits"]["kernel"] = np.ones_like(params["logits"]["kernel"])
    relu, leaky = (m.apply({"params": params}, x, train=False) for m in networks.values())
    np.testing.assert_allclose(relu, 0.0)
    np.testing.assert_allclose(leaky, -0.2 * 10 * 4 * 16 * 16, rtol=1e-5)


def test_the_published_network_has_kernels_and_scales_drawn_with_deviation_0_02_and_no_bias():
    module = Generator((256, 128), start=7, norm_std=0.02, bias=False)
    params = module.init(jax.random.key(0), np.zeros((1, 10), np.float32), False)["params"]
    assert float(params["project"]["kernel"].std()) == pytest.approx(0.02, rel=0.02)
    scales = np.concatenate([params[f"norm_{i}"]["scale"] for i in (0, 1)])
    assert float(scales.std()) == pytest.approx(0.02, rel=0.1)
    assert float(scales.mean()) == pytest.approx(1, abs=0.005)
    assert {name for name in params if "bias" in params[name]} == {"norm_0", "norm_1"}
    assert module.size == 28
    without = shapes(Discriminator((8, 16), bias=False, batch_norm=False), 1, 28, 28, 1)["params"]
    assert all(set(layer) == {"kernel"} for layer in without.values())


def test_a_class_head_with_bias_comes_after_the_logits():
    module = Discriminator((4,), 1, False, bias=False, aux=3)
    variables = counting.drawn(module, images(), train=False)
    variables["params"]["aux"]["bias"] = np.array([1.0, 2.0, 3.0])
    variables["params"]["aux"]["kernel"] *= 0
    logits = module.apply(variables, images(), train=False)
    bare = {"params": {name: variables["params"][name] for name in ("down_0", "logits")}}
    alone = Discriminator((4,), 1, False, bias=False).apply(bare, images(), train=False)
    np.testing.assert_allclose(logits[:, :1], alone, rtol=1e-6)
    np.testing.assert_allclose(logits[:, 1:], [[1.0, 2.0, 3.0]] * 4, rtol=1e-6)
