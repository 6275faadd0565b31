"""StyleGAN2 on two devices: who moves in which phase, what the step remembers, and what its fields are."""

import functools

import adversaries as play
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from stylegan2_states import initial, model, pictures

from gan_jax.game import devices
from gan_jax.models import stylegan2
from gan_jax.models.shared import base, style_based
from gan_jax.ops import slopes

PHASES = ("disc", "disc_r1", "gen", "gen_path")


@pytest.fixture(scope="module")
def game():
    """The states before and after each phase of an iteration, and the phases' metrics."""
    m = model()
    step = devices.pmap_step(m.train_step, 0)
    state, states, metrics = devices.replicate(initial(m)), [initial(m)], []
    for j, phase in enumerate(m.phases(0)):
        state, told = step(state, devices.shard(pictures()), devices.clock(0, j, j == 3), phase)
        jax.tree.map(lambda x: np.testing.assert_array_equal(x[0], x[1]), jax.device_get(state))
        states.append(devices.unreplicate(state))
        metrics.append(devices.to_host(told))
    return dict(zip(PHASES, zip(states, states[1:], metrics, strict=False), strict=True))


@pytest.mark.long
def test_each_phase_moves_its_player_alone(game):
    for phase, (before, after, _) in game.items():
        own, other = ("gen", "disc") if phase.startswith("gen") else ("disc", "gen")
        assert play.moved(before.players[own].params, after.players[own].params), phase
        assert not play.moved(before.players[other].params, after.players[other].params), phase
        assert not play.moved(before.players[other].opt_state, after.players[other].opt_state), phase
        assert not play.moved(before.frozen, after.frozen)
    assert int(game["gen_path"][1].step) == 1


@pytest.mark.long
def test_the_average_moves_once_an_iteration(game):
    moved = {p for p, (a, b, _) in game.items() if play.moved(a.players["gen"].ema, b.players["gen"].ema)}
    assert moved == {"gen"}
    before, after, _ = game["gen"]
    half = 0.5 ** (1 / model().ema_half_life)
    wanted = jax.tree.map(
        lambda old, new: half * old + (1 - half) * new, before.players["gen"].ema, after.players["gen"].params
    )
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), after.players["gen"].ema, wanted
    )


@pytest.mark.long
def test_the_mean_style_moves_with_both_players_steps(game):
    moved = {p for p, (a, b, _) in game.items() if np.any(a.memory["w_avg"] != b.memory["w_avg"])}
    assert moved == {"disc", "gen"}


@pytest.mark.long
def test_the_path_length_starts_its_mean(game):
    _, after, told = game["gen_path"]
    assert float(after.memory["path_mean"]) == pytest.approx(0.01 * told["gen/path_length"], rel=1e-5)
    others = [after.memory["path_mean"] for phase, (_, after, _) in game.items() if phase != "gen_path"]
    assert not np.any(others)


def test_lazy_penalties_are_weighted_by_their_intervals(monkeypatch):
    # Adam hides a wrong weight: its first steps are of the same size for every multiple of a gradient.
    lengths, asked = np.array([1.0, 2.0, 4.0, 5.0], np.float32), {}

    def update(state, player, tx, loss_fn, *average):
        del tx, average
        asked[player], (_, told) = loss_fn(state.players[player].params)
        return state, dict(told)

    monkeypatch.setattr(stylegan2.game, "update", update)
    monkeypatch.setattr(stylegan2.game, "device_mean", lambda x: x)
    monkeypatch.setattr(slopes, "r1", lambda *_: jnp.float32(0.5))
    monkeypatch.setattr(slopes, "path_lengths", lambda *_: jnp.asarray(lengths))
    m = model(r1_weight=3.0, r1_every=8, pl_weight=2.0, pl_every=5)
    state = initial(m).replace(memory={**initial(m).memory, "path_mean": jnp.float32(2.0)})

    @functools.partial(jax.jit, static_argnums=1)
    def step(state, phase):
        after, _ = m.train_step(state, pictures(), jax.random.key(0, impl="unsafe_rbg"), phase)
        return after.memory["path_mean"], asked

    for phase in ("disc_r1", "gen_path"):
        path_mean, asked = step(state, phase)
    mean = 0.99 * 2 + 0.01 * lengths.mean()
    assert float(asked["disc"]) == pytest.approx(8 * 3 / 2 * 0.5)
    assert float(asked["gen"]) == pytest.approx(5 * 2 * np.square(lengths - mean).mean(), rel=1e-5)
    assert float(path_mean) == pytest.approx(mean)


