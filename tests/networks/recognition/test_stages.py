"""f and its classifier: parameter counts, grey input, the order of layers, folded batch norm."""

import counting
import flax.linen as nn
import jax
import jax.numpy as jnp
import levels
import numpy as np
import pytest
from PIL import Image

from gan_jax.networks.recognition.stages import Classifier, Features, fold_batch_norm, last_window

SMALL = (4, 6, 8, 5)


def images(channels=3, count=3):
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (count, 32, 32, channels)).astype(np.float32)


def count(module, channels=3, **kwargs):
    shape = (1, 32, 32, channels)
    variables = jax.eval_shape(lambda: module.init(jax.random.key(0), np.zeros(shape), **kwargs))
    return sum(int(np.prod(leaf.shape)) for leaf in jax.tree.leaves(variables["params"]))


def test_f_has_the_parameters_of_the_table():
    assert count(Features()) == 665856
    assert count(Classifier(), train=False) == 667146


def test_doubled_layers_are_the_first_three():
    extra = sum(9 * width * width + width for width in (64, 128, 256))
    assert count(Features(convs_per_block=2)) == 665856 + extra


def test_one_channel_needs_no_parameters_of_its_own():
    assert count(Features(), channels=1) == 665856


def test_f_of_grey_is_f_of_its_replication():
    module, grey = Features(SMALL), images(1)
    variables = counting.drawn(module, grey)
    z = module.apply(variables, grey)
    assert z.shape == (3, 5)
    np.testing.assert_allclose(z, module.apply(variables, np.repeat(grey, 3, -1)), atol=1e-6)


def test_features_are_those_of_the_stages_written_out():
    module, x = Features(SMALL), images()
    variables = counting.drawn(module, x)
    variables["params"]["conv_last"]["bias"] = np.full(5, -5.0, np.float32)

    @jax.jit
    def written_out(h, params):
        for i, (width, pool) in enumerate(zip(SMALL, (2, 2, 2, 4), strict=True)):
            layer = {"params": params["conv_last" if i == 3 else f"conv_{i}_0"]}
            h = nn.max_pool(nn.Conv(width, (3, 3)).apply(layer, h), (pool, pool), (pool, pool))
            h = h if i == 3 else jnp.maximum(h, 0)
        return h[:, 0, 0]

    z = module.apply(variables, x)
    np.testing.assert_allclose(z, written_out(x, variables["params"]), atol=1e-5)
    assert float(z.max()) < 0  # no ReLU follows the last stage


@pytest.mark.parametrize(
    ("size", "stages", "window"), [(32, 4, 4), (64, 5, 4), (128, 6, 4), (96, 5, 6), (64, 4, 8), (152, 4, 19)]
)
def test_the_last_stage_pools_what_the_others_leave(size, stages, window):
    assert last_window(size, stages) == window
    module = Features((4,) * (stages - 1) + (6,))
    x = np.zeros((2, size, size, 3))
    assert jax.eval_shape(lambda: module.init_with_output(jax.random.key(0), x)[0]).shape == (2, 6)


@pytest.mark.parametrize(("size", "stages", "multiple"), [(152, 5, 16), (30, 4, 8), (4, 4, 8)])
def test_a_size_that_does_not_come_down_is_refused(size, stages, multiple):
    message = (
        f"images of {size} pixels do not come down to one in {stages} stages: "
        f"{size} is no multiple of {multiple}"
    )
    with pytest.raises(ValueError) as error:
        jax.eval_shape(lambda: Features((4,) * stages).init(jax.random.key(0), np.zeros((1, size, size, 3))))
    assert str(error.value) == message


