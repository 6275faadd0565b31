"""DTN: who plays, who moves, what each loss is and what it reaches; every step on two devices."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from gan_jax import data, inputs, losses, parallel
from gan_jax.models import dtn
from gan_jax.networks.perceptual import Classifier, Features

B = 8
SMALL = {"f_widths": (4, 4, 4, 8), "g_widths": (8, 4, 4), "d_widths": (4, 4, 8)}
ROWS = {name: {k.removeprefix("model."): v for k, v in change.items() if k != "steps"}
        for name, (change, _) in dtn.TABLE_1.items()}  # fmt: skip
PLAYED = [name for name in ROWS if name != "original"]

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


def model(**fields):
    return dtn.Model(**{**SMALL, **fields})


def pictures(size=B, seed=0, source=None):
    rng = np.random.default_rng(seed)
    source = rng.uniform(-1, 1, (size, 32, 32, 3)) if source is None else source
    target = np.sign(rng.normal(size=(size, 32, 32, 1)))
    return {"source": source.astype(np.float32), "target": target.astype(np.float32)}


@functools.cache
def initial(m, seed=0):
    """A state of `m.init`'s shapes, on the host, drawn by numpy: compiling the initialisers takes longer."""
    rng = np.random.default_rng(seed)

    def fill(path, leaf):
        name = path[-1].key if hasattr(path[-1], "key") else ""
        if name == "kernel":
            deviation = 1.5 / math.sqrt(np.prod(leaf.shape[:-1]))
            return rng.normal(0, deviation, leaf.shape).astype(np.float32)
        return (np.ones if name in ("scale", "var") else np.zeros)(leaf.shape, leaf.dtype)

    shapes = jax.eval_shape(m.init, jax.random.key(0), pictures(1))
    state = jax.tree_util.tree_map_with_path(fill, shapes)
    players = {
        name: player.replace(
            opt_state=jax.tree.map(np.zeros_like, player.opt_state),
            ema=None if player.ema is None else player.params,
        )
        for name, player in state.players.items()
    }
    return state.replace(players=players)


@functools.cache
def compiled(m, seed=0):
    return parallel.pmap_step(m.train_step, seed)


def run(m, batches=None, state=None, seed=0):
    """The replicated state and the last metrics after a step on each batch."""
    state = parallel.replicate(initial(m) if state is None else state)
    metrics = {}
    for i, batch in enumerate(batches or [pictures()]):
        clock = parallel.clock(i, 0, True)
        state, metrics = compiled(m, seed)(state, parallel.shard(batch), clock, "train")
    return state, parallel.to_host(metrics)


@functools.cache
def finished(m, steps=2):
    """State and metrics after a few steps on different batches, computed once for several tests."""
    return run(m, [pictures(seed=i) for i in range(steps)])


def same(a, b):
    jax.tree.map(np.testing.assert_array_equal, a, b)


def distance(a, b):
    return float(optax.global_norm(jax.tree.map(lambda x, y: jnp.asarray(x) - jnp.asarray(y), a, b)))


def with_zero_logits(state):
    """The state whose D says a third for each class, whatever it sees."""
    disc = state.players["disc"]
    params = {**disc.params, "logits": jax.tree.map(np.zeros_like, disc.params["logits"])}
    return state.replace(players={**state.players, "disc": disc.replace(params=params)})


# --- Values of the losses -----------------------------------------------------------------------


def test_a_discriminator_of_equal_logits_gives_3_and_2_log_3():
    # D's rate is zero, so that g is judged by the same D.
    m = model(d_learning_rate=0.0)
    _, metrics = run(m, state=with_zero_logits(initial(m)))
    assert metrics["disc/loss"] == pytest.approx(3 * math.log(3), abs=1e-5)
    for part in ("source", "fake_target", "real_target"):
        assert metrics[f"disc/{part}"] == pytest.approx(math.log(3), abs=1e-5)
    assert metrics["g/gan_source"] + metrics["g/gan_target"] == pytest.approx(2.1972246, abs=1e-5)


