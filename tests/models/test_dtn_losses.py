"""DTN's losses: their values, and the parameters and running statistics that they move."""

import math

import jax
import jax.numpy as jnp
import levels
import numpy as np
import optax
import pytest
from playing import ROWS, B, by_hand, distance, features, full, initial, model, pictures, run, same

from gan_jax.game import devices
from gan_jax.models import dtn
from gan_jax.ops import augment, losses, ternary

pytestmark = pytest.mark.usefixtures("whole_programs")


def with_zero_logits(state):
    """The same state with a D whose probabilities are a third for each class and every image."""
    disc = state.players["disc"]
    params = {**disc.params, "logits": jax.tree.map(np.zeros_like, disc.params["logits"])}
    return state.replace(players={**state.players, "disc": disc.replace(params=params)})


@pytest.mark.long
def test_a_discriminator_of_equal_logits_gives_3_and_2_log_3():
    m = full()
    _, metrics = run(m, state=with_zero_logits(initial(m)))
    assert metrics["disc/loss"] == pytest.approx(3 * math.log(3), abs=1e-5)
    for part in ("source", "fake_target", "real_target"):
        assert metrics[f"disc/{part}"] == pytest.approx(math.log(3), abs=1e-5)
    assert metrics["gen/gan_source"] + metrics["gen/gan_target"] == pytest.approx(2.1972246, abs=1e-5)


@pytest.mark.long
def test_a_binary_discriminator_of_zero_logits_gives_2_log_2_and_log_2():
    m = model(**ROWS["baseline"], d_learning_rate=0.0)
    _, metrics = run(m, state=with_zero_logits(initial(m)))
    assert metrics["disc/loss"] == pytest.approx(2 * math.log(2), abs=1e-5)
    assert metrics["gen/gan_source"] == pytest.approx(math.log(2), abs=1e-5)
    literal = model(**ROWS["baseline"], d_learning_rate=0.0, saturating=True)
    terms = literal._adversarial_g(with_zero_logits(initial(m)), {"source": pictures()["target"]})
    assert float(terms["gan_source"]) == pytest.approx(-math.log(2), abs=1e-5)


def test_every_term_equals_the_one_computed_from_the_networks():
    m = full()
    _, metrics = run(m)
    for name, value in by_hand(m).items():
        assert metrics[name] == pytest.approx(float(value), rel=1e-4), name