@levels.parametrize("size", [24, 48])
def test_images_of_other_sizes_are_resized_before_the_first_layer(size):
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, (2, size, size, 1)).astype(np.float32)
    resized = np.stack([
        np.asarray(Image.fromarray(image[..., 0]).resize((32, 32), Image.Resampling.BILINEAR)) for image in x
    ])[..., None]  # fmt: skip
    variables = counting.drawn(Features(SMALL), resized)
    found = Features(SMALL, input_size=32).apply(variables, x)
    np.testing.assert_allclose(found, Features(SMALL).apply(variables, resized), rtol=1e-4, atol=1e-5)
    whole = Classifier(SMALL, 7, input_size=32)
    assert jax.eval_shape(lambda: whole.init_with_output(jax.random.key(0), x, train=False)[0]).shape == (
        2,
        7,
    )


def test_without_classes_there_is_no_head_and_features_come_out_as_they_are():
    module, x = Classifier(SMALL, 0), images()
    variables = counting.drawn(module, x, train=False)
    assert set(variables["params"]) == {"features"}
    variables["params"]["features"]["conv_last"]["bias"] = np.full(5, -5.0, np.float32)
    z = Features(SMALL).apply({"params": variables["params"]["features"]}, x)
    np.testing.assert_array_equal(module.apply(variables, x, train=False), z)
    assert float(z.max()) < 0


def test_the_head_sees_rectified_features():
    module, x = Classifier(SMALL, 7), images()
    variables = counting.drawn(module, x, train=False)
    z = Features(SMALL).apply({"params": variables["params"]["features"]}, x)
    head = variables["params"]["head"]
    logits = module.apply(variables, x, train=False)
    assert logits.shape == (3, 7)
    np.testing.assert_allclose(logits, np.maximum(z, 0) @ head["kernel"] + head["bias"], atol=1e-5)


def test_dropout_acts_in_training_alone():
    module, x = Classifier(SMALL, dropout=0.5), images()
    variables = counting.drawn(module, x, train=False)
    evaluated = module.apply(variables, x, train=False)
    np.testing.assert_array_equal(evaluated, Classifier(SMALL).apply(variables, x, train=False))
    drawn = [module.apply(variables, x, train=True, rngs={"dropout": jax.random.key(i)}) for i in (1, 2)]
    assert not np.allclose(drawn[0], drawn[1])


def trained(convs_per_block):
    """Variables of a classifier with running statistics and scales far from their initial values."""
    module = Classifier(SMALL, convs_per_block=convs_per_block, batch_norm=True)
    rng = np.random.default_rng(1)
    move = lambda x: x + np.float32(0.5 * rng.uniform(size=x.shape)) if x.ndim == 1 else x  # noqa: E731
    return jax.tree.map(move, counting.drawn(module, images(), train=False))


@levels.parametrize("convs_per_block", [1, 2])
def test_folded_batch_norm_computes_the_same_features(convs_per_block):
    variables = trained(convs_per_block)
    own = {name: tree["features"] for name, tree in variables.items()}
    want = Features(SMALL, convs_per_block, batch_norm=True).apply(own, images(), train=False)
    plain = Features(SMALL, convs_per_block)
    params = jax.device_get(fold_batch_norm(variables))
    shape = jax.eval_shape(lambda: plain.init(jax.random.key(0), images()))["params"]
    assert jax.tree.map(np.shape, params) == jax.tree.map(np.shape, shape)
    np.testing.assert_allclose(plain.apply({"params": params}, images()), want, rtol=1e-4, atol=1e-4)


def test_folding_leaves_the_given_variables_alone():
    variables = trained(1)
    before = jax.tree.map(np.array, variables)
    fold_batch_norm(variables)
    jax.tree.map(np.testing.assert_array_equal, before, variables)


def test_folding_without_batch_norm_returns_the_features_parameters():
    variables = counting.drawn(Classifier(SMALL), images(), train=False)
    params = fold_batch_norm({**variables, "batch_stats": {}})
    jax.tree.map(np.testing.assert_array_equal, params, dict(variables["params"]["features"]))


def test_the_last_convolution_has_no_batch_norm():
    params = trained(2)["params"]["features"]
    assert {name for name in params if "norm" in name} == {
        f"norm_{s}_{i}" for s in range(3) for i in range(2)
    }
