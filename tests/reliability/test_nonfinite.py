"""A non-finite loss or parameter stops the run, and the last good checkpoint stays."""

import dataclasses

import jax
import jax.numpy as jnp
import levels
import numpy as np
import pytest

from gan_jax.errors import NonFiniteError
from gan_jax.models import classifier
from gan_jax.runs import checkpoint, restore
from gan_jax.train import train

LAST_GOOD = 4


@pytest.fixture
def poisoned(monkeypatch):
    """`poisoned(target)` makes the data, a metric or a leaf of the classifier NaN from iteration 4 on."""

    def poison(target):
        honest = classifier.Model.train_step

        def train_step(self, state, batch, rng, phase):
            bad = jnp.where(state.step >= LAST_GOOD, jnp.nan, 1.0)
            if target == "data":
                batch = {**batch, "image": batch["image"] * bad}
            state, metrics = honest(self, state, batch, rng, phase)
            if target in metrics:
                metrics = {**metrics, target: metrics[target] * bad}
            if target == "leaf":
                player = state.players["classifier"]
                # No loss depends on this leaf before the state is saved.
                opt_state = _last_float_times(player.opt_state, bad)
                state = state.replace(players={"classifier": player.replace(opt_state=opt_state)})
            return state, metrics

        monkeypatch.setattr(classifier.Model, "train_step", train_step)

    return poison


def _last_float_times(opt_state, factor):
    leaves, treedef = jax.tree.flatten(opt_state)
    last = max(i for i, leaf in enumerate(leaves) if leaf.dtype == jnp.float32)
    leaves[last] = leaves[last] * factor
    return jax.tree.unflatten(treedef, leaves)


@levels.parametrize(
    ("target", "message"),
    [
        ("data", "step 5: grad_norm of player classifier is nan"),
        ("classifier/accuracy", "step 5: accuracy of player classifier is nan"),
        ("leaf", r"step 5: players\.classifier\.opt_state\..* is not finite"),
    ],
)
def test_a_nan_stops_the_run_by_name_and_keeps_the_last_good(
    tiny, tmp_path, trained, poisoned, target, message
):
    path = tmp_path / "run"
    # Losses are checked at every step, parameters and moments only when they are saved.
    every = {"checkpoint_every": 1 if target == "leaf" else LAST_GOOD}
    poisoned(target)
    with pytest.raises(NonFiniteError, match=message) as caught:
        train(tiny(**every), path)
    assert caught.value.exit_code == 1
    assert "\n" not in str(caught.value)
    assert not (path / "result.json").exists()
    kept, meta = checkpoint.load(path / "checkpoints")
    assert meta["step"] == LAST_GOOD
    for name, leaf in _final(trained[LAST_GOOD]).items():
        np.testing.assert_array_equal(kept[name], leaf)
    assert "NaN" not in (path / "metrics.jsonl").read_text()


@pytest.mark.long
def test_a_nan_in_a_restored_state_stops_at_the_next_step(tiny, tmp_path, monkeypatch):
    path = tmp_path / "run"
    train(tiny(steps=LAST_GOOD), path)
    state, meta = _load(path)
    player = state.players["classifier"]
    params = jax.tree.map(lambda x: np.full_like(x, np.nan), player.params)
    broken = dataclasses.replace(state, players={"classifier": player.replace(params=params)})
    checkpoints = checkpoint.Checkpoints(path / "checkpoints", keep=3)
    with monkeypatch.context() as patch:  # saving refuses such a state without this patch
        patch.setattr(np, "isfinite", lambda leaf: np.ones_like(leaf, bool))
        checkpoints.save(broken, LAST_GOOD + 1, meta)
        checkpoints.close()
    with pytest.raises(NonFiniteError, match="step 6: grad_norm of player classifier is nan"):
        train(tiny(), path)


@pytest.mark.long
def test_a_learning_rate_too_large_exits_with_1_and_one_line(launcher, tmp_path):
    path = tmp_path / "run"
    fields = {"steps": 200, "model.schedule_steps": 0}
    fields |= {"model.learning_rate": 9.9, "model.weight_decay": 1.0}
    message = launcher.run(*launcher.tiny(path, **fields), code=1)
    assert "Traceback" not in message
    last = message.splitlines()[-1]
    assert last.startswith("gan_jax: step ")
    assert "classifier" in last
    assert not (path / "result.json").exists()
    flat, _ = checkpoint.load(path / "checkpoints")
    assert all(np.isfinite(leaf).all() for leaf in flat.values())


def _final(path):
    return checkpoint.load(path / "checkpoints")[0]


def _load(path):
    run = restore.load(path)
    return run.state, checkpoint.load(path / "checkpoints")[1]
