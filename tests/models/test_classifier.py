"""The classifier: its losses, schedule, augmentation and refusals, on two devices."""

import functools
import math

import jax
import numpy as np
import optax
import pytest

from gan_jax import augment, losses, parallel
from gan_jax.models import classifier
from gan_jax.networks.perceptual import Features, fold_batch_norm

WIDTHS = (4, 4, 4, 8)


def pictures(size=8, seed=0):
    rng = np.random.default_rng(seed)
    image = rng.uniform(-1, 1, (size, 32, 32, 3)).astype(np.float32)
    return {"image": image, "image_label": rng.integers(0, 10, size).astype(np.int32)}


def attributes(size=8, columns=3, seed=0):
    labels = np.random.default_rng(seed).integers(0, 2, (size, columns)).astype(np.int32)
    return {"image": pictures(size, seed)["image"], "image_label": labels}


def features(size=8, columns=8, seed=0):
    wanted = np.random.default_rng(seed).normal(size=(size, columns)).astype(np.float32)
    return {"image": pictures(size, seed)["image"], "image_features": wanted}


def example(m):
    if m.pseudo_weight:
        return unlabelled(1)
    return {"classes": pictures, "attributes": attributes, "features": features}[m.objective](1)


def model(**fields):
    return classifier.Model(**{"widths": WIDTHS, **fields})


@functools.cache
def initial(m):
    """A state of `m.init`'s shapes, on the host, drawn by numpy."""
    rng = np.random.default_rng(0)
    shapes = jax.eval_shape(m.init, jax.random.key(0), example(m))

    def fill(path, leaf):
        name = path[-1].key if hasattr(path[-1], "key") else ""
        if name == "kernel":
            return rng.normal(0, 1.5 / math.sqrt(np.prod(leaf.shape[:-1])), leaf.shape).astype(np.float32)
        return (np.ones if name in ("scale", "var") else np.zeros)(leaf.shape, leaf.dtype)

    state = jax.tree_util.tree_map_with_path(fill, shapes)
    player = state.players["classifier"]
    zeros = jax.tree.map(np.zeros_like, player.opt_state)
    return state.replace(players={"classifier": player.replace(opt_state=zeros)})


@functools.cache
def compiled(m, seed=0):
    return parallel.pmap_step(m.train_step, seed)


def run(m, batches, state=None, seed=0, first=0):
    state = parallel.replicate(initial(m) if state is None else state)
    metrics = []
    for i, batch in enumerate(batches, first):
        clock = parallel.clock(i, 0, True)
        state, new = compiled(m, seed)(state, parallel.shard(batch), clock, "train")
        metrics.append(parallel.to_host(new))
    return state, metrics


def test_a_head_of_zeros_costs_log_10_and_hits_class_zero():
    m = model()
    state = initial(m)
    player = state.players["classifier"]
    params = {**player.params, "head": jax.tree.map(np.zeros_like, player.params["head"])}
    state = state.replace(players={"classifier": player.replace(params=params)})
    batch = pictures()
    _, (metrics,) = run(m, [batch], state)
    assert metrics["classifier/loss"] == pytest.approx(math.log(10), abs=1e-5)
    assert metrics["classifier/accuracy"] == pytest.approx((batch["image_label"] == 0).mean())


def test_the_loss_is_that_of_the_networks_logits_and_devices_agree():
    m = model()
    batch = pictures()
    player = initial(m).players["classifier"]
    logits = np.asarray(m.network.apply(player.variables, batch["image"], train=False), np.float64)
    log_p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    expected = -log_p[np.arange(8), batch["image_label"]].mean()
    state, (metrics,) = run(m, [batch])
    assert metrics["classifier/loss"] == pytest.approx(expected, rel=1e-4)
    for leaf in jax.tree.leaves(state):
        np.testing.assert_array_equal(leaf[0], leaf[1])


def test_a_step_lowers_the_loss_and_counts():
    m = model(learning_rate=3e-3)
    state, metrics = run(m, [pictures()] * 20)
    assert metrics[-1]["classifier/loss"] < metrics[0]["classifier/loss"] - 0.1
    assert int(parallel.unreplicate(state).step) == 20


