"""Which evaluations run, when, on which data, and which of their values are kept."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax import config, evaluation
from gan_jax.data import Examples
from gan_jax.errors import ConfigError
from gan_jax.game import devices
from gan_jax.models.shared import base
from gan_jax.runs import evaluations as evaluating
from gan_jax.runs import inputs
from gan_jax.runs.workdir import Workdir

IMAGES = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 1), np.uint8)
START = np.float32(1000)  # the state before training of the fixture's models
LABELS = np.array([0, 1, 2, 3, 4, 4], np.int32)


class Reads(base.Defaults):
    """A classifier that reads the class from the first pixel, and checks that images are floats."""

    tells_classes = True

    def predict(self, state, batch):
        assert batch["image"].dtype == jnp.float32
        assert set(batch) == {"image"}
        byte = jnp.round((batch["image"][:, 0, 0, 0] + 1) * 127.5).astype(int)
        return jnp.eye(10)[byte] + 0 * state


class Copies(base.Defaults):
    """A translation that returns its source."""

    translates = True

    def generate(self, state, batch, rng):
        return {"target": batch["source"] + 0 * state}


@pytest.fixture
def evaluations(monkeypatch):
    """`evaluations(model, **evals)` on six images. `.loads`, `.polls` and `.starts` list its calls."""
    monkeypatch.setattr(inputs, "load_role", lambda built, spec, poll: loads.append(spec) or Examples(
        {"image": IMAGES, "label": LABELS}))  # fmt: skip
    loads, polls, starts = [], [], []

    def build(model, seed=0, **evals):
        built = config.default()
        built.seed = seed
        built.evals = evals
        made = evaluating.Evaluations(
            built, model, {}, lambda: polls.append(1), lambda: starts.append(1) or START
        )
        made.loads, made.polls, made.starts = loads, polls, starts
        return made

    return build


def spec(kind, role, every=0, **fields):
    return {"kind": kind, "every": every, "roles": {role: config.inline("digits_plain")}, **fields}


def state():
    return devices.replicate(np.float32(0))


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
    side, gap = 24, 2  # small images are enlarged
    above, below = (sheet[top : top + side, -(4 * side + 3 * gap) :] for top in (0, side + gap))
    np.testing.assert_array_equal(above, below)
    assert len(np.unique(above)) > 1


def test_data_are_read_at_first_use_and_kept(evaluations):
    found = evaluations(Reads(), test=spec("accuracy", "image"))
    assert not found.loads
    first = found.run("test", state())
    assert found.run("test", state()) == first
    assert len(found.loads) == 1


def test_a_long_evaluation_can_be_interrupted_between_batches(evaluations):
    found = evaluations(Reads(), test=spec("accuracy", "image", num=2))
    found.run("test", state())
    found.polls.clear()  # it also polls while it reads
    found.run("test", state())
    assert len(found.polls) == 3


class Draws(base.Defaults):
    """A noise-to-image model that returns noise around its state, and records its batches."""

    draws_from_noise, translates = False, True

    def __init__(self):
        self.given = []

    def generate(self, state, batch, rng):
        self.given.append({name: x.shape for name, x in batch.items()})
        n = len(next(iter(batch.values())))
        return {"image": state + jax.random.uniform(rng, (n,))}


def asking(monkeypatch, evaluate_with):
    """Replaces every evaluator by `evaluate_with`."""
    monkeypatch.setattr(evaluating.evaluation, "options", lambda spec: {})
    monkeypatch.setattr(
        evaluating.evaluation,
        "evaluator",
        lambda kind: lambda apply, batches, networks: evaluate_with(apply, batches),
    )


def test_successive_batches_get_other_noise_and_the_same_evaluation_the_same(evaluations, monkeypatch):
    asking(monkeypatch, lambda apply, batches: {"drawn": [apply(batch)["image"] for batch in batches]})
    found = evaluations(Draws(), s=spec("sheet", "image", num=2))
    first, again = (found.run("s", state())["drawn"] for _ in range(2))
    assert [len(part) for part in first] == [2, 2, 2]
    assert len(np.unique(first)) == 6
    np.testing.assert_array_equal(first, again)


def test_the_untrained_model_gets_the_same_noise_and_is_made_once_where_asked_for(evaluations, monkeypatch):
    def both(apply, batches):
        # The untrained model is called first and more often, which must not change its noise.
        parts = [(apply.untrained(b), apply(b), apply.untrained(b)) for b in batches]
        return {"untrained": np.concatenate([u["image"] for u, _, _ in parts[:1]]),
                "trained": np.concatenate([t["image"] for _, t, _ in parts[:1]])}  # fmt: skip

    asking(monkeypatch, both)
    found = evaluations(Draws(), s=spec("sheet", "image", num=4), t=spec("accuracy", "image"))
    for _ in range(2):
        values = found.run("s", state())
        np.testing.assert_allclose(values["untrained"], 1000 + values["trained"], atol=1e-3)
    assert len(found.starts) == 1


def test_the_untrained_model_too_gets_other_noise_in_every_batch(evaluations, monkeypatch):
    asking(monkeypatch, lambda apply, batches: {"drawn": [apply.untrained(b)["image"] for b in batches]})
    drawn = evaluations(Draws(), s=spec("sheet", "image", num=2)).run("s", state())["drawn"]
    assert len(np.unique(drawn)) == 6


def test_another_seed_gives_an_evaluation_other_noise(evaluations, monkeypatch):
    asking(monkeypatch, lambda apply, batches: {"drawn": apply(next(iter(batches)))["image"]})
    drawn = []
    for seed in (0, 1):
        found = evaluations(Draws(), seed, s=spec("sheet", "image"))
        drawn.append(found.run("s", state())["drawn"])
    assert not np.isin(*drawn).any()


def test_latents_are_the_models_and_the_same_at_every_call(evaluations, monkeypatch):
    class Prior(Draws):
        draws_from_noise = True

        def latents(self, rng, n):
            return jax.random.normal(rng, (n, 2))

    asking(monkeypatch, lambda apply, batches: {"z": [apply.latents(3), apply.latents(3)]})
    found = evaluations(Prior(), s=spec("sheet", "image"))
    first, second = found.run("s", state())["z"]
    assert first.shape == (3, 2)
    assert len(np.unique(first)) == 6
    np.testing.assert_array_equal(first, second)
    with pytest.raises(ConfigError, match=r"^classes are asked of models that draw images from noise"):
        evaluations(Draws(), s=spec("sheet", "image")).run("s", state())


def test_any_method_of_the_state_and_of_columns_is_there_for_evaluators(evaluations, monkeypatch):
    class Scales(Draws):
        draws_from_noise, num_classes = True, 4

        def scaled(self, state, z, label):
            return {8: z * label[:, None]}

    def ask(apply, batches):
        columns = apply.conditions(3)
        np.testing.assert_array_equal(columns["label"], apply.conditions(3)["label"])
        return {**columns, "scaled": apply.method("scaled", {"z": np.ones((3, 2)), **columns})[8]}

    asking(monkeypatch, ask)
    found = evaluations(Scales(), s=spec("sheet", "image")).run("s", state())
    assert set(found["label"]) <= set(range(4))
    np.testing.assert_array_equal(found["scaled"], np.repeat(found["label"][:, None], 2, 1))


def test_another_seed_gives_other_latents(evaluations, monkeypatch):
    class Prior(Draws):
        draws_from_noise = True

        def latents(self, rng, n):
            return jax.random.normal(rng, (n, 2))

    asking(monkeypatch, lambda apply, batches: {"z": apply.latents(3)})
    drawn = [evaluations(Prior(), seed, s=spec("sheet", "image")).run("s", state())["z"] for seed in (0, 1)]
    assert not np.isin(*drawn).any()


def test_the_state_before_training_is_not_made_where_nobody_asks(evaluations):
    found = evaluations(Reads(), test=spec("accuracy", "image"))
    found.run("test", state())
    assert not found.starts


def test_of_the_data_a_model_sees_the_images_and_of_the_evaluator_everything(evaluations, monkeypatch):
    model = Draws()

    def ask(apply, batches):
        batch = next(iter(batches))
        assert set(batch) == {"image", "image_label", "image_features"}
        asked = {"label": batch["image_label"], "z": np.zeros((len(LABELS), 3), np.float32)}
        return {"drawn": apply({**batch, "other_label": LABELS, **asked})}

    asking(monkeypatch, ask)
    found = evaluations(model, s=spec("sheet", "image"))
    columns = {"image": IMAGES, "label": LABELS, "features": np.zeros((6, 2), np.float32)}
    monkeypatch.setattr(inputs, "load_role", lambda built, spec, poll: Examples(columns))
    found.run("s", state())
    assert model.given == [{"image": (3, 4, 4, 1), "label": (3,), "z": (3, 3)}]


VALUES = {"accuracy": 0.5, "examples": 6, "per_class": [None, 1.0], "sheet": np.zeros((2, 2, 3), np.uint8)}


def test_numbers_are_logged_images_drawn_and_lists_kept_in_the_result():
    assert evaluating.scalars(VALUES) == {"accuracy": 0.5, "examples": 6}
    assert list(evaluating.pictures(VALUES)) == ["sheet"]
    sheet = {"sheet": VALUES["sheet"]}
    kept = evaluating.summary({"test": VALUES, "validation": {"accuracy": 0.4}, "samples": sheet})
    assert kept == {
        "accuracy": 0.5,
        "examples": 6,
        "per_class": [None, 1.0],
        "validation": {"accuracy": 0.4},
    }


def test_no_figure_costs_the_others_a_place_in_the_files(tmp_path, evaluations, monkeypatch, caplog):
    """A memorisation or a PSNR may be infinite, and JSON has no such number."""
    found = {
        "fid": 1.5, "psnr": math.inf, "count": np.int64(3), "rate": np.float32(0.5),
        "none": np.float32("nan"),
        "floor": {"memorisation": -math.inf, "n": 4}, "rows": [1.0, (math.nan, 2)], "text": "inf",
        "sheet": np.zeros((2, 2, 3), np.uint8),
    }  # fmt: skip
    monkeypatch.setattr(evaluation, "evaluator", lambda kind: lambda *args: found)
    monkeypatch.setattr(evaluation, "options", lambda spec: {})
    values = evaluations(Copies(), test=spec("sheet", "image")).run("test", state())
    sheet = values.pop("sheet")
    assert sheet is found["sheet"]
    assert values == {
        "fid": 1.5, "psnr": None, "count": 3, "rate": 0.5, "none": None,
        "floor": {"memorisation": None, "n": 4}, "rows": [1.0, [None, 2]], "text": "inf",
    }  # fmt: skip
    warned = {record.getMessage().split(" is ")[0] for record in caplog.records}
    assert warned == {"test: psnr", "test: none", "test: floor: memorisation", "test: rows[1][0]"}
    Workdir(tmp_path).write_json("result.json", evaluating.summary({"test": values}))
    Workdir(tmp_path).append({"step": 1, **evaluating.scalars(values)})
    assert evaluating.scalars(values) == {"fid": 1.5, "count": 3, "rate": 0.5}


@pytest.mark.parametrize(
    ("value", "step", "is_best"),
    [(1.1, 3, True), (1.0, 3, False), (0.9, 3, False), (1.0, 2, True), (None, 3, False), (None, 2, False)],
)
def test_the_best_is_the_first_of_the_highest_values_and_its_own_step_again(value, step, is_best):
    assert evaluating.is_best(value, step, {"step": 2, "value": 1.0}) == is_best
    assert evaluating.is_best(value, step, None) == (value is not None)  # a value that is not finite is None