@pytest.mark.long
def test_ada_sums_the_signs_of_four_iterations(game):
    _, after, told = game["disc"]
    assert float(after.memory["sign_real"]) == pytest.approx(told["disc/sign_real"] / 4, abs=1e-6)
    assert float(after.memory["augment_probability"]) == 0


def adapted(sign, step, old=0.5, earlier=0.0):
    """ADA's probability and mean sign after one step in which every device has the sign."""
    m = model(ada_length=1000)
    memory = {"augment_probability": jnp.float32(old), "sign_real": jnp.float32(earlier)}
    state = initial(m).replace(step=np.int32(step), memory=memory)
    found = adapting(m)(state, np.float32(sign))
    return tuple(float(found[name]) for name in ("augment_probability", "sign_real"))


@functools.cache
def adapting(m):
    adapt = lambda state, sign: m.adapt(state, {"disc/sign_real": sign})[0].memory  # noqa: E731
    return jax.jit(jax.vmap(adapt, None, None, axis_name=devices.AXIS, axis_size=1))


def test_ada_moves_by_4_of_its_length_towards_its_target():
    assert adapted(1.0, step=2) == (0.5, 0.25)
    assert adapted(0.7, step=3, earlier=0.6) == (pytest.approx(0.504), 0)
    assert adapted(0.4, step=3) == (pytest.approx(0.496), 0)
    assert adapted(-1.0, step=3, old=0.001) == (0, 0)


def test_lazy_regularisation_corrects_the_rate_and_the_decays():
    """Karras et al. 2020, appendix B; 16 and 4 are the intervals of the authors' code."""
    params = {"x": jnp.array(1.0)}
    m = model(r1_every=16, pl_every=4, learning_rate=2e-3)
    for player, rate, b2 in (("disc", 1.88235e-3, 0.990585), ("gen", 1.6e-3, 0.991992)):
        tx = m.tx(player)
        step, memory = tx.update({"x": jnp.array(3.0)}, tx.init(params))
        assert -float(step["x"]) == pytest.approx(rate, rel=1e-4)
        assert float(memory[0].nu["x"]) == pytest.approx(9 * (1 - b2), rel=1e-3)
        assert float(memory[0].mu["x"]) == 3  # b1 = 0
    tx = model(r1_weight=0.0, learning_rate=2e-3).tx("disc")
    assert -float(tx.update({"x": jnp.array(3.0)}, tx.init(params))[0]["x"]) == pytest.approx(2e-3, rel=1e-4)


def test_phases_of_each_iteration():
    m = model(r1_every=16, pl_every=4)
    assert m.phases(0) == PHASES
    assert m.phases(4) == ("disc", "gen", "gen_path")
    assert m.phases(16) == PHASES
    assert m.phases(5) == model(r1_weight=0.0, pl_weight=0.0).phases(0) == ("disc", "gen")


