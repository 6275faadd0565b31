"""Every field of a stored or written configuration has a type; another value is one line naming the field."""

import copy
import json
import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from ml_collections import ConfigDict

from gan_jax import config, data
from gan_jax.config import types
from gan_jax.errors import ConfigError, GanJaxError, WorkdirError
from gan_jax.runs import required, restore, stored
from gan_jax.runs.workdir import Workdir

CONFIGS = Path(__file__).parents[2] / "configs"
VALUES = ["x", "8", 8, -1, 1.5, math.inf, None, True, [], {}, ["a"], [1, 2], {"a": 1}]


@pytest.fixture(
    scope="module",
    params=[
        "gan_mnist",
        pytest.param("dtn_digits", marks=pytest.mark.long),
        pytest.param("stargan_joint", marks=pytest.mark.long),
    ],
)
def whole(request):
    return json.loads(json.dumps(config.load(f"{CONFIGS}/{request.param}.py:quick").to_dict()))


def places(tree, above=()):
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield (*above, key)
        yield from places(value, (*above, key))


def test_whatever_is_changed_in_a_stored_file_is_refused_in_one_line_or_runs(whole):
    rng, everywhere = random.Random(0), list(places(whole))
    outcomes = {True: 0, False: 0}
    for _ in range(150):
        changed, place = copy.deepcopy(whole), rng.choice(everywhere)
        fields = changed
        for key in place[:-1]:
            fields = fields[key]
        if rng.random() < 0.25:
            del fields[place[-1]]
        else:
            fields[place[-1]] = rng.choice(VALUES)
        try:
            config.validate(ConfigDict(stored.whole(changed)))
            stored.canonical(changed)
        except GanJaxError as error:
            assert "\n" not in str(error)
            outcomes[False] += 1
        else:
            outcomes[True] += 1
    assert min(outcomes.values()) > 20


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("steps", "8", "steps='8' is not allowed; allowed: a whole number"),
        ("steps", True, "steps=True is not allowed; allowed: a whole number"),
        ("tensorboard", 1, "tensorboard=1 is not allowed; allowed: True or False"),
        ("data", 8, "data=8 is not allowed; allowed: fields by name"),
        ("data.size", 32.0, "data.size=32.0 is not allowed; allowed: a whole number"),
        ("model.alpha", "1", "model.alpha='1' is not allowed; allowed: a number"),
        ("model.f_widths", [4, "a"], "model.f_widths=[4, 'a'] is not allowed; allowed: a list, each "),
        ("requires.f.batch_size", None, "requires.f.batch_size=None is not allowed; allowed: a whole number"),
        ("evals.test.every", "1", "evals.test.every='1' is not allowed; allowed: a whole number"),
        ("evals.test.judge", 3, "evals.test.judge=3 is not allowed; allowed: a text"),
        ("evals.test.kind", "tranfer", "evals.test.kind='tranfer' is not an evaluator; known: "),
        ("data.roles.source.labels", "no", "data.roles.source.labels='no' is not allowed; allowed: True"),
        ("data.sets.street.files", {"train": 3}, "data.sets.street.files={'train': 3} is not allowed; "),
    ],
    ids=str,
)  # fmt: skip
def test_the_message_names_field_value_and_type(place, value, message):
    changed = config.load(f"{CONFIGS}/dtn_digits.py:quick").to_dict()
    fields, (*above, last) = changed, place.split(".")
    for key in above:
        fields = fields[key]
    fields[last] = value
    with pytest.raises(ConfigError) as caught:
        types.check(changed)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("place", ["steps", "data.kind", "model.name", "evals.test.kind", "requires.f.seed"])
def test_a_missing_field_is_named(place):
    changed = config.load(f"{CONFIGS}/dtn_digits.py:quick").to_dict()
    fields, (*above, last) = changed, place.split(".")
    for key in above:
        fields = fields[key]
    del fields[last]
    with pytest.raises(ConfigError, match=rf"^{place} is missing; fields there: "):
        types.check(changed)


def test_a_role_may_leave_out_every_field_that_has_a_default():
    made = config.load(f"{CONFIGS}/dtn_digits.py:quick")
    with made.unlocked():
        made.data.roles.target = {"name": "digits_plain"}
    config.validate(made)
    role = config.resolve(made.data.roles.target, made.data.sets)
    assert data.preview(role, size=8).count == 8000


@pytest.mark.parametrize(
    ("value", "hint", "is_one"),
    [
        (1, float, True),
        (True, float, False), (True, int, False), (1.0, int, False),
        (None, int | None, True),

        ([1], tuple[int, ...], True), ([[True]], Sequence[Sequence[bool]], True),
        ("ab", Sequence[str], False),
        ({"a": "b"}, Mapping[str, str], True), ({"a": 1}, Mapping[str, str], False),
        ({1: "a"}, Mapping[str, str], False),
    ],
)  # fmt: skip
def test_types(value, hint, is_one):
    assert types.conforms(value, hint) is is_one


def test_a_stored_file_of_wrong_types_is_named_and_costs_no_other_run(tmp_path, caplog):
    wanted = config.resolved(config.load(f"{CONFIGS}/dtn_digits.py:quick")).requires.f
    folder = Workdir(tmp_path / f"{wanted.name}-old")
    folder.write_json("config.json", {**wanted.to_dict(), "steps": "8"})
    folder.append({"step": 1})
    for use in (restore.load_config, lambda path: folder.check(wanted.to_dict(), (), stored.comparable)):
        with pytest.raises(WorkdirError, match=r"config\.json cannot be used: steps='8' is not allowed; "):
            use(folder.path)
    wanted.cache_dir = str(tmp_path)
    assert required.place(wanted) == tmp_path / required.key(wanted)
    assert f"the run in {folder.path} is left out: steps='8' is not allowed" in caplog.text
