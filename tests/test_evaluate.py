"""Which evaluations run when, on what, and what of them is kept."""

import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax import config, evaluate, inputs, parallel
from gan_jax.data import Examples

IMAGES = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 1), np.uint8)
LABELS = np.array([0, 1, 2, 3, 4, 4], np.int32)


class Reads:
    """A classifier that reads the byte off the first pixel, and asks that it comes as a float."""

    def predict(self, state, batch):
        assert batch["image"].dtype == jnp.float32
        assert set(batch) == {"image"}
        byte = jnp.round((batch["image"][:, 0, 0, 0] + 1) * 127.5).astype(int)
        return jnp.eye(10)[byte] + 0 * state


class Copies:
    """A translation that returns its source."""

    def generate(self, state, batch, rng):
        return {"target": batch["source"] + 0 * state}


@pytest.fixture
def evaluations(monkeypatch):
    """`evaluations(model, **evals)` over six images; `.loads` and `.polls` count what it did."""
    monkeypatch.setattr(inputs, "load_role", lambda built, spec: loads.append(spec) or Examples(
        {"image": IMAGES, "label": LABELS}))  # fmt: skip
    loads, polls = [], []

    def build(model, **evals):
        built = config.default()
        built.evals = evals
        made = evaluate.Evaluations(built, model, {}, lambda: polls.append(1))
        made.loads, made.polls = loads, polls
        return made

    return build


def spec(kind, role, every=0, **fields):
    return {"kind": kind, "every": every, "roles": {role: config.role("digits_plain")}, **fields}


def state():
    return parallel.replicate(np.float32(0))


def test_evaluations_are_due_at_multiples_and_never_at_zero(evaluations):
    found = evaluations(
        Reads(), a=spec("accuracy", "image", 2), b=spec("accuracy", "image", 3), c=spec("accuracy", "image")
    )
    assert [found.due(step) for step in range(1, 7)] == [[], ["a"], ["b"], ["a"], [], ["a", "b"]]


def test_a_classifier_is_judged_by_its_predictions_and_sees_no_label(evaluations):
    values = evaluations(Reads(), test=spec("accuracy", "image")).run("test", state())
    assert values["accuracy"] == pytest.approx(5 / 6)
    assert values["confusion"][4][5] == 1
    assert values["examples"] == 6


def test_a_translation_is_drawn_with_what_it_was_made_from(evaluations):
    sheet = evaluations(Copies(), s=spec("sheet", "source", num=4)).run("s", state())["sheet"]
    assert sheet.shape == (8, 16, 3)
    np.testing.assert_array_equal(sheet[:4], sheet[4:])


def test_data_are_read_at_first_use_and_kept(evaluations):
    found = evaluations(Reads(), test=spec("accuracy", "image"))
    assert not found.loads
    first = found.run("test", state())
    assert found.run("test", state()) == first
    assert len(found.loads) == 1


def test_a_long_evaluation_can_be_interrupted_between_batches(evaluations):
    found = evaluations(Reads(), test=spec("accuracy", "image", num=2))
    found.run("test", state())
    assert len(found.polls) == 3


VALUES = {"accuracy": 0.5, "examples": 6, "per_class": [None, 1.0], "sheet": np.zeros((2, 2, 3), np.uint8)}


def test_numbers_are_logged_images_drawn_and_lists_kept_in_the_result():
    assert evaluate.scalars(VALUES) == {"accuracy": 0.5, "examples": 6}
    assert list(evaluate.pictures(VALUES)) == ["sheet"]
    sheet = {"sheet": VALUES["sheet"]}
    kept = evaluate.summary({"test": VALUES, "validation": {"accuracy": 0.4}, "samples": sheet})
    assert kept == {
        "accuracy": 0.5,
        "examples": 6,
        "per_class": [None, 1.0],
        "validation": {"accuracy": 0.4},
    }