def test_running_statistics_of_g_are_those_of_the_mixture_of_both_domains():
    m = full()
    state, batch = initial(m), pictures()
    z = features(m, state, batch)
    kernel = state.players["gen"].params["g"]["project"]["kernel"]
    halves = [np.concatenate([z[f"{r}_features"][part] for r in ("source", "target")])
              for part in (slice(0, B // 2), slice(B // 2, B))]  # fmt: skip
    means = [np.einsum("bc,ijcd->bijd", half, kernel).mean((0, 1, 2)) for half in halves]
    after = devices.unreplicate(run(m)[0]).players["gen"].batch_stats["g"]["norm_0"]["mean"]
    np.testing.assert_allclose(after, 0.1 * np.mean(means, 0), rtol=1e-3, atol=1e-6)


def test_the_totals_add_the_terms_with_their_weights():
    m = full()
    _, metrics = run(m)
    parts = sum(metrics[f"disc/{x}"] for x in ("source", "fake_target", "real_target"))
    assert metrics["disc/loss"] == pytest.approx(parts, rel=1e-5)
    adversarial = metrics["gen/gan_source"] + metrics["gen/gan_target"]
    weighted = 3 * metrics["gen/const"] + 7 * metrics["gen/tid"] + 0.5 * metrics["gen/tv"]
    assert metrics["gen/loss"] == pytest.approx(adversarial + weighted, rel=1e-5)


@levels.parametrize("adversary", ["ternary", "binary"], kept=["ternary"])
def test_r1_is_the_squared_slope_of_ds_log_odds_at_target_images(adversary):
    fields = {"adversary": adversary, **({"beta": 0.0} if adversary == "binary" else {})}
    plain, weighted = (run(full(**fields, r1_weight=weight)) for weight in (0.0, 4.0))
    m, batch = full(**fields), pictures()

    def log_odds(image):
        logits = m.d.apply({"params": initial(m).players["disc"].params}, image[None], train=True)[0]
        p = jax.nn.softmax(logits)[-1] if adversary == "ternary" else jax.nn.sigmoid(logits[0])
        return jnp.log(p) - jnp.log1p(-p)

    slopes = np.asarray(jax.vmap(jax.grad(log_odds))(batch["target"]))
    found = weighted[1]["disc/r1"]
    assert found == pytest.approx(np.square(slopes).sum((1, 2, 3)).mean(), rel=1e-3)
    assert weighted[1]["disc/loss"] - plain[1]["disc/loss"] == pytest.approx(2 * found, rel=1e-4)


def test_r1_moves_d():
    fields = {"d_learning_rate": 0.01}
    plain, weighted = (run(full(**fields, r1_weight=weight))[0] for weight in (0.0, 4.0))
    discs = (devices.unreplicate(state).players["disc"].params for state in (plain, weighted))
    assert distance(*discs) > 1e-3


def test_the_source_part_of_gang_is_ds_cross_entropy_of_source_fakes_with_real():
    m = full()
    fakes = jnp.asarray(pictures(seed=3)["target"])
    logits = m.d.apply({"params": initial(m).players["disc"].params}, fakes, train=True)
    terms = m._adversarial_g(initial(m), {"source": fakes, "target": -fakes})
    assert float(terms["gan_source"]) == pytest.approx(
        float(losses.cross_entropy(logits, ternary.REAL_T)), rel=1e-5
    )


def test_the_order_of_the_source_batch_does_not_matter():
    m = full()
    batch = pictures()
    # Each device's half is reversed in itself, so that its batch-norm batch keeps the same images.
    turned = np.concatenate([batch["source"][: B // 2][::-1], batch["source"][B // 2 :][::-1]])
    _, straight = run(m, [batch])
    _, permuted = run(m, [{**batch, "source": turned}])
    for name, value in straight.items():
        assert permuted[name] == pytest.approx(value, rel=1e-4, abs=1e-6), name


def test_accuracies_of_d_are_shares_of_each_class():
    m = full()
    state = initial(m)
    bias = np.array([-50.0, 50.0, 0.0], np.float32)  # D says "made from T" of every image
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


@levels.parametrize(
    "const", [{"const_distance": "cosine"}, {"const_normalise": "std"}], kept=[{"const_normalise": "std"}]
)
def test_const_as_configured(const):
    m = full(**const)
    state, batch = initial(m), pictures()
    scale = np.linspace(0.5, 4, 8, dtype=np.float32)
    if m.const_normalise == "std":
        state = state.replace(frozen={**state.frozen, "scale": scale})
    f = {"params": state.frozen["f"]}
    z, again = (np.asarray(m.f.apply(f, x)) for x in (batch["source"], batch["target"]))
    found = float(m._const(state, z, batch["target"], jax.random.key(0)))
    if m.const_normalise == "std":
        assert found == pytest.approx((((z - again) / scale) ** 2).mean(), rel=1e-4)
        return
    lengths = np.linalg.norm(z, axis=1) * np.linalg.norm(again, axis=1)
    assert found == pytest.approx((1 - (z * again).sum(1) / lengths).mean(), rel=1e-4)


def gradient(**weights):
    """The gradient of g's loss on one device, with only the given weights."""
    m = full(**{"alpha": 0.0, "beta": 0.0, "gamma": 0.0, "adversary": "none", **weights})

    def keep(state, name, tx, loss_fn, ema):
        return state, jax.grad(loss_fn, has_aux=True)(state.players[name].params)[0]

    z = features(m, initial(m), pictures())

    def of_g(state, batch):
        return m._update_g(state, {**batch, **z}, jax.random.key(0))[1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dtn.game, "update", keep)
        return jax.jit(of_g)(initial(m), pictures())


@levels.parametrize(
    "weights",
    [{"alpha": 1.0}, {"alpha": 1.0, "const_warp": 1.0}, {"beta": 1.0}, {"adversary": "ternary"}],
    ids=["const", "warped const", "tid", "gang"],
    kept=[{"beta": 1.0}, {"adversary": "ternary"}],
)
def test_each_term_reaches_every_layer_of_g(weights):
    grads = gradient(**weights)
    for path, leaf in jax.tree_util.tree_flatten_with_path(grads)[0]:
        assert np.isfinite(leaf).all(), path
        assert np.linalg.norm(leaf) > 0, path


@pytest.mark.long
def test_f_looks_at_moved_and_bent_images_for_l_const_alone():
    m = full(const_warp=0.5)
    state, key = initial(m), jax.random.key(3)
    f = {"params": state.frozen["f"]}
    batch = pictures()
    z, fake = m.f.apply(f, batch["source"]), batch["target"]
    bent = augment.warp(key, fake, rotation=0.1, scale=0.1, shear=0.1, shift=1.2, elastic=0.4)
    expected = jnp.mean(jnp.square(z - m.f.apply(f, bent)))
    assert float(m._const(state, z, fake, key)) == pytest.approx(float(expected), rel=1e-5)
    assert float(expected) != pytest.approx(float(jnp.mean(jnp.square(z - m.f.apply(f, fake)))), rel=1e-3)
    (_, plain), (_, warped) = run(full()), run(m)
    for name in ("disc/loss", "gen/gan_source", "gen/gan_target", "gen/tid", "gen/tv"):
        assert warped[name] == pytest.approx(plain[name], rel=1e-5), name
    assert warped["gen/const"] != pytest.approx(plain["gen/const"], rel=1e-3)


def test_the_total_variation_reaches_g():
    assert float(optax.tree.norm(gradient(gamma=1.0))) > 1e-4


@levels.parametrize("player", ["gen", "disc"], kept=("gen",))
def test_a_players_step_touches_nothing_of_the_others_statistics_and_moments(player):
    # One player's update leaves the other's parameters, running statistics, moments and average alone.
    m = model(ema=0.5)
    move = m._update_d if player == "disc" else m._update_g

    def train_step(state, batch, rng, phase):
        further = () if player == "disc" else (rng,)
        return move(state, batch, *further)

    other = {"gen": "disc", "disc": "gen"}[player]
    step = devices.pmap_step(train_step, 0)
    state = devices.replicate(initial(m))
    after, _ = step(
        state,
        devices.shard(pictures() | features(m, initial(m), pictures())),
        devices.clock(0, 0, True),
        "train",
    )
    after = devices.unreplicate(after)
    same(after.players[other], initial(m).players[other])
    same(after.frozen, initial(m).frozen)
    assert distance(after.players[player].params, initial(m).players[player].params) > 1e-4
