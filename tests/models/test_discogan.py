"""DiscoGAN: which player moves when, the reconstruction's share, its terms in closed form, weight decay."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import one_layer
import optax
import pytest
from translating import count, initial, kept, moved, pictures, run, zeroed

from gan_jax.models import Inputs, discogan
from gan_jax.networks.translation import discogan as networks

BATCH = pictures(16)


class OneLayer(discogan.Model):
    """Its terms and its moves are those of any networks with batch norm."""

    gen = property(lambda self: {name: one_layer.Pixelwise(3, True) for name in ("s2t", "t2s")})
    disc = property(lambda self: {role: one_layer.Judge(True) for role in ("target", "source")})


def model(**fields):
    return OneLayer(**{"g_width": 2, "d_width": 2, "levels": 2, **fields})


def test_the_codes_players():
    state = jax.eval_shape(discogan.Model().init, jax.random.key(0), pictures(64, size=1))
    assert count(state.players["gen"].params) == 2 * 5_513_856
    assert count(state.players["disc"].params) == 2 * 2_765_568
    assert discogan.Model(bottleneck=100).gen["t2s"] == networks.Generator(64, 4, 3, 100)


def test_disc_moves_first_and_every_third_time():
    m = model()
    assert [m.phases(i) for i in range(6)] == [("disc",), ("gen",), ("gen",)] * 2
    state = initial(m, BATCH)
    states = [state]
    for i in range(3):
        states.append(run(m, states[-1], [BATCH], start=i)[0])
    for i, player in enumerate(("disc", "gen", "gen")):
        other = {"disc": "gen", "gen": "disc"}[player]
        before, after = states[i].players, states[i + 1].players
        assert not moved(before[other], after[other])
        for network, params in after[player].params.items():
            assert moved(before[player].params[network], params)
    counts = {name: int(p.opt_state[1][0].count) for name, p in states[-1].players.items()}
    assert counts == {"disc": 1, "gen": 2}


def test_the_share_of_the_reconstruction():
    m = model()
    assert [float(m.share(step)) for step in (0, 9999, 10_000)] == pytest.approx([0.01, 0.01, 0.5])
    state = zeroed(initial(m, BATCH))
    # The share depends on the state's iteration, not on the number of updates of a player.
    for step, share in ((9999, 0.01), (10_000, 0.5)):
        _, metrics = run(m, state.replace(step=np.int32(step)), [BATCH], start=1)
        assert metrics["gen/share"] == pytest.approx(share)


@pytest.mark.long
def test_terms_of_networks_that_answer_nothing():
    m = model(curriculum=0, rate=0.25)
    state = zeroed(initial(m, BATCH))
    _, metrics = run(m, state, [BATCH], start=0)
    assert metrics["disc/loss"] == pytest.approx(2 * math.log(2), rel=1e-5)
    _, metrics = run(m, state, [BATCH], start=1)
    squares = {role: float(np.square(x).mean()) for role, x in BATCH.items()}
    want = {
        "gen/gan_target": math.log(2),
        "gen/fm_target": 0.0,
        "gen/cycle_forward": squares["source"],
        "gen/cycle_backward": squares["target"],
        "gen/loss": 0.75 * 0.1 * 2 * math.log(2) + 0.25 * (squares["source"] + squares["target"]),
    }
    for name, value in want.items():
        assert metrics[name] == pytest.approx(value, rel=1e-5, abs=1e-7), name


def test_features_are_matched_by_the_batch_s_mean_of_the_judge_in_training():
    m = model(fm_weight=2.0, gan_weight=0.0, starting_rate=0.0)
    state = initial(m, BATCH)
    _, metrics = run(m, state, [BATCH], start=1)
    halves = [{role: x[half] for role, x in BATCH.items()} for half in (slice(0, 2), slice(2, 4))]
    found = [
        distances_by_hand(m, state, half) for half in halves
    ]  # each of two devices has half of the batch
    want = {role: float(sum(one[role] for one in found)) / 2 for role in ("target", "source")}
    for role, value in want.items():
        assert metrics[f"gen/fm_{role}"] == pytest.approx(value, rel=1e-3)
    assert metrics["gen/loss"] == pytest.approx(2 * sum(want.values()), rel=1e-3)


@functools.partial(jax.jit, static_argnums=0)
def distances_by_hand(m, state, batch):
    """For each domain, the squared distance of the mean features of images and fakes, summed over layers."""

    def passed(module, player, name, x):
        own = {"params": player.params[name], "batch_stats": player.batch_stats[name]}
        return module.apply(own, x, train=True, mutable=["batch_stats"])[0]

    gen, disc, found = state.players["gen"], state.players["disc"], {}
    for role, (name, given) in {"target": ("s2t", "source"), "source": ("t2s", "target")}.items():
        fake = passed(m.gen[name], gen, name, batch[given])
        maps = [passed(m.disc[role], disc, role, x)[1] for x in (batch[role], fake)]
        found[role] = sum(jnp.square(a.mean(0) - b.mean(0)).mean() for a, b in zip(*maps, strict=True))
    return found


def test_running_statistics_are_those_of_gens_real_images_and_of_all_that_disc_learns_from():
    assert kept(model(), BATCH, start=0) == {"gen": [1.0], "disc": [0.81]}
    assert kept(model(), BATCH, start=1) == {"gen": [0.9], "disc": [1.0]}


def test_weights_decay_in_the_gradient():
    tx = model(weight_decay=0.5, learning_rate=0.1).tx("gen")
    params = {"w": jnp.array([2.0, -3.0])}
    updates, _ = tx.update({"w": jnp.zeros(2)}, tx.init(params), params)
    # Adam's first step has the size of the rate for any gradient. AdamW's would be 0.1 * 0.5 * w.
    np.testing.assert_allclose(updates["w"], [-0.1, 0.1], rtol=1e-4)
    plain = optax.adam(0.1, 0.5)
    wanted, _ = plain.update({"w": 0.5 * params["w"]}, plain.init(params))
    np.testing.assert_allclose(updates["w"], wanted["w"], rtol=1e-6)


def test_in_use_running_averages_or_the_batch_in_hand():
    state = initial(model(), BATCH)
    one = {"source": BATCH["source"][:1]}
    for batch_statistics in (False, True):
        generate = jax.jit(model(batch_statistics=batch_statistics).generate)
        alone = generate(state, one, None)
        assert set(alone) == {"target"}
        among = generate(state, BATCH, None)["target"][:1]
        assert np.allclose(alone["target"], among, atol=1e-5) != batch_statistics


def test_averages_translate():
    m = model(ema=0.5)
    state = initial(m, BATCH)
    gen = state.players["gen"]
    other = jax.tree.map(lambda x: x + 0.5, gen.params)
    generate = jax.jit(lambda player: m.generate(state.replace(players={"gen": player}), BATCH, None))
    averaged = generate(gen.replace(ema=other))["target"]
    np.testing.assert_array_equal(averaged, generate(gen.replace(params=other, ema=other))["target"])
    assert (averaged != generate(gen)["target"]).any()


def test_refusals():
    with pytest.raises(ValueError, match=r"^levels=4 is not allowed; allowed: 3 for 32 pixels$"):
        discogan.Model().check(Inputs(32))
    with pytest.raises(ValueError, match=r"^update_interval=1 is not allowed; allowed: 2 to 1e\+06$"):
        discogan.Model(update_interval=1)
    with pytest.raises(ValueError, match=r"^the batch has no 'target'; it has source$"):
        model().init(jax.random.key(0), {"source": BATCH["source"]})
