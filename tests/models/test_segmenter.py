"""The segmenter: its loss, pixels without a class, and refusals."""

import functools
import math
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from playing import drawn

from gan_jax import config as configuration
from gan_jax.data import Examples
from gan_jax.errors import DataError
from gan_jax.game import devices
from gan_jax.models import Inputs, segmenter
from gan_jax.runs import inputs

CLASSES = 5


def batch(size=4, seed=0):
    rng = np.random.default_rng(seed)
    image = rng.uniform(-1, 1, (size, 8, 8, 3)).astype(np.float32)
    return {"image": image, "image_label": rng.integers(0, CLASSES, (size, 8, 8)).astype(np.int32)}


def model(**fields):
    return segmenter.Model(**{"widths": (4, 6), "num_classes": CLASSES, **fields})


@functools.cache
def initial(m):
    return drawn(jax.eval_shape(m.init, jax.random.key(0), batch(1)))


@functools.cache
def compiled(m):
    return devices.pmap_step(m.train_step, 0)


def step(m, given, state=None):
    """The state after one step on two devices, and its metrics."""
    state = devices.replicate(initial(m) if state is None else state)
    moved, metrics = compiled(m)(state, devices.shard(given), devices.clock(0, 0, True), "train")
    return devices.unreplicate(moved), devices.to_host(metrics)


def without_scores(state):
    """The same state with logits of zero for every class."""
    player = state.players["segmenter"]
    zeros = {
        name: jax.tree.map(np.zeros_like, tree) for name, tree in player.params.items() if "score" in name
    }
    return state.replace(players={"segmenter": player.replace(params={**player.params, **zeros})})


def test_equal_scores_cost_the_logarithm_of_the_classes_whatever_is_ignored():
    m, given = model(), batch()
    for ignored in (0, 3):
        given["image_label"][:ignored] = 255
        _, metrics = step(m, given, without_scores(initial(m)))
        assert metrics["segmenter/loss"] == pytest.approx(math.log(CLASSES), abs=1e-5)


@pytest.mark.long
def test_the_loss_is_the_mean_over_the_known_pixels_of_all_devices():
    m, given = model(), batch()
    given["image_label"][0] = 255  # one device has half as many pixels with a class as the other
    given["image_label"][3, :2] = -1
    logits = np.asarray(m.predict(initial(m), given), np.float64)
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    known = (given["image_label"] >= 0) & (given["image_label"] < CLASSES)
    expected = -log_p[known, given["image_label"][known]].mean()
    accuracy = (logits.argmax(-1) == given["image_label"])[known].mean()
    _, metrics = step(m, given)
    assert metrics["segmenter/loss"] == pytest.approx(expected, rel=1e-5)
    assert metrics["segmenter/accuracy"] == pytest.approx(accuracy, abs=1e-6)


def test_ignored_pixels_have_no_gradient():
    m, given = model(), batch()
    given["image_label"][:] = 255
    state, metrics = step(m, given)
    assert metrics["segmenter/grad_norm"] == metrics["segmenter/loss"] == 0
    jax.tree.map(np.testing.assert_array_equal, state.players["segmenter"].params,
                 initial(m).players["segmenter"].params)  # fmt: skip
    # With classes in one image only, invalid labels in the others have no effect.
    given["image_label"][0] = 1
    first, metrics = step(m, given)
    assert metrics["segmenter/grad_norm"] > 1e-3
    given["image_label"][1:] = 77
    again, _ = step(m, given)
    jax.tree.map(np.testing.assert_array_equal, first.players, again.players)


@pytest.mark.nightly
def test_steps_learn_a_class_that_the_colour_tells():
    m, given = model(learning_rate=0.02), batch()
    given["image_label"] = (given["image"][..., 0] > 0).astype(np.int32)
    given["image"][..., 0] = 2.0 * given["image_label"] - 1
    state, losses = initial(m), []
    for _ in range(30):
        state, metrics = step(m, given, state)
        losses.append(metrics["segmenter/loss"])
    assert losses[-1] < 0.7 * losses[0]
    assert int(state.step) == 30


def test_the_rate_runs_one_cycle_where_a_schedule_is_given():
    def moves(m):
        params = {"w": np.ones(1, np.float32)}
        tx = m.tx("segmenter")
        state, found, update = tx.init(params), [], jax.jit(tx.update)
        for _ in range(10):
            move, state = update(params, state)
            found.append(-float(move["w"][0]))
        return np.array(found)

    # Adam's move at a constant gradient is the rate.
    np.testing.assert_allclose(moves(model(learning_rate=0.1)), 0.1, rtol=1e-3)
    cycle = moves(model(learning_rate=0.1, schedule_steps=10))
    assert int(cycle.argmax()) == 3
    assert cycle[[0, 3]] == pytest.approx([0.1 / 25, 0.1], rel=1e-3)
    assert cycle[9] < 0.01


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"widths": ()}, r"widths=\(\) is not allowed"),
        ({"num_classes": 1}, "num_classes=1 is not allowed; allowed: 2 to 255"),
        ({"learning_rate": 0}, "learning_rate=0 is not allowed"),
        ({"schedule_steps": -1}, "schedule_steps=-1 is not allowed"),
    ],
)
def test_bad_fields_are_refused(fields, words):
    with pytest.raises(ValueError, match=words):
        model(**fields)


def test_sizes_and_labels_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="size=34 is not allowed; allowed: multiples of 4"):
        model().check(Inputs(34))
    given = batch()
    for labels in ({}, {"image_label": given["image_label"][:, 0, 0]}):
        with pytest.raises(ValueError, match=r"label maps of shape \[B, H, W\] are needed"):
            jax.eval_shape(model().init, jax.random.key(0), {"image": given["image"], **labels})


def check(pictures, maps):
    config = configuration.default()
    config.data.size = pictures.shape[1]
    roles = {"image": Examples({"image": pictures, "label": maps})}
    inputs.check_columns(config, model(), inputs.columns_of(roles))


def test_a_value_that_is_no_class_is_refused_before_training():
    maps = batch()["image_label"]
    maps[2, 3, 3] = 255
    pictures = np.zeros((4, 8, 8, 3), np.uint8)
    check(pictures, maps)
    maps[3, 0, 1] = 5
    with pytest.raises(DataError, match=r"image_label=5 is not allowed; allowed: 0 to 4, or 255 for pixels"):
        check(pictures, maps)


def cost(monkeypatch, given, device_mean):
    """The loss of a network that prefers no class."""
    even = SimpleNamespace(apply=lambda variables, image: jnp.zeros((*image.shape[:3], CLASSES)))
    monkeypatch.setattr(segmenter.Model, "network", property(lambda self: even))
    monkeypatch.setattr(segmenter.game, "device_mean", device_mean)
    monkeypatch.setattr(segmenter.game, "update", lambda state, name, tx, loss: loss({}))
    state = SimpleNamespace(players={"segmenter": SimpleNamespace(variables={})})
    return float(jax.jit(lambda given: model().train_step(state, given, None, "train")[0])(given))


def test_the_loss_divides_by_the_mean_number_of_known_pixels_over_the_devices(monkeypatch):
    assert cost(monkeypatch, batch(1), lambda count: 2 * count) == pytest.approx(math.log(CLASSES) / 2)


def test_the_number_of_classes_is_no_class(monkeypatch):
    given = batch(1)
    given["image_label"][:] = CLASSES
    given["image_label"][0, 0, :2] = (0, CLASSES - 1)
    assert cost(monkeypatch, given, lambda count: 1.0) == pytest.approx(2 * math.log(CLASSES))
