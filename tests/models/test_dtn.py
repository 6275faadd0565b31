"""DTN's schedule, parameter average, cached features and refusals."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from judges import Judge
from playing import SIDE, SMALL, B, by_hand, features, finished, full, initial, model, pictures, run, same

from gan_jax import data
from gan_jax.game import devices
from gan_jax.models import dtn
from gan_jax.networks.recognition.stages import Classifier, Features
from gan_jax.runs import inputs

pytestmark = pytest.mark.usefixtures("whole_programs")


@pytest.mark.long
@pytest.mark.parametrize(("d_steps", "g_steps"), [(3, 2), (1, 2)])
def test_players_move_as_often_as_configured_each_time_on_fresh_examples(d_steps, g_steps):
    m = model(d_steps=d_steps, g_steps=g_steps)
    assert m.batches == max(d_steps, g_steps)
    state, _ = run(m, [pictures(B * m.batches)])
    counts = {k: int(p.opt_state[0].count) for k, p in devices.unreplicate(state).players.items()}
    assert counts == {"disc": d_steps, "gen": g_steps}


def test_each_move_takes_its_own_part_of_the_batch_and_each_of_g_its_own_key(monkeypatch):
    m = model(d_steps=3, g_steps=2)
    seen, keys = [], set()

    def watched(name):
        def move(self, state, batch, *further):
            seen.append((name, float(batch["target"].mean())))
            if name == "_update_g":
                keys.add(np.asarray(jax.random.key_data(further[0])).tobytes())
            return state, {}

        return move

    for name in ("_update_d", "_update_g"):
        monkeypatch.setattr(dtn.Model, name, watched(name))
    monkeypatch.setattr(dtn.Model, "_f", lambda self, state, images: images[:, 0, 0])
    monkeypatch.setattr(dtn.Model, "_transfer", lambda self, state, batch: lambda params: jnp.zeros(()))
    batch = pictures(6)
    batch["target"][:] = np.repeat([1.0, 2.0, 3.0], 2)[:, None, None, None]
    m.train_step(initial(m), batch, jax.random.key(0), "train")
    assert seen == [("_update_d", 1), ("_update_d", 2), ("_update_d", 3), ("_update_g", 1), ("_update_g", 2)]
    assert len(keys) == 2


@pytest.mark.long
def test_g_is_judged_by_the_updated_d():
    m = full(d_learning_rate=0.05, g_learning_rate=0.0)
    state, metrics = run(m)
    stale = by_hand(full())["gen/gan_source"]
    assert abs(metrics["gen/gan_source"] - stale) > 0.1
    # Here the first step's D judges fakes from the start, and g had not moved in the first step.
    after = devices.unreplicate(state)
    _, again = run(full(), state=after)
    assert again["gen/gan_source"] == pytest.approx(metrics["gen/gan_source"], rel=1e-4)


def test_the_rate_is_constant_then_falls_linearly_to_zero():
    m = model(decay_start=4, decay_end=8, g_learning_rate=0.1)
    tx = m.tx("gen")
    params = {"w": jnp.zeros(())}
    state = tx.init(params)
    moves = []
    for _ in range(10):
        # With a constant gradient, Adam's step equals the rate.
        updates, state = tx.update({"w": jnp.ones(())}, state, params)
        moves.append(-float(updates["w"]))
    expected = [0.1] * 5 + [0.075, 0.05, 0.025, 0.0, 0.0]
    np.testing.assert_allclose(moves, expected, rtol=1e-4, atol=1e-7)


def test_without_a_decay_the_rate_stays():
    tx = model(d_learning_rate=0.1).tx("disc")
    state = tx.init(jnp.zeros(()))
    for _ in range(3):
        update, state = tx.update(jnp.ones(()), state)
        assert -float(update) == pytest.approx(0.1, rel=1e-4)


@pytest.mark.long
def test_the_average_of_g_follows_its_closed_form_and_is_what_generates():
    m = model(ema=0.75)
    states = [initial(m), *(devices.unreplicate(finished(m, n)[0]) for n in (1, 2))]
    w = [s.players["gen"].params for s in states]
    expected = jax.tree.map(lambda a, b, c: 0.5625 * a + 0.1875 * b + 0.25 * c, *w)
    last = states[-1].players["gen"]
    jax.tree.map(functools.partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-6), last.ema, expected)
    assert states[-1].players["disc"].ema is None
    batch = {"source": pictures()["source"]}
    averaged = states[-1].replace(players={"gen": last.replace(params=last.ema, ema=None)})
    same(m.generate(states[-1], batch, None), m.generate(averaged, batch, None))


@pytest.mark.long
def test_cached_features_train_exactly_as_recomputed_ones():
    m = model()
    batch = pictures()
    roles = {
        role: data.Examples({"image": (127.5 * (x + 1)).round().astype(np.uint8)})
        for role, x in batch.items()
    }
    f = {"params": initial(m).frozen["f"]}

    class Perceives(Judge):
        def embed(self, images):
            return np.asarray(m.f.apply(f, images.astype(np.float32) / 127.5 - 1))

    extended = inputs.with_features(m, {"f": Perceives()}, roles, lambda: None)
    cached = next(data.epoch(extended, B))
    assert set(cached) == {"source", "target", "source_features", "target_features"}
    floats = {role: cached[role].astype(np.float32) / 127.5 - 1 for role in batch}
    _, fresh = run(m, [floats])
    _, from_cache = run(m, [{**cached, **floats}])
    for name, value in fresh.items():
        assert from_cache[name] == pytest.approx(value, rel=1e-4, abs=1e-6), name


@pytest.mark.long
def test_a_step_on_cached_features_equals_one_that_computes_them():
    m = full()
    batch = pictures()
    cached = {**batch, **features(m, initial(m), batch)}
    _, fresh = run(m, [batch])
    _, from_cache = run(m, [cached])
    for name, value in fresh.items():
        assert from_cache[name] == pytest.approx(value, rel=1e-4, abs=1e-6), name


def trained(widths=SMALL["f_widths"]):
    """The finished run of a classifier with batch norm, as the required run `f`."""
    init = functools.partial(Classifier(widths, batch_norm=True).init, train=False)
    shapes, rng = jax.eval_shape(init, jax.random.key(5), pictures(1)["source"]), np.random.default_rng(5)
    f = Judge()
    f.variables = {
        "classifier": jax.tree.map(lambda x: rng.uniform(0.3, 1.3, x.shape).astype(np.float32), shapes)
    }
    return f


def test_the_scale_is_the_deviation_of_source_features_and_only_if_asked():
    z = np.random.default_rng(0).normal(3, np.arange(1, 9), (500, 8)).astype(np.float32)
    z[:, 3] = 2.0  # a dead feature must not divide by zero
    columns = {"source_features": z, "target_features": 100 * z}
    m = model(const_normalise="std")
    scale = m.adopt(initial(m), {"f": trained()}, columns).frozen["scale"]
    expected = z.std(0)
    expected[3] = 1e-3
    np.testing.assert_allclose(scale, expected, rtol=1e-5)
    plain = model().adopt(initial(model()), {"f": trained()}, columns)
    np.testing.assert_array_equal(plain.frozen["scale"], 1)


def test_adopting_takes_f_from_a_classifier_without_its_head():
    f = trained()
    m = model()
    own = {"params": m.adopt(initial(m), {"f": f}, {}).frozen["f"]}
    x = pictures(3)["source"]
    body = {k: v["features"] for k, v in f.variables["classifier"].items()}
    expected = Features(SMALL["f_widths"], batch_norm=True).apply(body, x)
    np.testing.assert_allclose(m.f.apply(own, x), expected, rtol=1e-3, atol=1e-4)


def test_adopting_an_f_of_other_widths_is_refused():
    with pytest.raises(ValueError, match="f_widths"):
        model().adopt(initial(model()), {"f": trained((4, 4))}, {})


def test_generating_needs_the_source_alone_and_stays_in_range():
    m = model()
    out = m.generate(initial(m), {"source": pictures(3)["source"]}, None)
    assert {role: x.shape for role, x in out.items()} == {"target": (3, SIDE, SIDE, 1)}
    assert np.abs(out["target"]).max() <= 1


def test_decode_is_g_without_f():
    m = model()
    state = initial(m)
    source = pictures()["source"]
    z = m.f.apply({"params": state.frozen["f"]}, source)
    made = m.generate(state, {"source": source}, jax.random.key(0))["target"]
    np.testing.assert_array_equal(m.draw(state, z), made)
    params = {
        "params": state.players["gen"].params["g"],
        "batch_stats": state.players["gen"].batch_stats["g"],
    }
    np.testing.assert_array_equal(m.draw(state, np.eye(8)), m.g.apply(params, np.eye(8), train=False))


def test_grey_images_are_features_of_their_replication():
    m = model()
    f = {"params": initial(m).frozen["f"]}
    grey = pictures()["target"]
    np.testing.assert_array_equal(m.f.apply(f, grey), m.f.apply(f, np.repeat(grey, 3, -1)))


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
        ({"r1_weight": 1.0}, "r1_weight=1.0 is not allowed; allowed: 0 where D has batch norm"),
        (
            {"r1_weight": 1.0, "d_batch_norm": False, "adversary": "none"},
            "r1_weight=1.0 is not allowed; allowed: 0 where adversary='none'",
        ),
    ],
)
def test_a_refusal_names_field_value_and_what_is_allowed(fields, message):
    with pytest.raises(ValueError) as error:
        dtn.Model(**fields)
    assert str(error.value) == message


def test_a_batch_without_a_role_or_of_other_channels_is_refused():
    with pytest.raises(ValueError, match=r"^the batch has no 'target'; it has source$"):
        model().init(jax.random.key(0), {"source": pictures()["source"]})
    with pytest.raises(ValueError, match=r"^target has shape \(8, 16, 16, 1\); expected .* C in \(3,\) by"):
        model(target_channels=3).init(jax.random.key(0), pictures())


@pytest.mark.long
def test_the_optimal_discriminator_is_a_fixed_point_of_d():
    # g does not move, and its fakes differ from real images. D's loss then falls to an optimum below 3 log 3.
    m = model(g_learning_rate=0.0, d_learning_rate=5e-3, d_batch_norm=False, d_init="lecun", beta=0.0)
    _, metrics = run(m, [pictures(seed=0)] * 20)
    assert 0 <= metrics["disc/real_target"] < 0.2
    assert metrics["disc/loss"] < 3 * math.log(3) - 1
