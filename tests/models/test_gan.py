"""Noise-to-image games on one or two devices: which player moves when, on which loss and which noise."""

import functools
import math

import adversaries as play
import jax
import jax.numpy as jnp
import levels
import numpy as np
import pytest
from standing import stood, told

from gan_jax.networks.layers import spectral

LN2 = math.log(2)
SN = {"loss": "hinge", "spectral": True}
LSGAN = {"loss": "lsgan", "lsgan_a": 2.0, "lsgan_b": -1.0, "lsgan_c": -3.0}
WGAN_GP = {"loss": "wasserstein", "gp_weight": 10.0, "gp_scale": 2.0}


def same(a, b):
    jax.tree.map(np.testing.assert_array_equal, a, b)


def zeros(tree):
    return jax.tree.map(np.zeros_like, tree)


def without_weights(state, *names):
    """The state with all parameters of the named players zero."""
    players = {k: p.replace(params=zeros(p.params)) if k in names else p for k, p in state.players.items()}
    return state.replace(players=players)


@pytest.mark.long
def test_one_player_at_rate_zero_stays_while_the_other_moves():
    for still, other in (("gen", "disc"), ("disc", "gen")):
        m = play.model(optimizer="sgd", **{f"{still[0]}_learning_rate": 0.0})
        after, _ = play.finished(m)
        before = play.initial(m)
        same(after.players[still].params, before.players[still].params)
        assert play.moved(before.players[other].params, after.players[other].params)


@pytest.mark.long
def test_d_moves_first_and_g_against_the_d_that_moved():
    plain, slow_d, slow_g = (
        play.finished(play.model(optimizer="sgd", **{"g_learning_rate": 0.1, "d_learning_rate": 0.1, **rate}))
        for rate in ({}, {"d_learning_rate": 0.0}, {"g_learning_rate": 0.0})
    )
    same(plain[0].players["disc"].params, slow_g[0].players["disc"].params)
    assert play.moved(plain[0].players["gen"].params, slow_d[0].players["gen"].params)


@levels.parametrize("d_steps", [1, 3])
def test_d_makes_its_updates_for_each_one_of_g(d_steps):
    m = play.model(d_steps=d_steps)
    assert m.batches == d_steps
    state, _ = play.run(m, 2)
    assert int(state.step) == 2
    assert play.count(state.players["gen"].opt_state) == 2
    assert play.count(state.players["disc"].opt_state) == 2 * d_steps


@levels.parametrize(
    ("fields", "d", "g"),
    [
        ({}, 2 * LN2, LN2),
        ({"loss": "minimax"}, 2 * LN2, -LN2),
        (LSGAN, 2.5, 4.5),
        (WGAN_GP, 10.0, 0.0),
    ],
    kept=({}, LSGAN, WGAN_GP),
)
def test_a_d_of_zeros_costs_what_its_loss_says(fields, d, g):
    m = play.model(**fields)
    metrics = told(m, without_weights(play.initial(m), m.opponent), play.pictures(m))
    assert metrics[f"{m.opponent}/loss"] == pytest.approx(d, rel=1e-5)
    assert metrics["gen/loss"] == pytest.approx(g, abs=1e-5)
    assert (m.opponent == "critic") == ("critic/w" in metrics) == (fields.get("loss") == "wasserstein")
    assert ("critic/gp" in metrics) == bool(fields.get("gp_weight"))


def test_the_critics_penalty_is_of_its_slope_times_the_scale():
    m = play.model(**WGAN_GP)
    state = jax.tree.map(np.copy, play.initial(m))
    params = state.players["critic"].params
    params["hidden_0"]["bias"] += 100  # every unit is active: the critic is linear
    slope = np.linalg.norm(params["hidden_0"]["kernel"] @ params["logits"]["kernel"])
    metrics = told(m, state, play.pictures(m))
    assert metrics["critic/gp"] == pytest.approx((2 * slope - 1) ** 2, rel=1e-4)
    assert metrics["critic/w"] == pytest.approx(-metrics["critic/adversarial"], rel=1e-5)


@pytest.mark.parametrize(("bias", "real", "fake"), [(3.0, 1, 0), (-3.0, 0, 1)])
@pytest.mark.parametrize("labels", [{}, LSGAN])
def test_d_is_right_of_an_image_on_its_side_of_the_middle(bias, real, fake, labels):
    m = play.model(**labels)
    state = without_weights(play.initial(m), "disc")
    score = bias * (-1 if labels else 1)
    state.players["disc"].params["logits"]["bias"][:] = score
    metrics = told(m, state, play.pictures(m))
    assert (metrics["disc/accuracy_real"], metrics["disc/accuracy_fake"]) == (real, fake)