def test_a_binary_discriminator_of_zero_logits_gives_2_log_2_and_log_2():
    m = model(**ROWS["baseline"], d_learning_rate=0.0)
    _, metrics = run(m, state=with_zero_logits(initial(m)))
    assert metrics["disc/loss"] == pytest.approx(2 * math.log(2), abs=1e-5)
    assert metrics["g/gan_source"] == pytest.approx(math.log(2), abs=1e-5)
    literal = model(**ROWS["baseline"], d_learning_rate=0.0, saturating=True)
    _, metrics = run(literal, state=with_zero_logits(initial(literal)))
    assert metrics["g/gan_source"] == pytest.approx(-math.log(2), abs=1e-5)


@functools.cache
def by_hand(m):
    """Every term of the first step's losses, from the networks alone and one device's whole batch."""
    state, batch = initial(m), pictures()
    f = {"params": state.frozen["f"]}
    z = {role: m.f.apply(f, batch[role]) for role in batch}
    g, disc = state.players["g"], state.players["disc"]
    own = {"params": g.params["g"], "batch_stats": g.batch_stats["g"]}
    halves = []
    for part in (slice(0, B // 2), slice(B // 2, B)):  # one batch-norm batch per device
        both = jnp.concatenate([z["source"][part], z["target"][part]])
        out, _ = m.g.apply(own, both, train=True, mutable=["batch_stats"])
        halves.append(jnp.split(out, 2))
    fake_s, fake_t = (jnp.concatenate(x) for x in zip(*halves, strict=True))
    p = {
        name: jax.nn.log_softmax(m.d.apply({"params": disc.params}, x, train=True))
        for name, x in (("s", fake_s), ("t", fake_t), ("real", batch["target"]))
    }
    again = m.f.apply(f, fake_s)
    across = jnp.concatenate([fake_s, fake_t])
    return jax.device_get({
        "disc/source": -p["s"][:, 0].mean(),
        "disc/fake_target": -p["t"][:, 1].mean(),
        "disc/real_target": -p["real"][:, 2].mean(),
        "g/gan_source": -p["s"][:, 2].mean(),
        "g/gan_target": -p["t"][:, 2].mean(),
        "g/const": jnp.square(z["source"] - again).sum(1).mean() / 8,
        "g/tid": jnp.square(fake_t - batch["target"]).sum((1, 2, 3)).mean() / 1024,
        "g/tv": losses.total_variation(across),
    })  # fmt: skip


def full(**fields):
    """Every term on, no batch norm in D, and a D that g still meets as it was."""
    return model(gamma=0.5, d_batch_norm=False, d_init="lecun", d_learning_rate=0.0, **fields)


def test_every_term_equals_the_one_computed_from_the_networks():
    m = full()
    _, metrics = run(m)
    for name, value in by_hand(m).items():
        assert metrics[name] == pytest.approx(float(value), rel=1e-4), name


def test_the_totals_add_the_terms_with_their_weights():
    m = full(alpha=3.0, beta=7.0)
    _, metrics = run(m)
    parts = sum(metrics[f"disc/{x}"] for x in ("source", "fake_target", "real_target"))
    assert metrics["disc/loss"] == pytest.approx(parts, rel=1e-5)
    adversarial = metrics["g/gan_source"] + metrics["g/gan_target"]
    weighted = 3 * metrics["g/const"] + 7 * metrics["g/tid"] + 0.5 * metrics["g/tv"]
    assert metrics["g/loss"] == pytest.approx(adversarial + weighted, rel=1e-5)


def test_the_source_part_of_gang_is_ds_cross_entropy_of_source_fakes_with_real():
    m = full()
    fakes = jnp.asarray(pictures(seed=3)["target"])
    logits = m.d.apply({"params": initial(m).players["disc"].params}, fakes, train=True)
    terms = m._adversarial_g(initial(m), {"source": fakes, "target": -fakes})
    assert float(terms["gan_source"]) == pytest.approx(
        float(losses.cross_entropy(logits, dtn.REAL_T)), rel=1e-5
    )


def test_the_order_of_the_source_batch_does_not_matter():
    m = full()
    batch = pictures()
    # Within each device's half: its batch-norm batch stays the same set.
    turned = np.concatenate([batch["source"][: B // 2][::-1], batch["source"][B // 2 :][::-1]])
    _, straight = run(m, [batch])
    _, permuted = run(m, [{**batch, "source": turned}])
    for name, value in straight.items():
        assert permuted[name] == pytest.approx(value, rel=1e-4, abs=1e-6), name


def test_accuracies_of_d_are_shares_of_each_class():
    m = full()
    state = initial(m)
    bias = np.array([-50.0, 50.0, 0.0], np.float32)  # whatever it sees, it says "made from T"
    disc = with_zero_logits(state).players["disc"]
    logits = {**disc.params["logits"], "bias": bias}
    disc = disc.replace(params={**disc.params, "logits": logits})
    _, metrics = run(m, state=state.replace(players={**state.players, "disc": disc}))
    shares = {k: v for k, v in metrics.items() if "accuracy" in k}
    assert shares == {
        "disc/accuracy_source": 0,
        "disc/accuracy_fake_target": 1,
        "disc/accuracy_real_target": 0,
    }


@pytest.mark.parametrize("const", [{"const_distance": "cosine"}, {"const_normalise": "std"}])
def test_const_as_configured(const):
    m = full(**const)
    state, batch = initial(m), pictures()
    scale = np.linspace(0.5, 4, 8, dtype=np.float32)
    if m.const_normalise == "std":
        state = state.replace(frozen={**state.frozen, "scale": scale})
    f = {"params": state.frozen["f"]}
    z, again = (np.asarray(m.f.apply(f, x)) for x in (batch["source"], batch["target"]))
    found = float(m._const(state, z, batch["target"]))
    if m.const_normalise == "std":
        assert found == pytest.approx((((z - again) / scale) ** 2).mean(), rel=1e-4)
        return
    lengths = np.linalg.norm(z, axis=1) * np.linalg.norm(again, axis=1)
    assert found == pytest.approx((1 - (z * again).sum(1) / lengths).mean(), rel=1e-4)


# --- What each loss reaches ----------------------------------------------------------------------


def gradient(m, **weights):
    """The gradient of g's loss with the given weights, on one device, from g's side of the step."""
    m = full(**{"alpha": 0.0, "beta": 0.0, "adversary": "none", **weights})
    batch = pictures()
    state = initial(m)
    batch = {**batch, **m.constants(state, batch)}
    seen = {}

    def keep(state, name, tx, loss_fn, ema):
        seen["grad"] = jax.grad(loss_fn, has_aux=True)(state.players[name].params)[0]
        return state, {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dtn.game, "update", keep)
        m._update_g(state, batch)
    return seen["grad"]


@pytest.mark.parametrize(
    "weights", [{"alpha": 1.0}, {"beta": 1.0}, {"adversary": "ternary"}], ids=["const", "tid", "gang"]
)
def test_each_term_reaches_every_layer_of_g(weights):
    grads = gradient(model(), **{**weights, "gamma": 0.0})
    for path, leaf in jax.tree_util.tree_flatten_with_path(grads)[0]:
        assert np.isfinite(leaf).all(), path
        assert np.linalg.norm(leaf) > 0, path


def test_the_total_variation_reaches_g():
    assert float(optax.global_norm(gradient(model(), gamma=1.0))) > 1e-4


@pytest.mark.parametrize(
    ("frozen", "moved"), [("g_learning_rate", "disc"), ("d_learning_rate", "g")]
)
def test_one_players_update_leaves_the_other_bit_for_bit(frozen, moved):
    m = model(**{frozen: 0.0})
    before, (after, _) = initial(m), finished(m)
    after = parallel.unreplicate(after)
    other = {"g": "disc", "disc": "g"}[moved]
    same(after.players[other].params, before.players[other].params)
    assert distance(after.players[moved].params, before.players[moved].params) > 1e-4


@pytest.mark.parametrize("player", ["g", "disc"])
def test_a_players_step_touches_nothing_of_the_others_statistics_and_moments(player):
    # Of one update alone: the other's parameters, running statistics, moments and average stay.
    m = model(ema=0.5)
    move = m._update_d if player == "disc" else m._update_g

    def train_step(state, batch, rng, phase):
        return move(state, {**batch, **m.constants(state, batch)})

    other = {"g": "disc", "disc": "g"}[player]
    step = parallel.pmap_step(train_step, 0)
    state = parallel.replicate(initial(m))
    after, _ = step(state, parallel.shard(pictures()), parallel.clock(0, 0, True), "train")
    after = parallel.unreplicate(after)
    same(after.players[other], initial(m).players[other])
    same(after.frozen, initial(m).frozen)
    assert distance(after.players[player].params, initial(m).players[player].params) > 1e-4


@pytest.mark.parametrize("row", PLAYED)
def test_f_and_its_scale_stay_bit_for_bit_and_devices_agree(row):
    m = model(**ROWS[row])
    state, _ = finished(m)
    same(parallel.unreplicate(state).frozen, initial(m).frozen)
    for leaf in jax.tree.leaves(state):
        np.testing.assert_array_equal(leaf[0], leaf[1])


# --- Table 1 -------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", PLAYED)
def test_a_row_has_its_players_and_its_terms(row):
    m = model(**ROWS[row])
    state, metrics = finished(m)
    disc = {
        "no_adversary": set(),
        "baseline": {"loss"},
    }.get(row, TERNARY)
    assert set(state.players) == ({"g", "disc"} if disc else {"g"})
    expected = {f"g/{x}" for x in TERMS[row] | {"loss"}} | {f"disc/{x}" for x in disc}
    assert set(metrics) == expected
    assert all(math.isfinite(value) for value in metrics.values())


def test_without_an_adversary_no_seed_of_d_matters():
    m = model(**ROWS["no_adversary"])
    state = initial(m)
    other = initial(model(), seed=1).players["disc"]
    found = [run(m, state=state)[0]]
    found.append(run(m, state=state.replace(players={**state.players, "disc": other}))[0])
    same(*(parallel.unreplicate(x).players["g"] for x in found))


def test_neither_leaves_a_loss_of_two_adversarial_terms():
    _, metrics = finished(model(**ROWS["neither"]))
    both = metrics["g/gan_source"] + metrics["g/gan_target"]
    assert metrics["g/loss"] == pytest.approx(both, rel=1e-6)


@pytest.mark.parametrize(("alpha", "alike"), [(0.0, True), (15.0, False)])
def test_without_const_training_is_independent_of_the_second_f(alpha, alike):
    # Features come with the batch, as from the cache; f itself is used in L_CONST alone.
    m = model(alpha=alpha)
    state = initial(m)
    batch = pictures()
    batch |= jax.device_get(m.constants(state, batch))
    half = jax.tree.map(lambda x: 0.5 * x, state.frozen["f"])
    states = [state, state.replace(frozen={**state.frozen, "f": half})]
    first, second = (parallel.unreplicate(run(m, [batch], s)[0]).players["g"].params for s in states)
    assert (distance(first, second) == 0) == alike


@pytest.mark.parametrize("row", ["no_f", "baseline"])
def test_a_trained_encoder_belongs_to_g_and_moves(row):
    m = model(**ROWS[row])
    after = parallel.unreplicate(finished(m)[0])
    before = initial(m).players["g"].params
    assert set(before) == {"g", "e"}
    assert jax.tree.map(jnp.shape, before["e"]) == jax.tree.map(jnp.shape, after.frozen["f"])
    jax.tree.map(lambda a, b: distance(a, b) > 0 or pytest.fail("e stands"), after.players["g"].params["e"],
                 before["e"])  # fmt: skip


def test_the_encoder_f_is_no_part_of_g():
    assert set(initial(model()).players["g"].params) == {"g"}


def test_the_original_row_has_no_players_and_returns_the_source():
    m = model(**ROWS["original"])
    state = jax.jit(m.init)(jax.random.key(0), pictures(1))
    assert state.players == {}
    batch = pictures(3)
    out = parallel.pmap_apply(m.generate)(parallel.replicate(state), {"source": batch["source"]})
    assert set(out) == {"target"}
    np.testing.assert_array_equal(out["target"], batch["source"])


def test_a_binary_discriminator_has_one_logit_and_a_ternary_one_three():
    heads = {row: initial(model(**ROWS[row])).players["disc"].params["logits"] for row in ("dtn", "baseline")}
    assert heads["dtn"]["bias"].shape == (3,)
    assert heads["baseline"]["bias"].shape == (1,)


def test_the_baseline_does_not_pass_targets_through_g():
    # Targets reach g only through D: with D's rate at zero they do not reach it at all.
    m = model(**ROWS["baseline"], d_learning_rate=0.0)
    batch = pictures()
    found = [
        parallel.unreplicate(run(m, [{**batch, "target": sign * batch["target"]}])[0]).players["g"]
        for sign in (1, -1)
    ]
    same(*found)


# --- Schedules, counts, averages, cached columns -------------------------------------------------


@pytest.mark.parametrize(("d_steps", "g_steps"), [(1, 1), (3, 2), (1, 2)])
def test_players_move_as_often_as_configured_each_time_on_fresh_examples(d_steps, g_steps):
    m = model(d_steps=d_steps, g_steps=g_steps)
    assert m.batches == max(d_steps, g_steps)
    state, _ = run(m, [pictures(B * m.batches)])
    counts = {k: int(p.opt_state[0].count) for k, p in parallel.unreplicate(state).players.items()}
    assert counts == {"disc": d_steps, "g": g_steps}


def test_each_move_takes_its_own_part_of_the_batch(monkeypatch):
    m = model(d_steps=3, g_steps=2)
    seen = []
    for name in ("_update_d", "_update_g"):
        keep = lambda self, state, batch, n=name: (seen.append((n, float(batch["target"].mean()))), (state, {}))[1]  # noqa: E731
        monkeypatch.setattr(dtn.Model, name, keep)
    batch = pictures(6)
    batch["target"][:] = np.repeat([1.0, 2.0, 3.0], 2)[:, None, None, None]
    m.train_step(initial(m), jax.tree.map(jnp.asarray, batch), None, "train")
    assert seen == [("_update_d", 1), ("_update_d", 2), ("_update_d", 3), ("_update_g", 1), ("_update_g", 2)]


def test_g_is_judged_by_the_updated_d():
    m = full()
    m = dtn.Model(**{**m.__dict__, "d_learning_rate": 0.5, "g_learning_rate": 0.0})
    state, metrics = run(m)
    stale = by_hand(full())["g/gan_source"]
    assert abs(metrics["g/gan_source"] - stale) > 0.1
    # The D that the step leaves behind, judging fakes of a g that stood still.
    after = parallel.unreplicate(state)
    _, again = run(full(), state=after)
    assert again["g/gan_source"] == pytest.approx(metrics["g/gan_source"], rel=1e-4)


def test_the_rate_is_constant_then_falls_linearly_to_zero():
    m = model(decay_start=4, decay_end=8)
    tx = m.tx(0.1)
    params = {"w": jnp.zeros(())}
    state = tx.init(params)
    moves = []
    for _ in range(10):
        # Adam's step on a constant gradient is the rate itself.
        updates, state = tx.update({"w": jnp.ones(())}, state, params)
        moves.append(-float(updates["w"]))
    expected = [0.1] * 5 + [0.075, 0.05, 0.025, 0.0, 0.0]
    np.testing.assert_allclose(moves, expected, rtol=1e-4, atol=1e-7)


def test_without_a_decay_the_rate_stays():
    tx = model().tx(0.1)
    state = tx.init(jnp.zeros(()))
    for _ in range(3):
        update, state = tx.update(jnp.ones(()), state)
        assert -float(update) == pytest.approx(0.1, rel=1e-4)


def test_the_average_of_g_follows_its_closed_form_and_is_what_generates():
    m = model(ema=0.75)
    states = [initial(m), *(parallel.unreplicate(finished(m, n)[0]) for n in (1, 2))]
    w = [s.players["g"].params for s in states]
    expected = jax.tree.map(lambda a, b, c: 0.5625 * a + 0.1875 * b + 0.25 * c, *w)
    last = states[-1].players["g"]
    jax.tree.map(functools.partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-6), last.ema, expected)
    assert states[-1].players["disc"].ema is None
    batch = {"source": pictures()["source"]}
    averaged = states[-1].replace(players={"g": last.replace(params=last.ema, ema=None)})
    same(m.generate(states[-1], batch, None), m.generate(averaged, batch, None))


def test_cached_features_train_exactly_as_recomputed_ones():
    m = model()
    batch = pictures()
    roles = {
        role: data.Examples({"image": (127.5 * (x + 1)).round().astype(np.uint8)})
        for role, x in batch.items()
    }
    state = parallel.replicate(initial(m))
    extended, columns = inputs.with_constants(m, state, roles, lambda: None)
    assert set(columns) == {"source_z", "target_z"}
    f = {"params": initial(m).frozen["f"]}
    for role, examples in extended.items():
        pixels = examples.columns["image"].astype(np.float32) / 127.5 - 1
        np.testing.assert_array_equal(examples.columns["z"], columns[f"{role}_z"])
        np.testing.assert_allclose(columns[f"{role}_z"], m.f.apply(f, pixels), rtol=1e-4, atol=1e-5)


def test_a_step_on_cached_features_equals_one_that_computes_them():
    m = model(d_batch_norm=False)
    batch = pictures()
    cached = {**batch, **jax.device_get(m.constants(initial(m), batch))}
    _, fresh = run(m, [batch])
    _, from_cache = run(m, [cached])
    for name, value in fresh.items():
        assert from_cache[name] == pytest.approx(value, rel=1e-4, abs=1e-6), name


def test_the_scale_is_the_deviation_of_source_features_and_only_if_asked():
    z = np.random.default_rng(0).normal(3, np.arange(1, 9), (500, 8)).astype(np.float32)
    z[:, 3] = 2.0  # a dead feature must not divide by zero
    columns = {"source_z": z, "target_z": 100 * z}
    m = model(const_normalise="std")
    scale = m.calibrate(initial(m), columns).frozen["scale"]
    expected = z.std(0)
    expected[3] = 1e-3
    np.testing.assert_allclose(scale, expected, rtol=1e-5)
    np.testing.assert_array_equal(model().calibrate(initial(model()), columns).frozen["scale"], 1)


def test_adopting_takes_f_from_a_classifier_without_its_head():
    network = Classifier(SMALL["f_widths"], batch_norm=True)
    variables = network.init(jax.random.key(5), pictures(1)["source"], train=False)
    moved = jax.tree.map(lambda x: x + 0.3, variables)
    m = model()
    f = {"params": m.adopt(initial(m), {"f": moved}).frozen["f"]}
    x = pictures(3)["source"]
    body = {k: v["features"] for k, v in moved.items()}
    expected = Features(SMALL["f_widths"], batch_norm=True).apply(body, x)
    np.testing.assert_allclose(m.f.apply(f, x), expected, rtol=1e-3, atol=1e-4)


def test_adopting_an_f_of_other_widths_is_refused():
    network = Classifier((4, 4, 4, 4))
    variables = network.init(jax.random.key(0), pictures(1)["source"], train=False)
    with pytest.raises(ValueError, match="f_widths"):
        model().adopt(initial(model()), {"f": variables})


def test_generating_needs_the_source_alone_and_stays_in_range():
    m = model()
    state = parallel.unreplicate(finished(m)[0])
    out = parallel.pmap_apply(m.generate)(parallel.replicate(state), {"source": pictures(3)["source"]})
    assert out["target"].shape == (3, 32, 32, 1)
    assert np.abs(out["target"]).max() <= 1


def test_grey_images_are_features_of_their_replication():
    m = model()
    f = {"params": initial(m).frozen["f"]}
    grey = pictures()["target"]
    np.testing.assert_array_equal(m.f.apply(f, grey), m.f.apply(f, np.repeat(grey, 3, -1)))


def test_running_statistics_of_g_are_those_of_the_mixture_of_both_domains():
    m = model(g_learning_rate=0.0, d_learning_rate=0.0)
    state, batch = initial(m), pictures()
    z = m.constants(state, batch)
    kernel = state.players["g"].params["g"]["project"]["kernel"]
    halves = [np.concatenate([z[f"{r}_z"][part] for r in ("source", "target")])
              for part in (slice(0, B // 2), slice(B // 2, B))]  # fmt: skip
    means = [np.einsum("bc,ijcd->bijd", half, kernel).mean((0, 1, 2)) for half in halves]
    after = parallel.unreplicate(run(m)[0]).players["g"].batch_stats["g"]["norm_0"]["mean"]
    np.testing.assert_allclose(after, 0.1 * np.mean(means, 0), rtol=1e-3, atol=1e-6)


# --- Refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"alpha": -1.0}, "alpha=-1.0 is not allowed; allowed: 0 to 1e+06"),
        ({"beta": math.nan}, "beta=nan is not allowed; allowed: 0 to 1e+06"),
        ({"encoder": "g"}, "encoder='g' is not allowed; allowed: f, trained, identity"),
        ({"adversary": "two"}, "adversary='two' is not allowed; allowed: ternary, binary, none"),
        ({"ema": 1.0}, "ema=1.0 is not allowed; allowed: 0 to 0.999999"),
        ({"g_steps": 0}, "g_steps=0 is not allowed; allowed: 1 to 100"),
        ({"f_widths": ()}, "f_widths=() is not allowed; allowed: a tuple of positive integers"),
        ({"d_widths": (4, 0, 4)}, "d_widths=(4, 0, 4) is not allowed; allowed: a tuple of positive integers"),
        ({"target_channels": 2}, "target_channels=2 is not allowed; allowed: 1, 3"),
        (
            {"decay_start": 5, "decay_end": 5},
            "decay_end=5 is not allowed; allowed: 0, or more than decay_start",
        ),
        (
            {"adversary": "binary"},
            "beta=15.0 is not allowed; allowed: 0 where adversary='binary' (Sec. 3)",
        ),
    ],
)
def test_a_refusal_names_field_value_and_what_is_allowed(fields, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        dtn.Model(**fields)
    assert str(error.value) == message


def test_a_batch_without_a_role_or_of_other_channels_is_refused():
    with pytest.raises(ValueError, match=r"^the batch has no 'target'; it has source$"):
        model().init(jax.random.key(0), {"source": pictures()["source"]})
    with pytest.raises(ValueError, match=r"^target has shape \(8, 32, 32, 1\); expected .* C in \(3,\)$"):
        model(target_channels=3).init(jax.random.key(0), pictures())


def test_the_optimal_discriminator_is_a_fixed_point_of_d():
    # With g silent and fakes unlike reals, D's loss falls towards its optimum, which is below 3 log 3.
    m = model(g_learning_rate=0.0, d_learning_rate=5e-3, d_batch_norm=False, d_init="lecun", beta=0.0)
    _, metrics = run(m, [pictures(seed=0)] * 20)
    assert 0 <= metrics["disc/real_target"] < 0.2
    assert metrics["disc/loss"] < 3 * math.log(3) - 1