def test_predictions_are_logits_and_use_running_statistics():
    m = model(batch_norm=True, dropout=0.5)
    state = initial(m)
    apply = parallel.pmap_apply(lambda state, batch, rng: m.predict(state, batch))
    batch = {"image": pictures()["image"]}
    whole = apply(parallel.replicate(state), batch)
    assert whole.shape == (8, 10)
    alone = apply(parallel.replicate(state), {"image": batch["image"][3:4]})
    np.testing.assert_allclose(alone[0], whole[3], rtol=1e-4, atol=1e-5)


def unlabelled(size=8, seed=0):
    more = np.random.default_rng(seed + 1).uniform(-1, 1, (size, 32, 32, 1)).astype(np.float32)
    return {**pictures(size, seed), "unlabelled": more}


def softmax(logits):
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


@pytest.mark.parametrize("threshold", [0.0, 0.15, 1.0])
def test_self_training_learns_the_networks_own_answers_where_it_is_sure(threshold):
    m = model(pseudo_weight=2.0, pseudo_threshold=threshold)
    batch = unlabelled()
    variables = initial(m).players["classifier"].variables
    given, own = (
        np.asarray(m.network.apply(variables, batch[role], train=False), np.float64)
        for role in ("unlabelled", "image")
    )
    state, (metrics,) = run(m, [batch], starting(m))
    usual = 0.95 * 0.1 + 0.05 * softmax(given).mean(0)
    np.testing.assert_allclose(parallel.unreplicate(state).memory["answers"], usual, rtol=1e-4)
    # Each device has half of the batch; with equal memories both align by the mean of all.
    aligned = softmax(given) / usual
    aligned /= aligned.sum(-1, keepdims=True)
    sure = aligned.max(-1) > threshold
    terms = -np.log(softmax(given))[np.arange(8), aligned.argmax(-1)]
    labelled = -np.log(softmax(own))[np.arange(8), batch["image_label"]].mean()
    assert metrics["classifier/sure"] == pytest.approx(sure.mean())
    assert metrics["classifier/pseudo"] == pytest.approx((sure * terms).mean(), rel=1e-3, abs=1e-6)
    expected = labelled + 2 * (sure * terms).mean()
    assert metrics["classifier/loss"] == pytest.approx(expected, rel=1e-3)


def starting(m):
    """The initial state, its answers as `init` has them."""
    return initial(m).replace(memory={"answers": np.full(10, 0.1, np.float32)})


def test_answers_start_uniform_and_a_role_without_images_is_refused():
    m = model(pseudo_weight=1.0)
    state = jax.jit(m.init)(jax.random.key(0), unlabelled(1))
    np.testing.assert_allclose(state.memory["answers"], 0.1, rtol=1e-6)
    with pytest.raises(ValueError, match=r"^the batch has no 'unlabelled'; it has image, image_label$"):
        m.init(jax.random.key(0), pictures(1))


def test_self_training_makes_answers_surer():
    m = model(pseudo_weight=1.0, pseudo_threshold=0.0, learning_rate=3e-3)
    _, metrics = run(m, [unlabelled()] * 20, starting(m))
    assert metrics[-1]["classifier/pseudo"] < metrics[0]["classifier/pseudo"] - 0.1


def test_a_run_begins_with_the_variables_of_start_and_refuses_others():
    m = model(batch_norm=True)
    state = initial(m)
    moved = jax.tree.map(lambda x: x + 1, state.players["classifier"].variables)
    adopted = m.adopt(state, {"start": moved}).players["classifier"]
    jax.tree.map(np.testing.assert_array_equal, adopted.variables, moved)
    assert m.adopt(state, {}) is state
    other = initial(model(batch_norm=True, widths=(4, 4, 4, 4))).players["classifier"].variables
    with pytest.raises(ValueError, match=r"^start has variables .* this network asks for "):
        m.adopt(state, {"start": other})


def test_augmentation_and_dropout_draw_anew_each_iteration_and_repeat_with_the_seed():
    m = model(rotation=0.3, contrast=0.4, negate=0.5, dropout=0.3, learning_rate=1e-9)
    batch = pictures()
    first = [values["classifier/loss"] for values in run(m, [batch] * 3)[1]]
    assert len(set(first)) == 3
    assert [values["classifier/loss"] for values in run(m, [batch] * 3)[1]] == first
    resumed = run(m, [batch], first=2)[1]
    assert resumed[0]["classifier/loss"] == pytest.approx(first[2], rel=1e-4)


