"""When a finished run is scored again."""

import pytest

from gan_jax.runs import judging

STORED = {"evals": {"test": {"kind": "accuracy"}}, "checkpoint_rule": "last", "seed": 0}


@pytest.mark.parametrize(
    ("change", "again"),
    [({}, False), ({"seed": 1}, False), ({"evals": {}}, True), ({"checkpoint_rule": "best"}, True)],
)
def test_other_evaluations_and_another_choice_of_the_checkpoint_need_new_scores(change, again):
    assert judging.changed(STORED, {**STORED, **change}, {}) == again


@pytest.mark.parametrize(
    ("before", "again"), [({"code": {"kind": "a"}}, False), ({"code": {"kind": "b"}}, True), ({}, True)]
)
def test_other_code_of_an_evaluator_needs_new_scores(monkeypatch, before, again):
    monkeypatch.setattr(judging.own_code, "contents", lambda config: {"kind": "a"})
    assert judging.changed(STORED, STORED, before) == again
