"""The classifier: its losses, schedule, augmentation and refusals, on two devices."""

import math

import jax
import numpy as np
import optax
import programs
import pytest
from classifying import initial, model, pictures, run

from gan_jax.game import devices
from gan_jax.models import classifier


@pytest.fixture(scope="module", autouse=True)
def whole():
    with programs.whole():
        yield


def test_a_head_of_zeros_costs_log_10_and_hits_class_zero():
    m = model(learning_rate=3e-3)
    state = initial(m)
    player = state.players["classifier"]
    params = {**player.params, "head": jax.tree.map(np.zeros_like, player.params["head"])}
    state = state.replace(players={"classifier": player.replace(params=params)})
    batch = pictures()
    _, (metrics,) = run(m, [batch], state)
    assert metrics["classifier/loss"] == pytest.approx(math.log(10), abs=1e-5)
    assert metrics["classifier/accuracy"] == pytest.approx((batch["image_label"] == 0).mean())


def test_the_loss_is_that_of_the_networks_logits_and_devices_agree():
    m = model(learning_rate=3e-3)
    batch = pictures()
    player = initial(m).players["classifier"]
    logits = np.asarray(m.network.apply(player.variables, batch["image"], train=False), np.float64)
    batch["image_label"][:3] = logits[:3].argmax(1)
    log_p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    expected = -log_p[np.arange(8), batch["image_label"]].mean()
    state, (metrics,) = run(m, [batch])
    assert metrics["classifier/loss"] == pytest.approx(expected, rel=1e-4)
    accuracy = (logits.argmax(1) == batch["image_label"]).mean()
    assert metrics["classifier/accuracy"] == pytest.approx(accuracy)
    for leaf in jax.tree.leaves(state):
        np.testing.assert_array_equal(leaf[0], leaf[1])


def test_a_step_lowers_the_loss_and_counts():
    m = model(learning_rate=3e-3)
    state, metrics = run(m, [pictures()] * 20)
    assert metrics[-1]["classifier/loss"] < metrics[0]["classifier/loss"] - 0.1
    assert int(devices.unreplicate(state).step) == 20


def test_predictions_are_logits_and_use_running_statistics():
    m = model(batch_norm=True, dropout=0.5)
    state = initial(m)
    apply = devices.pmap_apply(lambda state, batch, rng: m.predict(state, batch))
    batch = {"image": pictures()["image"]}
    whole = apply(devices.replicate(state), batch)
    assert whole.shape == (8, 10)
    others = pictures(seed=1)["image"]
    others[5] = batch["image"][3]
    beside_others = apply(devices.replicate(state), {"image": others})
    np.testing.assert_allclose(beside_others[5], whole[3], rtol=1e-4, atol=1e-5)


@pytest.mark.long
def test_augmentation_and_dropout_draw_anew_each_iteration_and_repeat_with_the_seed():
    m = model(rotation=0.3, contrast=0.4, negate=0.5, dropout=0.3, learning_rate=1e-9)
    batch = pictures()
    first = [values["classifier/loss"] for values in run(m, [batch] * 3)[1]]
    assert len(set(first)) == 3
    assert [values["classifier/loss"] for values in run(m, [batch] * 3)[1]] == first
    resumed = run(m, [batch], first=2)[1]
    assert resumed[0]["classifier/loss"] == pytest.approx(first[2], rel=1e-4)


@pytest.mark.long
def test_weight_decay_shrinks_kernels_and_spares_biases():
    m = model(weight_decay=0.1, learning_rate=0.5)
    params = jax.tree.map(np.ones_like, initial(m).players["classifier"].params)
    silent = jax.tree.map(np.zeros_like, params)
    updates, _ = m.tx("classifier").update(silent, m.tx("classifier").init(params), params)
    moved = optax.apply_updates(params, updates)
    np.testing.assert_allclose(moved["head"]["kernel"], 0.95, rtol=1e-6)
    np.testing.assert_array_equal(moved["head"]["bias"], 1)


def rates(m, steps):
    """The learning rates of a model's first steps, which are Adam's moves when all gradients are equal."""
    params = {"w": np.zeros((2, 2), np.float32)}
    tx = m.tx("classifier")
    state, update = tx.init(params), jax.jit(tx.update)
    found = []
    for _ in range(steps):
        moves, state = update({"w": np.ones((2, 2), np.float32)}, state, params)
        found.append(-float(moves["w"][0, 0]))
    return np.array(found)


def test_the_rate_runs_one_cycle():
    found = rates(model(learning_rate=0.1, schedule_steps=100), 100)
    assert int(np.argmax(found)) == 30
    assert found[30] == pytest.approx(0.1, rel=1e-3)
    assert found[0] == pytest.approx(0.1 / 25, rel=1e-3)
    assert 0 < found[-1] < 1e-3


def test_the_rate_of_self_training_begins_at_its_peak_and_falls_by_a_cosine():
    found = rates(model(learning_rate=0.1, schedule_steps=100, pseudo_weight=1.0), 100)
    expected = 0.05 * (1 + np.cos(np.pi * np.arange(100) / 100))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-7)


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