def test_weight_decay_shrinks_kernels_and_spares_biases():
    m = model(weight_decay=0.1, learning_rate=0.5)
    params = jax.tree.map(np.ones_like, initial(m).players["classifier"].params)
    silent = jax.tree.map(np.zeros_like, params)
    updates, _ = m.tx.update(silent, m.tx.init(params), params)
    moved = optax.apply_updates(params, updates)
    np.testing.assert_allclose(moved["head"]["kernel"], 0.95, rtol=1e-6)
    np.testing.assert_array_equal(moved["head"]["bias"], 1)


def test_the_rate_runs_one_cycle():
    m = model(learning_rate=0.1, schedule_steps=100)
    params = {"w": np.zeros((2, 2), np.float32)}
    state = m.tx.init(params)
    update = jax.jit(m.tx.update)
    rates = []
    for _ in range(100):
        moves, state = update({"w": np.ones((2, 2), np.float32)}, state, params)
        rates.append(-float(moves["w"][0, 0]))
    assert int(np.argmax(rates)) == 30
    assert rates[30] == pytest.approx(0.1, rel=1e-3)
    assert rates[0] == pytest.approx(0.1 / 25, rel=1e-3)
    assert 0 < rates[-1] < 1e-3


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"widths": ()}, "widths=() is not allowed; allowed: a tuple of positive integers"),
        ({"convs_per_block": 3}, "convs_per_block=3 is not allowed; allowed: 1 to 2"),
        ({"num_classes": 1}, "num_classes=1 is not allowed; allowed: 2 to 100000"),
        ({"negate": 1.5}, "negate=1.5 is not allowed; allowed: 0 to 1"),
        ({"learning_rate": 0.0}, "learning_rate=0.0 is not allowed; allowed: 0 to 10"),
        ({"dropout": math.nan}, "dropout=nan is not allowed; allowed: 0 to 0.99"),
        ({"flip": -0.1}, "flip=-0.1 is not allowed; allowed: 0 to 1"),
        ({"objective": "ranks"}, "objective='ranks' is not allowed; allowed: classes, attributes, features"),
        ({"rotation": 11}, "rotation=11 is not allowed; allowed: 0 to 10"),
    ],
)  # fmt: skip
def test_a_refusal_names_field_value_and_what_is_allowed(fields, message):
    with pytest.raises(ValueError) as error:
        classifier.Model(**fields)
    assert str(error.value) == message


def test_attributes_cost_the_sigmoid_cross_entropy_of_each_and_all_count_alike():
    m = model(objective="attributes", num_classes=3, learning_rate=1e-9)
    batch = attributes()
    logits = np.asarray(
        m.network.apply(initial(m).players["classifier"].variables, batch["image"], train=False), np.float64
    )
    signs = 2 * batch["image_label"] - 1
    _, (metrics,) = run(m, [batch])
    assert metrics["classifier/loss"] == pytest.approx(np.log1p(np.exp(-signs * logits)).mean(), rel=1e-4)
    assert metrics["classifier/accuracy"] == pytest.approx(np.mean(signs * logits > 0))


def test_smoothed_attributes_cost_as_their_mixture_with_one_half():
    logits, labels = np.array([[2.0, -1.0]], np.float32), np.array([[1, 1]], np.int32)
    hard = float(losses.attributes(logits, labels))
    flipped = float(losses.attributes(logits, 1 - labels))
    assert float(losses.attributes(logits, labels, 0.2)) == pytest.approx(
        0.9 * hard + 0.1 * flipped, rel=1e-5
    )
    assert float(losses.attributes(0 * logits, labels, 0.2)) == pytest.approx(math.log(2), rel=1e-5)


