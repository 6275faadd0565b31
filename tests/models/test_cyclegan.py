"""CycleGAN: its terms in closed form, which player moves by which terms, its pool, schedule and refusals."""

import functools

import jax
import jax.numpy as jnp
import levels
import numpy as np
import one_layer
import pytest
from translating import B, count, initial, kept, moved, pictures, run, zeroed

from gan_jax.models import Inputs, cyclegan
from gan_jax.networks.translation import resnet_generator

SMALL = {"g_width": 2, "blocks": 1, "downs": 1, "d_width": 2, "d_layers": 1}
BATCH = pictures(8)
ALL = {"identity": 0.5, "learning_rate": 0.3}  # every term is on, and updates are large


def model(**fields):
    return cyclegan.Model(**{**SMALL, **fields})


class OneLayer(cyclegan.Model):
    """Its terms and its moves are those of any networks."""

    gen = property(lambda self: {name: one_layer.Pixelwise(3) for name in ("s2t", "t2s")})
    disc = property(lambda self: {role: one_layer.Pixelwise(1) for role in ("target", "source")})


class Normed(OneLayer):
    """Its networks keep running statistics."""

    gen = property(lambda self: {name: one_layer.Pixelwise(3, True) for name in ("s2t", "t2s")})
    disc = property(lambda self: {role: one_layer.Pixelwise(1, True) for role in ("target", "source")})


# All weights differ, so that no two can change places.
WEIGHTED = OneLayer(**SMALL, gan_weight=2.0, cycle_forward=3.0, cycle_backward=5.0, identity=0.5)


@functools.cache
def updated(m, method):
    """The state and the metrics after one update, or after one step."""
    return run(m, initial(m, BATCH), [BATCH], method)


def test_the_paper_s_players():
    state = jax.eval_shape(cyclegan.Model().init, jax.random.key(0), pictures(128, size=1))
    assert count(state.players["gen"].params) == 2 * 11_378_179
    assert count(state.players["disc"].params) == 2 * 2_764_737
    assert {k: v["images"].shape for k, v in state.memory.items()} == {
        "pool_target": (50, 128, 128, 3),
        "pool_source": (50, 128, 128, 3),
    }
    assert cyclegan.Model(blocks=6).gen["t2s"] == resnet_generator.Generator(64, 6)


@pytest.mark.long
def test_terms_of_networks_that_answer_nothing():
    # D's scores and G's images are all 0, so every term is known.
    m = OneLayer(**SMALL, **ALL)
    _, metrics = run(m, zeroed(initial(m, BATCH)), [BATCH])
    sizes = {role: float(np.abs(x).mean()) for role, x in BATCH.items()}
    want = {
        "disc/loss": 1.0,  # (1 + 0) / 2 for each domain
        "disc/target": 0.5,
        "disc/source": 0.5,
        "gen/gan_target": 1.0,
        "gen/gan_source": 1.0,
        "gen/cycle_forward": sizes["source"],
        "gen/cycle_backward": sizes["target"],
        "gen/identity_target": sizes["target"],
        "gen/identity_source": sizes["source"],
        "gen/loss": 2 + 15 * (sizes["source"] + sizes["target"]),
    }
    for name, value in want.items():
        assert metrics[name] == pytest.approx(value, rel=1e-5), name


@pytest.mark.long
def test_a_discriminator_that_takes_everything_for_real():
    m = model()
    state = zeroed(initial(m, BATCH))
    for role in ("target", "source"):
        state.players["disc"].params[role]["logits"]["bias"][:] = 1
    _, metrics = run(m, state, [BATCH], "_update_gen")
    assert metrics["gen/gan_target"] == pytest.approx(0, abs=1e-6)
    assert metrics["gen/gan_source"] == pytest.approx(0, abs=1e-6)
    assert metrics["gen/loss"] == pytest.approx(10 * sum(np.abs(x).mean() for x in BATCH.values()), rel=1e-5)


@pytest.mark.parametrize("method", ["_update_gen", "_update_disc"])
def test_an_update_moves_its_player_alone(monkeypatch, method):
    if method == "_update_disc":
        old = cyclegan.Model._update_disc
        monkeypatch.setattr(cyclegan.Model, "_update_disc", lambda self, s, b: old(self, s, b, b))
    state, (after, _) = initial(WEIGHTED, BATCH), updated(WEIGHTED, method)
    name, still = ("gen", "disc") if method == "_update_gen" else ("disc", "gen")
    assert not moved(state.players[still], after.players[still])
    for network, params in after.players[name].params.items():
        assert moved(state.players[name].params[network], params)
    assert int(after.players[name].opt_state[0].count) == 1