def test_the_penalty_of_slopes_is_r1_every_times_half_of_gamma(monkeypatch):
    """Its gradient is that of r1_every (gamma / 2) R1: the loss that `update` gets is taken apart."""
    m, seen = model(augment="none", r1_weight=3.0, r1_every=16), []
    monkeypatch.setattr(
        stylegan2.game, "update", lambda state, name, tx, loss: seen.append((name, loss)) or (state, {})
    )
    state, batch = initial(m), pictures()
    m._penalise_slopes(state, batch, jax.random.key(0))
    name, loss_fn = seen[0]

    def both(params, images):
        return loss_fn(params), slopes.r1(lambda x: m.d.apply({"params": params}, x), images)

    (value, (_, told)), slope = jax.jit(both)(state.players["disc"].params, batch["image"])
    assert (name, float(told["disc/r1"])) == ("disc", pytest.approx(float(slope), rel=1e-4))
    assert float(value) == pytest.approx(16 * 1.5 * float(slope), rel=1e-4)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"size": 24}, "size=24 is not allowed; allowed: a power of two"),
        ({"g_architecture": "deep"}, "g_architecture='deep'"),
        ({"augment_kinds": ("colour", "blur")}, "augment_kinds=.'colour', 'blur'."),
        ({"augment": "always"}, "augment='always'"),
        ({"r1_every": 0}, "r1_every=0"),
        ({"width_base": 4}, "width_base=4"),
    ],
)
def test_fields_outside_their_ranges(fields, words):
    with pytest.raises(ValueError, match=words):
        model(**fields)


def test_images_of_another_size_are_refused():
    with pytest.raises(ValueError, match="size=8 is not allowed; allowed: the 16 pixels"):
        model().check(base.Inputs(16))


@pytest.mark.parametrize("frozen", [0, 1])
def test_frozen_blocks_of_d_do_not_move(frozen):
    m = model(freeze_d=frozen)
    params = initial(m).players["disc"].params
    tx = m.tx("disc")
    move = jax.jit(lambda params, ones: tx.update(ones, tx.init(params), params)[0])
    updates = move(params, jax.tree.map(np.ones_like, params))
    still = {name for name, part in updates.items() if not any(x.any() for x in jax.tree.leaves(part))}
    assert still == ({"b8", "b8_fromrgb"} if frozen else set())
    assert {name for name in updates if name not in still} >= {"b4_conv", "b4_fc", "b4_out"}
    with pytest.raises(ValueError, match=r"^freeze_d=2 is not allowed; allowed: 0 to 1$"):
        model(freeze_d=2)


def test_the_mean_style_moves_a_two_hundredth_of_the_way_to_the_mean_of_all_devices(monkeypatch):
    monkeypatch.setattr(style_based.game, "device_mean", lambda own: own + 1)
    state = style_based.game.create({}, memory={"w_avg": np.full(8, 2.0)})
    moved = model()._follow_styles(state, np.full(8, 3.0))
    np.testing.assert_allclose(moved.memory["w_avg"], 2 + 0.005 * (4 - 2))


def test_the_average_moves_half_the_way_in_its_half_life_or_in_its_share_of_the_iterations_so_far():
    decay = model(ema_half_life=100.0, ema_ramp=0.05)._average_decay
    assert float(decay(10_000)) == pytest.approx(0.5 ** (1 / 100))
    assert float(decay(1000)) == pytest.approx(0.5 ** (1 / 50))
    assert float(decay(0)) == 0


def test_path_lengths_are_those_of_a_share_of_the_batch(monkeypatch):
    asked = []

    def lengths(synthesis_fn, ws, noise):
        asked.append((len(ws), noise.shape))
        return jnp.zeros(len(ws))

    monkeypatch.setattr(slopes, "path_lengths", lengths)
    monkeypatch.setattr(stylegan2.game, "device_mean", lambda x: x)
    monkeypatch.setattr(
        stylegan2.game,
        "update",
        lambda state, name, tx, loss: (state, loss(state.players[name].params)[1][1]),
    )
    m = model(pl_shrink=4)
    jax.eval_shape(lambda s, b: m._penalise_paths(s, b, jax.random.key(0)), initial(model()), pictures())
    assert asked == [(play.B // 4, (play.B // 4, 8, 8, 3))]