def test_features_are_imitated_by_squared_error_without_a_head():
    m = model(objective="features", learning_rate=1e-9)
    batch = features()
    variables = initial(m).players["classifier"].variables
    assert set(variables["params"]) == {"features"}
    z = np.asarray(m.network.apply(variables, batch["image"], train=False), np.float64)
    wanted = batch["image_features"]
    cosine = (z * wanted).sum(1) / np.linalg.norm(z, axis=1) / np.linalg.norm(wanted, axis=1)
    _, (metrics,) = run(m, [batch])
    assert metrics["classifier/loss"] == pytest.approx(np.square(z - wanted).mean(), rel=1e-4)
    assert metrics["classifier/cosine_similarity"] == pytest.approx(cosine.mean(), rel=1e-4, abs=1e-5)
    assert "classifier/accuracy" not in metrics


def test_a_student_comes_near_the_features_it_is_given():
    m = model(objective="features", learning_rate=1e-2)
    _, metrics = run(m, [features()] * 30)
    assert metrics[-1]["classifier/loss"] < 0.8 * metrics[0]["classifier/loss"]


@pytest.mark.parametrize("objective", ["classes", "features"])
def test_what_is_embedded_are_the_features_that_dtn_takes_for_f(objective):
    m = model(objective=objective, batch_norm=True, dropout=0.5)
    state = initial(m)
    x = pictures(3)["image"]
    folded = fold_batch_norm(state.players["classifier"].variables)
    expected = Features(WIDTHS).apply({"params": folded}, x)
    np.testing.assert_allclose(m.embed(state, {"image": x}), expected, rtol=1e-4, atol=1e-5)


def test_flipping_mirrors_whole_images_left_to_right_as_often_as_asked():
    x = np.random.default_rng(0).uniform(-1, 1, (400, 4, 6, 2)).astype(np.float32)
    flipped = np.asarray(augment.flip(jax.random.key(0), x, 0.3))
    mirrored = (flipped == x[:, :, ::-1]).all((1, 2, 3))
    assert ((flipped == x).all((1, 2, 3)) != mirrored).all()
    assert mirrored.mean() == pytest.approx(0.3, abs=4 * math.sqrt(0.21 / 400))
    np.testing.assert_array_equal(augment.flip(jax.random.key(0), x, 1.0), x[:, :, ::-1])


def test_a_flipped_batch_trains_as_its_mirror_image():
    batch = pictures()
    mirrored = {**batch, "image": np.ascontiguousarray(batch["image"][:, :, ::-1])}
    _, (flipped,) = run(model(flip=1.0), [batch])
    _, (straight,) = run(model(), [mirrored])
    assert flipped["classifier/loss"] == pytest.approx(straight["classifier/loss"], rel=1e-5)


@pytest.mark.parametrize(
    ("fields", "batch", "found"),
    [
        ({}, attributes, "image_label has shape [3] for each image; objective='classes'"),
        ({"objective": "attributes"}, attributes, "image_label has shape [3] for each image; objective="),
        ({"objective": "attributes"}, pictures, "image_label has shape [] for each image; objective="),
        (
            {"objective": "features", "widths": (4, 4, 4, 9)},
            features,
            "image_features has shape [8] for each image; objective='features' with num_classes=10 and "
            "widths=(4, 4, 4, 9) expects [9]",
        ),
        ({"objective": "features"}, pictures, "a classifier needs features; the batch has no image_features"),
    ],
)
def test_a_column_of_another_shape_than_the_objectives_is_refused(fields, batch, found):
    with pytest.raises(ValueError) as error:
        model(**fields).init(jax.random.key(0), batch(1))
    assert str(error.value).startswith(found)


def test_a_size_that_the_stages_do_not_bring_down_is_refused():
    model().check_size(32, {})
    model(input_size=64).check_size(152, {})
    with pytest.raises(ValueError, match=r"^images of 33 pixels do not come down to one in 4 stages"):
        model().check_size(33, {})


def test_images_without_labels_are_refused():
    with pytest.raises(ValueError, match=r"^a classifier needs labels; the batch has no image_label$"):
        model().init(jax.random.key(0), {"image": pictures(1)["image"]})
    with pytest.raises(ValueError, match=r"^image has shape \(1, 32, 32\); expected \[B, H, W, C\]"):
        model().init(jax.random.key(0), {"image": np.zeros((1, 32, 32), np.float32)})
