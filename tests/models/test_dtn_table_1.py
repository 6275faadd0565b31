"""The rows of DTN's Table 1: their players, their terms, and the inputs that have no effect."""

import functools
import math

import jax
import jax.numpy as jnp
import levels
import numpy as np
import pytest
from playing import (
    PLAYED,
    ROWS,
    distance,
    features,
    finished,
    initial,
    model,
    pictures,
    run,
    same,
    terms_alone,
)

from gan_jax import game
from gan_jax.game import devices
from gan_jax.networks.recognition import stages

TERMS = {
    "dtn": {"const", "tid", "gan_source", "gan_target"},
    "no_tid": {"const", "gan_source", "gan_target"},
    "no_const": {"tid", "gan_source", "gan_target"},
    "no_f": {"const", "tid", "gan_source", "gan_target"},
    "no_adversary": {"const", "tid"},
    "neither": {"gan_source", "gan_target"},
    "baseline": {"const", "gan_source"},
}
TERNARY = {"loss", "source", "fake_target", "real_target"} | {
    f"accuracy_{x}" for x in ("source", "fake_target", "real_target")
}


@levels.parametrize("row", PLAYED, kept=("baseline",))
def test_f_and_its_scale_stay_bit_for_bit_and_devices_agree(row):
    m = model(**ROWS[row])
    state, metrics = finished(m)
    assert all(math.isfinite(value) for value in metrics.values())
    same(devices.unreplicate(state).frozen, initial(m).frozen)
    for leaf in jax.tree.leaves(state):
        np.testing.assert_array_equal(leaf[0], leaf[1])


@pytest.mark.parametrize("row", PLAYED)
def test_a_row_has_its_players_and_its_terms(row, monkeypatch):
    monkeypatch.setattr(game, "update", terms_alone)
    m = model(**ROWS[row])
    step = functools.partial(m.train_step, phase="train")
    alone = jax.vmap(step, (None, None, None), axis_name=devices.AXIS, axis_size=1)
    state, metrics = jax.eval_shape(alone, initial(m), pictures(), jax.random.key(0))
    disc = {
        "no_adversary": set(),
        "baseline": {"loss"},
    }.get(row, TERNARY)
    assert set(state.players) == ({"gen", "disc"} if disc else {"gen"})
    expected = {f"gen/{x}" for x in TERMS[row] | {"loss"}} | {f"disc/{x}" for x in disc}
    assert set(metrics) == expected


@pytest.mark.long
def test_without_an_adversary_no_seed_of_d_matters():
    m = model(**ROWS["no_adversary"])
    state = initial(m)
    other = initial(model(), seed=1).players["disc"]
    found = [run(m, state=state)[0]]
    found.append(run(m, state=state.replace(players={**state.players, "disc": other}))[0])
    same(*(devices.unreplicate(x).players["gen"] for x in found))


@pytest.mark.long
def test_neither_leaves_a_loss_of_two_adversarial_terms():
    _, metrics = finished(model(**ROWS["neither"]))
    both = metrics["gen/gan_source"] + metrics["gen/gan_target"]
    assert metrics["gen/loss"] == pytest.approx(both, rel=1e-6)


@pytest.mark.long
@pytest.mark.parametrize(("alpha", "alike"), [(0.0, True), (15.0, False)])
def test_without_const_training_is_independent_of_the_second_f(alpha, alike):
    # The batch has the features, as from the cache. Only L_CONST applies f.
    m = model(alpha=alpha)
    state = initial(m)
    batch = pictures()
    batch |= features(m, state, batch)
    half = jax.tree.map(lambda x: 0.5 * x, state.frozen["f"])
    states = [state, state.replace(frozen={**state.frozen, "f": half})]
    first, second = (devices.unreplicate(run(m, [batch], s)[0]).players["gen"].params for s in states)
    assert (distance(first, second) == 0) == alike


@levels.parametrize("row", ["no_f", "baseline"], kept=("baseline",))
def test_a_trained_encoder_belongs_to_g_and_moves(row):
    m = model(**ROWS[row])
    after = devices.unreplicate(finished(m)[0])
    before = initial(m).players["gen"].params
    assert set(before) == {"g", "e"}
    assert jax.tree.map(jnp.shape, before["e"]) == jax.tree.map(jnp.shape, after.frozen["f"])
    jax.tree.map(lambda a, b: distance(a, b) > 0 or pytest.fail("e stands"), after.players["gen"].params["e"],
                 before["e"])  # fmt: skip


def test_an_encoder_with_batch_norm_is_the_one_that_its_folded_kernels_describe():
    m = model(**ROWS["no_f"], e_batch_norm=True)
    after = devices.unreplicate(finished(m)[0])
    gen = after.players["gen"]
    assert jax.tree.leaves(gen.batch_stats["e"])
    jax.tree.map(lambda a, b: distance(a, b) > 0 or pytest.fail("the statistics stand"), gen.batch_stats["e"],
                 initial(m).players["gen"].batch_stats["e"])  # fmt: skip
    known = gen.eval_variables
    trained = {kind: {"features": tree["e"]} for kind, tree in known.items()}
    source = pictures(3)["source"]
    z = m.f.apply({"params": stages.fold_batch_norm(trained)}, source)
    drawn = m.generate(after, {"source": source}, None)["target"]
    np.testing.assert_allclose(m.draw(after, z), drawn, atol=2e-5)


def test_the_encoder_f_is_no_part_of_g():
    assert set(initial(model()).players["gen"].params) == {"g"}


def test_the_original_row_has_no_players_and_returns_the_source():
    m = model(**ROWS["original"])
    state = initial(m)
    assert state.players == {}
    source = pictures(3)["source"]
    out = m.generate(state, {"source": source}, None)
    assert set(out) == {"target"}
    np.testing.assert_array_equal(out["target"], source)


def test_a_binary_discriminator_has_one_logit_and_a_ternary_one_three():
    heads = {row: initial(model(**ROWS[row])).players["disc"].params["logits"] for row in ("dtn", "baseline")}
    assert heads["dtn"]["bias"].shape == (3,)
    assert heads["baseline"]["bias"].shape == (1,)


@pytest.mark.long
def test_the_baseline_does_not_pass_targets_through_g():
    # Targets affect g only through D. With D's rate at zero they have no effect on g.
    m = model(**ROWS["baseline"], d_learning_rate=0.0)
    batch = pictures()
    found = [
        devices.unreplicate(run(m, [{**batch, "target": sign * batch["target"]}])[0]).players["gen"]
        for sign in (1, -1)
    ]
    same(*found)
