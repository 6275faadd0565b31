"""Progressive GAN: when it grows, what moves at each stage, and what evaluation draws."""

import functools
from types import SimpleNamespace

import growth as play
import jax
import numpy as np
import optax
import pytest
from standing import told

from gan_jax import game
from gan_jax.game import devices
from gan_jax.models import pggan
from gan_jax.models.shared import base, growing

SMALL = {"size": 16, "channels": 1, "z_dim": 4, "width_base": 32, "width_max": 4, "group": 2}
GROWTH = {"stable_steps": 2, "fade_steps": 2}
# Iterations of stage 0: 0, 1. Stage 1: 2 to 5. Stage 2: from 6 on.


def model(**fields):
    return pggan.Model(**{**SMALL, **GROWTH, **fields})


def layers(*sides):
    """Layers of both networks whose side is among `sides`."""
    return lambda name: any(name.startswith(f"b{side}_") for side in sides)


# --- the schedule --------------------------------------------------------------------------------


def test_each_fade_and_each_later_stable_period_begins_with_a_restart():
    phases = [model().phases(i) for i in range(12)]
    grown = {i: first[0] for i, first in enumerate(phases) if len(first) == 2}
    assert grown == {2: ("grow", 1), 4: ("grow", 1), 6: ("grow", 2), 8: ("grow", 2)}
    assert [last[-1] for last in phases] == [("train", s) for s in (0, 0, 1, 1, 1, 1, *[2] * 6)]
    assert model().phases(10**9) == (("train", 2),)


def test_the_level_rises_in_fades_only_and_ends_whole():
    levels = [float(model().level(np.int32(step))) for step in range(12)]
    assert levels == [0, 0, 0, 0.5, 1, 1, 1, 1.5, 2, 2, 2, 2]
    assert float(jax.jit(model().level)(np.int32(2**30))) == 2


def test_the_level_is_exact_late_in_a_long_run():
    m = model(stable_steps=20_000_000, fade_steps=1000)
    assert float(m.level(np.int32(20_000_001))) == pytest.approx(0.001)


def test_a_start_at_a_larger_side_leaves_the_smaller_stages_out():
    m = model(start_size=8)
    assert [m.phases(i)[-1][1] for i in range(8)] == [1, 1, *[2] * 6]
    assert [float(m.level(np.int32(i))) for i in range(5)] == [1, 1, 1, 1.5, 2]
    whole = model(start_size=16)
    assert {whole.phases(i) for i in range(99)} == {(("train", 2),)}


def test_a_stage_has_its_own_rate_and_later_stages_the_last_one():
    m = model(learning_rates=(0.1, 0.2))
    for stage, rate in enumerate((0.1, 0.2, 0.2)):
        tx = m.tx("gen", stage)
        step, _ = tx.update(np.ones(()), tx.init(np.zeros(())))
        assert float(step) == pytest.approx(-rate, rel=1e-5)


# --- a step --------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize(("first", "sides", "colours"), [(0, (4,), (4,)), (2, (4, 8), (4, 8))])
def test_only_layers_up_to_the_stage_move(first, sides, colours):
    before, (after, _) = play.initial(model()), play.finished(model(), first, 1)
    for name, colour in (("gen", "torgb"), ("disc", "fromrgb")):
        names = {key for key in before.players[name].params if layers(*sides)(key)}
        names -= {f"b{side}_{colour}" for side in (4, 8, 16) if side not in colours}
        assert play.moved(before.players[name].params, after.players[name].params) == names
    assert jax.tree.structure(after) == jax.tree.structure(before)


def test_once_a_stage_is_whole_the_colours_below_it_stay(monkeypatch):
    # A loss and an optimiser that compile fast.
    monkeypatch.setattr(pggan.Model, "tx", lambda *_: optax.sgd(1.0))
    m = model(loss="nonsaturating", gp_weight=0.0)
    state = play.initial(m)
    after, _ = play.run(m, 4, 1, state)
    for name in ("gen", "disc"):
        moved = play.moved(state.players[name].params, after.players[name].params)
        assert moved == {
            key
            for key in state.players[name].params
            if layers(4, 8)(key) and key not in ("b4_torgb", "b4_fromrgb")
        }
    assert jax.tree.structure(after) == jax.tree.structure(state)