@pytest.mark.long
def test_every_parameter_of_a_clipped_critic_is_within_the_bound_and_g_is_not():
    fields = {**play.CONVOLUTIONS, "d_norm": "layer", "loss": "wasserstein", "clip": 0.01}
    state, _ = play.finished(play.model(**fields, optimizer="rmsprop", d_steps=2))
    largest = {
        name: max(np.abs(x).max() for x in jax.tree.leaves(p.params)) for name, p in state.players.items()
    }
    assert largest["critic"] == np.float32(0.01)
    assert largest["gen"] > 0.5
    assert any("scale" in layer for layer in state.players["critic"].params.values())


@functools.cache
def normalised():
    """The state after one step with convolutions of zeros, for which every batch variance is 0."""
    m = play.model(**play.CONVOLUTIONS)
    return stood(m, without_weights(play.initial(m), "gen", "disc"), play.pictures(m))[0]


@pytest.mark.parametrize(("name", "passes"), [("gen", 1), ("disc", 2)])
def test_running_statistics_are_those_of_the_passes_of_ones_own_update(name, passes):
    # D's statistics are of the real and fake images of D's update, not of the fakes of G's update.
    stats = normalised().players[name].batch_stats
    variances = [x for layer in stats.values() for k, x in layer.items() if k == "var"]
    assert variances
    for variance in variances:
        np.testing.assert_allclose(variance, 0.9**passes, rtol=1e-6)


@levels.parametrize("d_steps", [1, 2])
def test_the_singular_vectors_advance_once_an_update_of_d(d_steps):
    m = play.model(**SN, d_steps=d_steps)
    before = play.initial(m).players["disc"]
    after = stood(m, play.initial(m), play.pictures(m))[0].players["disc"]
    stats, advance = before.batch_stats, jax.jit(spectral.advance)
    for _ in range(d_steps):
        stats = advance(before.params, stats)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), after.batch_stats, dict(stats))
    assert play.moved(before.batch_stats, after.batch_stats)
    assert all(np.linalg.norm(u) == pytest.approx(1, abs=1e-5) for u in jax.tree.leaves(after.batch_stats))


@pytest.mark.long
def test_noise_given_is_taken_and_noise_not_given_is_drawn():
    m = play.model()
    state = play.initial(m)
    z = np.random.default_rng(0).normal(size=(5, m.z_dim)).astype(np.float32)
    given = play.generate(m, state, {"z": z})["image"]
    assert given.shape == (5, m.size, m.size, 1)
    np.testing.assert_array_equal(play.generate(m, state, {"z": z}, seed=1)["image"], given)
    np.testing.assert_allclose(m.decode(state, z), given, atol=1e-6)
    drawn = [play.generate(m, state, {"image": np.zeros((4, 1))}, seed)["image"] for seed in (0, 0, 1)]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert len(np.unique([x.sum((1, 2, 3)) for x in drawn[1:]])) == 8


@pytest.mark.long
def test_images_are_drawn_by_the_average_where_one_is_kept():
    m = play.model(optimizer="sgd", g_learning_rate=0.5, ema=0.75)
    before, (after, _) = play.initial(m).players["gen"], play.finished(m)
    gen = after.players["gen"]
    jax.tree.map(
        lambda e, p, q: np.testing.assert_allclose(e, 0.75 * p + 0.25 * q, rtol=1e-5, atol=1e-7),
        gen.ema, before.params, gen.params,
    )  # fmt: skip
    z = np.ones((2, m.z_dim), np.float32)
    expected = m.g.apply({"params": gen.ema}, z, False)
    np.testing.assert_allclose(play.generate(m, after, {"z": z})["image"], expected, atol=1e-6)
    assert np.abs(expected - m.g.apply({"params": gen.params}, z, False)).max() > 1e-4


@pytest.mark.parametrize(("prior", "deviation"), [("normal", 2.0), ("uniform", 2 / math.sqrt(3))])
def test_the_prior_has_its_mean_and_deviation(prior, deviation):
    z = np.asarray(play.model(z_prior=prior, z_scale=2.0, z_dim=8).latents(jax.random.key(0), 5000))
    assert z.shape == (5000, 8)
    assert z.dtype == np.float32
    assert z.mean() == pytest.approx(0, abs=0.05)
    assert z.std() == pytest.approx(deviation, rel=0.02)
    assert (np.abs(z).max() <= 2) == (prior == "uniform")


@pytest.mark.long
def test_both_rates_reach_zero_at_the_same_iteration():
    rates = {"g_learning_rate": 1.0, "d_learning_rate": 1.0}
    m = play.model(optimizer="sgd", b1=0.0, d_steps=5, decay_start=2, decay_end=4, **rates)
    for player, updates in (("gen", 1), ("disc", m.d_steps)):
        tx = m.tx(player)
        state, steps = tx.init(jnp.zeros(())), []
        for _ in range(5 * updates):
            step, state = tx.update(jnp.ones(()), state)
            steps.append(-float(step))
        np.testing.assert_allclose(steps[::updates], [1, 1, 1, 0.5, 0], atol=1e-6)