@levels.parametrize("direction", ["cycle_forward", "cycle_backward"])
def test_either_cycle_moves_both_generators(direction):
    other = {"cycle_forward": "cycle_backward", "cycle_backward": "cycle_forward"}[direction]
    m = OneLayer(**SMALL, gan_weight=0.0, **{other: 0.0})
    state, (after, metrics) = initial(m, BATCH), updated(m, "_update_gen")
    assert set(metrics) == {"gen/loss", f"gen/{direction}", "gen/grad_norm"}
    for network in ("s2t", "t2s"):
        assert moved(state.players["gen"].params[network], after.players["gen"].params[network])


@pytest.mark.long
def test_d_judges_what_gen_drew_before_it_moved_and_the_pool_keeps_it():
    m = model(**ALL)
    state = initial(m, BATCH)
    after, metrics = run(m, state, [BATCH])
    fakes = m.generate(state, BATCH, jax.random.key(0))
    loss = 0.0
    for role, fake in fakes.items():
        d = {"params": state.players["disc"].params[role]}
        real, judged = (m.disc[role].apply(d, x, train=True) for x in (BATCH[role], fake))
        loss += float(jnp.square(real - 1).mean() + jnp.square(judged).mean()) / 2
        stored = after.memory[f"pool_{role}"]
        assert int(stored["count"]) == B // 2  # the first device's pool, with half of the batch
        np.testing.assert_allclose(stored["images"][: B // 2], fake[: B // 2], atol=1e-5)
    assert metrics["disc/loss"] == pytest.approx(loss, rel=1e-4)
    moved_fakes = m.generate(after, BATCH, jax.random.key(0))
    assert float(jnp.abs(moved_fakes["target"] - fakes["target"]).max()) > 0.1


def test_every_term_of_gen_is_that_of_the_networks_and_has_its_own_weight():
    m = WEIGHTED
    found, want = updated(m, "_update_gen")[1], by_hand(m, initial(m, BATCH))
    for name, value in want.items():
        assert found[f"gen/{name}"] == pytest.approx(float(value), rel=1e-4), name
    weights = {"gan_target": 2, "gan_source": 2, "cycle_forward": 3, "cycle_backward": 5}
    # Zhu et al. weigh the identity of a domain by half of lambda of the cycle that begins there.
    weights |= {"identity_target": 0.5 * 5, "identity_source": 0.5 * 3}
    assert set(weights) == set(want)
    loss = sum(weights[name] * float(value) for name, value in want.items())
    assert found["gen/loss"] == pytest.approx(loss, rel=1e-4)


@functools.partial(jax.jit, static_argnums=0)
def by_hand(m, state):
    s2t, t2s = (_network(m.gen[name], state.players["gen"].params[name]) for name in ("s2t", "t2s"))
    d = {role: _network(m.disc[role], state.players["disc"].params[role]) for role in m.disc}
    source, target = BATCH["source"], BATCH["target"]
    distance = lambda a, b: jnp.abs(a - b).mean()  # noqa: E731
    fake_t, fake_s = s2t(source), t2s(target)
    return {
        "gan_target": jnp.square(d["target"](fake_t) - 1).mean(),
        "gan_source": jnp.square(d["source"](fake_s) - 1).mean(),
        "cycle_forward": distance(t2s(fake_t), source),
        "cycle_backward": distance(s2t(fake_s), target),
        "identity_target": distance(s2t(target), target),
        "identity_source": distance(t2s(source), source),
    }


def _network(module, params):
    return lambda x: module.apply({"params": params}, x, train=True)


class Noting(cyclegan.Model):
    """Nobody moves: fakes are numbered images, and what D is shown is noted."""

    def _update_gen(self, state, batch):
        return state, {f"fake_{role}": batch[role] for role in ("target", "source")}

    def _update_disc(self, state, batch, fakes):
        self.noted.append({role: np.ravel(fake) for role, fake in fakes.items()})
        return state, {}


@functools.cache
def shown(size=8, count=40):
    """Images 0, 1, ... of both domains that D is shown, where both pools hold 100, 101, ..."""
    m = Noting(**SMALL, pool=size)
    object.__setattr__(m, "noted", [])
    image = {
        "target": np.arange(count, dtype=np.float32),
        "source": 1000 + np.arange(count, dtype=np.float32),
    }
    image = {role: x[:, None, None, None] for role, x in image.items()}
    held = 100 + jnp.arange(size, dtype=jnp.float32)[:, None, None, None]
    memory = {
        "pool_target": {"images": held, "count": jnp.int32(size)},
        "pool_source": {"images": 1000 + held, "count": jnp.int32(size)},
    }
    state = cyclegan.game.create({}, memory=memory)
    state, _ = m.train_step(state, image, jax.random.key(0), "train")
    return m.noted[0], state.memory


def test_d_is_shown_what_its_own_domains_pool_gives_back():
    fakes, memory = shown()
    for role, first in (("target", 0), ("source", 1000)):
        numbers = fakes[role] - first
        kept = np.ravel(memory[f"pool_{role}"]["images"]) - first
        # Every image that was there or came is either shown or kept: exactly once.
        assert sorted([*numbers, *kept]) == [*range(40), *range(100, 108)]
        assert (numbers >= 100).any()


def test_the_two_pools_draw_for_themselves():
    fakes, _ = shown()
    assert (fakes["target"] != fakes["source"] - 1000).any()


def test_rates_are_constant_for_half_the_steps_and_fall_to_zero():
    tx = model(decay_start=4, decay_end=8, learning_rate=0.1).tx("gen")
    state, moves = tx.init(jnp.zeros(())), []
    for _ in range(9):
        update, state = tx.update(jnp.ones(()), state)
        moves.append(-float(update))
    expected = [0.1, 0.1, 0.1, 0.1, 0.1, 0.075, 0.05, 0.025, 0]
    np.testing.assert_allclose(moves, expected, rtol=1e-4, atol=1e-7)


def test_generate_translates_the_roles_that_there_are_at_any_size_that_fits():
    m = model(source_channels=3, target_channels=1)
    state = jax.eval_shape(m.init, jax.random.key(0), pictures(8, (3, 1)))
    both = jax.eval_shape(m.generate, state, pictures(8, (3, 1)), None)
    assert {role: x.shape for role, x in both.items()} == {"target": (4, 8, 8, 1), "source": (4, 8, 8, 3)}
    one = jax.eval_shape(m.generate, state, {"source": np.zeros((2, 12, 6, 3), np.float32)}, None)
    assert {role: x.shape for role, x in one.items()} == {"target": (2, 12, 6, 1)}
    assert m.multiple == 2


@pytest.mark.long
def test_the_networks_of_mnist_svhn_transfer_keep_running_statistics_of_real_images():
    m = cyclegan.Model(
        generator="mnist_svhn", g_width=2, d_width=2, target_channels=1, pool=0, cycle_distance="mse"
    )
    batch = pictures(32, (3, 1))
    state = initial(m, batch)
    after, metrics = run(m, state, [batch])
    assert after.memory == {}
    assert metrics["gen/cycle_forward"] > 0
    for player in ("gen", "disc"):
        assert moved(state.players[player].batch_stats, after.players[player].batch_stats)
    own = {
        "params": state.players["gen"].params["s2t"],
        "batch_stats": state.players["gen"].batch_stats["s2t"],
    }
    means = []
    for half in np.split(batch["source"], 2):
        _, new = m.gen["s2t"].apply(own, half, train=True, mutable=["batch_stats"])
        means.append(new["batch_stats"]["norm_0"]["mean"])
    found = after.players["gen"].batch_stats["s2t"]["norm_0"]["mean"]
    np.testing.assert_allclose(found, np.mean(means, 0), atol=1e-6)


def test_running_statistics_of_disc_are_those_of_real_images_and_of_fakes():
    assert kept(Normed(**SMALL, pool=0), BATCH) == {"gen": [0.9], "disc": [0.81]}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"generator": "unet"}, "generator='unet' is not allowed; allowed: resnet, mnist_svhn"),
        ({"cycle_forward": -1.0}, "cycle_forward=-1.0 is not allowed; allowed: 0 to 1e+06"),
        ({"target_channels": 2}, "target_channels=2 is not allowed; allowed: 1, 3"),
        (
            {"target_channels": 1, "identity": 0.5},
            "identity=0.5 is not allowed; allowed: 0 where channels differ",
        ),
        (
            {"decay_start": 5, "decay_end": 5},
            "decay_end=5 is not allowed; allowed: 0, or more than decay_start",
        ),
    ],
)
def test_a_refusal_names_field_value_and_what_is_allowed(fields, message):
    with pytest.raises(ValueError) as error:
        model(**fields)
    assert str(error.value) == message


def test_images_that_the_networks_cannot_take_are_refused():
    with pytest.raises(ValueError, match=r"^size=30 is not allowed; allowed: multiples of 4$"):
        cyclegan.Model().check(Inputs(30))
    with pytest.raises(ValueError, match=r"^d_layers=5 is not allowed; allowed: fewer layers for 32 pixels$"):
        cyclegan.Model(d_layers=5).check(Inputs(32))
    with pytest.raises(ValueError, match=r"^source has shape \(4, 8, 8, 1\); expected .* C in \(3,\) by"):
        model().init(jax.random.key(0), pictures(8, (1, 3)))