def test_a_restart_zeroes_moments_and_counts_and_nothing_else():
    m = model(size=8)
    state = play.initial(m)
    players = {
        name: player.replace(opt_state=jax.tree.map(np.ones_like, player.opt_state))
        for name, player in state.players.items()
    }
    before = state.replace(players=players)
    after = jax.jit(lambda s: m.train_step(s, {}, jax.random.key(0), ("grow", 1))[0])(before)
    for name, player in before.players.items():
        assert not any(np.any(x) for x in jax.tree.leaves(after.players[name].opt_state))
        play.same(player.params, after.players[name].params)
        play.same(player.ema, after.players[name].ema)
    assert after.step == before.step


def test_the_average_follows_g_at_every_update_and_d_has_none():
    assert play.average_decay(model(), 0) == play.average_decay(model(), 2) == 0.999
    state = play.initial(model())
    assert (state.players["gen"].ema is None, state.players["disc"].ema is None) == (False, True)


@pytest.mark.long
def test_a_step_moves_the_average():
    before, (after, _) = play.initial(model()), play.finished(model(), 0, 1)
    gen = after.players["gen"]
    expected = jax.tree.map(lambda e, p: 0.999 * e + 0.001 * p, before.players["gen"].params, gen.params)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), gen.ema, expected)
    assert play.moved(before.players["gen"].params, gen.ema)
    assert after.players["disc"].ema is None


class Noting(pggan.Model):
    """Its updates move nobody, and note what they are given."""

    def _update_both(self, state, real, rng, level, stage):
        self.noted.append((real, jax.random.key_data(rng), stage, level))
        return state, {"disc/number": np.float32(len(self.noted))}


def test_an_iteration_shares_its_images_among_its_updates():
    m = Noting(**SMALL, **GROWTH, updates=(1, 2, 4))
    object.__setattr__(m, "noted", [])
    batch, state = play.pictures(m), play.initial(model())
    _, metrics = m.train_step(state.replace(step=np.int32(99)), batch, jax.random.key(0), ("train", 2))
    real, keys, stages, levels = zip(*m.noted, strict=True)
    np.testing.assert_array_equal(np.concatenate(real), batch["image"])
    assert [len(x) for x in real] == [2] * 4
    assert len({np.asarray(key).tobytes() for key in keys}) == 4
    assert (set(stages), {float(level) for level in levels}) == ({2}, {2.0})
    assert metrics["disc/number"] == 4


def test_a_d_that_knows_nothing_costs_the_penalty_and_its_drift():
    m = model()
    state = play.initial(m)
    zeros = jax.tree.map(np.zeros_like, state.players["disc"].params)
    zeros["b4_out"]["bias"] += 100
    players = {**state.players, "disc": state.players["disc"].replace(params=zeros)}
    metrics = told(m, state.replace(players=players), play.pictures(m), ("train", 0))
    assert metrics["disc/loss"] == pytest.approx(10 + 0.001 * 100**2, rel=1e-5)
    assert metrics["disc/gp"] == pytest.approx(1, rel=1e-5)
    assert (metrics["disc/real"], metrics["disc/fake"], metrics["disc/w"]) == pytest.approx((100, 100, 0))


@pytest.mark.long
def test_the_penalty_asks_for_its_target(monkeypatch):
    asked = {}

    def penalty(score, real, fake, epsilon, sides=2, scale=1.0):
        asked.update(scale=scale, shapes={real.shape, fake.shape}, weights=epsilon.shape)
        return score(real).mean()

    monkeypatch.setattr("gan_jax.models.shared.growing.slopes.gradient_penalty", penalty)
    monkeypatch.setattr(devices, "mean", lambda tree: tree)
    m = model(gp_target=750.0)
    jax.eval_shape(
        lambda s, b: m.train_step(s, b, jax.random.key(0), ("train", 1)), play.initial(m), play.pictures(m)
    )
    assert asked == {"scale": 1 / 750, "shapes": {(play.B, 8, 8, 1)}, "weights": (play.B,)}


