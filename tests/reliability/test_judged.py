"""The final evaluation judges the last state, or the best state by validation."""

import pytest

from gan_jax.runs import evaluations, restore
from gan_jax.train import train

SCRIPT = {2: 0.1, 4: 0.9, 6: 0.5, 8: 0.2}  # validation accuracy after each step


@pytest.fixture
def scripted(monkeypatch):
    """Replaces the accuracy that evaluations measure by the script's."""
    run = evaluations.Evaluations.run

    def measured(self, name, state):
        return run(self, name, state) | {"accuracy": SCRIPT[int(state.step[0])]}

    monkeypatch.setattr(evaluations.Evaluations, "run", measured)


@pytest.mark.long
@pytest.mark.usefixtures("scripted")
def test_the_best_by_validation_or_the_last_one_is_judged(tiny, tmp_path):
    half = train(tiny(steps=4), tmp_path / "half")
    best = train(tiny(checkpoint_rule="best"), tmp_path / "best")
    last = train(tiny(), tmp_path / "last")
    assert (half["step"], best["step"], last["step"]) == (4, 8, 8)
    assert (half["judged_step"], best["judged_step"], last["judged_step"]) == (4, 4, 8)
    assert half["params_sha256"] == best["params_sha256"] != last["params_sha256"]
    assert (best["metrics"]["accuracy"], last["metrics"]["accuracy"]) == (0.9, 0.2)
    used = {name: int(restore.load(tmp_path / name).state.step) for name in ("best", "last")}
    assert used == {"best": 4, "last": 8}


@pytest.mark.usefixtures("scripted")
def test_of_two_equal_bests_the_earlier_is_judged(tiny, tmp_path, monkeypatch):
    monkeypatch.setitem(SCRIPT, 6, SCRIPT[4])
    result = train(tiny(checkpoint_rule="best"), tmp_path / "run")
    assert (result["judged_step"], result["metrics"]["accuracy"]) == (4, 0.9)
    assert int(restore.load(tmp_path / "run").state.step) == 4


def test_without_a_step_there_is_one_state_to_judge(tiny, tmp_path):
    result = train(tiny(steps=0, checkpoint_rule="best"), tmp_path / "run")
    assert (result["step"], result["judged_step"]) == (0, 0)