def test_both_players_move_at_the_rate_of_the_stage(monkeypatch):
    asked, tx = [], pggan.Model.tx

    def noting(self, player, stage=0, iteration=0):
        asked.append((player, stage))
        return tx(self, player, stage, iteration)

    monkeypatch.setattr(pggan.Model, "tx", noting)
    monkeypatch.setattr(game, "update", lambda state, *_: (state, {}))
    m = model()
    jax.eval_shape(
        lambda s, b: m.train_step(s, b, jax.random.key(0), ("train", 1)), play.initial(m), play.pictures(m)
    )
    assert asked[-2:] == [("disc", 1), ("gen", 1)]


# --- what it draws -------------------------------------------------------------------------------


@functools.cache
def drawing(m):
    return devices.pmap_apply(m.generate)


def drawn(m, z, step):
    state = play.initial(m).replace(step=np.int32(step))
    return drawing(m)(devices.replicate(state), {"z": z})["image"]


def test_images_have_the_full_size_at_every_step_and_show_the_stage():
    z = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    for step, side in ((0, 4), (5, 8), (20, 16)):
        images = drawn(model(), z, step)
        assert images.shape == (5, 16, 16, 1)
        blocks = images.reshape(5, side, 16 // side, side, 16 // side)
        np.testing.assert_allclose(blocks, np.broadcast_to(blocks[:, :, :1, :, :1], blocks.shape), atol=1e-6)
        assert np.std(blocks[:, :, 0, :, 0]) > 0.01
    # At the full size, neighbours differ.
    assert np.abs(images[:, ::2] - images[:, 1::2]).max() > 0.01


def test_a_latents_image_is_the_same_alone_in_a_batch_and_on_any_device():
    m = model()
    z = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    together, state = drawn(m, z, 3), play.initial(m).replace(step=np.int32(3))
    decode = jax.jit(m.decode)
    alone = [decode(state, z[i : i + 1])[0] for i in range(5)]
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(drawn(m, z[::-1], 3), together[::-1], atol=1e-5)


@pytest.mark.long
def test_evaluation_draws_by_the_average():
    m, state = model(), play.initial(model())
    gen = state.players["gen"]
    other = state.replace(players={"gen": gen.replace(ema=jax.tree.map(np.zeros_like, gen.params))})
    z = np.ones((2, 4), np.float32)
    assert not np.any(m.decode(other, z))
    assert np.any(m.decode(state, z))


# --- fields --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"size": 24}, r"^size=24 is not allowed; allowed: powers of two from 4 on$"),
        ({"start_size": 32}, r"^start_size=32 is not allowed; allowed: at most size=16$"),
        ({"stable_steps": 0}, r"^stable_steps=0 is not allowed; allowed: 1 to 1e\+09$"),
        ({"updates": ()}, r"^updates=\(\) is not allowed; allowed: a tuple of positive integers$"),
        ({"learning_rates": (2,)}, r"^learning_rates=\(2,\) is not allowed; allowed: a tuple of numbers "),
        ({"gp_weight": 0}, r"^gp_weight=0 is not allowed; allowed: above 0 where loss='wasserstein'$"),
        ({"width_base": 8}, r"^width_base=8 is not allowed; allowed: 16 to 1e\+09$"),
        ({"ema": 1}, r"^ema=1 is not allowed"),
    ],
)
def test_fields_outside_their_ranges_are_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        model(**fields)


def test_a_batch_that_the_updates_cannot_share_is_refused_before_training():
    check = functools.partial(model(updates=(1, 3)).check, base.Inputs(16, batch_size=8))
    with pytest.raises(
        ValueError, match=r"^updates=\(1, 3\) is not allowed; allowed: divisors of the 8 images"
    ):
        check()
    model(updates=(1, 3)).check(base.Inputs(16, batch_size=9))
    model(updates=(1, 3)).check(base.Inputs(16))


def test_the_first_iteration_of_a_fade_shows_a_share_of_the_new_stage(monkeypatch):
    monkeypatch.setattr(growing.networks, "seen", lambda images, *_: images)
    m = Noting(**SMALL, **GROWTH)
    object.__setattr__(m, "noted", [])
    m.train_step(
        SimpleNamespace(step=np.int32(2)), {"image": np.zeros((2, 1))}, jax.random.key(0), ("train", 1)
    )
    (*_, level) = m.noted[0]
    assert float(level) == 0.5
