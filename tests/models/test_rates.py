"""The schedule, the clipping of gradients and the average that all models share."""

import functools
import inspect
import math

import jax
import jax.numpy as jnp
import levels
import numpy as np
import optax
import pytest
import stepping
from playing import drawn, terms_alone
from stepping import Shortened

from gan_jax import game, models
from gan_jax.errors import ConfigError
from gan_jax.game import devices
from gan_jax.models.shared.rates import Averaged, Rates

AVERAGED = {
    "adain": ("adain", "decoder"),
    "cyclegan": ("cyclegan_scenes", "gen"),
    "diat": ("diat", "gen"),
    "discogan": ("discogan", "gen"),
    "dtn": ("dtn_digits", "gen"),
    "gan": ("dcgan", "gen"),
    "icgan": ("icgan", "gen"),
    "pix2pix": ("pix2pix", "gen"),
    "stargan": ("stargan", "gen"),
    "vae": ("vae", "vae"),
}


def rates(counts, updates=1, peak=8.0, **fields):
    found = Rates(**fields).rate_of(peak, updates)
    return [float(found(count)) for count in counts]


def test_the_rate_is_a_number_while_nothing_changes_it():
    assert Rates().rate_of(0.25) == Rates(decay_start=3).rate_of(0.25, 5) == 0.25
    assert Rates().rate_at(0.25, 7) == 0.25


def test_the_rate_falls_in_a_line_or_as_half_a_cosine():
    assert rates(range(8), decay_start=2, decay_end=6) == [8, 8, 8, 6, 4, 2, 0, 0]
    found = rates(range(8), decay_start=2, decay_end=6, decay_shape="cosine")
    wanted = [8, 8, 8, *(4 * (1 + math.cos(math.pi * s / 4)) for s in (1, 2, 3)), 0, 0]
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert float(Rates(decay_end=4).rate_at(8.0, np.int32(3))) == 2


def test_the_rate_rises_before_it_is_full_and_both_factors_multiply():
    assert rates(range(6), warmup=4) == [2, 4, 6, 8, 8, 8]
    assert rates(range(5), warmup=2, decay_end=4) == [4, 6, 4, 2, 0]


@pytest.mark.parametrize("updates", [5, 0.25, 1.5])
@pytest.mark.parametrize("shape", ["linear", "cosine"])
def test_players_of_several_updates_have_the_rate_of_their_iteration(updates, shape):
    fields = {"warmup": 4, "decay_start": 8, "decay_end": 24, "decay_shape": shape}
    at = (0, 4, 8, 12, 20, 24)
    counts = [int(i * updates) for i in at]
    np.testing.assert_allclose(rates(counts, updates, **fields), rates(at, **fields), atol=1e-5)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"decay_shape": "step"}, r"^decay_shape='step' is not allowed; allowed: linear, cosine$"),
        ({"decay_start": 5, "decay_end": 5}, r"^decay_end=5 .* allowed: 0, or more than decay_start$"),
        ({"warmup": 7, "decay_end": 6}, r"^warmup=7 is not allowed; allowed: at most decay_end=6$"),
        ({"clip_norm": -1.0}, r"^clip_norm=-1\.0 is not allowed; allowed: 0 to 1e\+09$"),
    ],
)
def test_values_without_sense_are_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        Rates(**fields).check_rates()


@pytest.mark.parametrize(
    ("name", "fields", "field", "allowed"),
    [
        ("classifier", {"schedule_steps": 9, "decay_end": 9}, "decay_end=9", "0 where schedule_steps=9"),
        ("segmenter", {"schedule_steps": 9, "warmup": 2}, "warmup=2", "0 where schedule_steps=9"),
        (
            "gatys",
            {"optimizer": "adam", "decay_steps": 9, "decay_end": 9},
            "decay_end=9",
            "0 where decay_steps=9",
        ),
        ("gatys", {"clip_norm": 2.0}, "clip_norm=2.0", "0 where optimizer='lbfgs'"),
        ("gatys", {"decay_steps": 9}, "decay_steps=9", "0 where optimizer='lbfgs'"),
        ("stargan", {"ema": 1.0}, "ema=1.0", "0 to 0.999999"),
    ],
)
def test_a_model_refuses_what_it_would_not_use(name, fields, field, allowed):
    with pytest.raises(ConfigError) as error:
        models.create({"name": name, **fields})
    assert str(error.value) == f"model.{field} is not allowed; allowed: {allowed}"


def test_a_gradient_is_shortened_to_the_norm_and_a_shorter_one_stays():
    tx = Rates(clip_norm=2.0).clipped(optax.sgd(1.0))
    for gradient, wanted in (((3.0, -4.0), (-1.2, 1.6)), ((0.3, -0.4), (-0.3, 0.4))):
        params = {"a": jnp.zeros(()), "b": jnp.zeros(())}
        slopes = dict(zip(params, map(jnp.float32, gradient), strict=True))
        step, _ = tx.update(slopes, tx.init(params), params)
        np.testing.assert_allclose((step["a"], step["b"]), wanted, rtol=1e-6)
    plain = optax.sgd(1.0)
    assert Rates().clipped(plain) is plain


@pytest.mark.parametrize("name", models.known())
def test_every_model_clips_and_checks_its_rates(name):
    fields = {"name": name, **({"optimizer": "adam"} if name == "gatys" else {})}
    with pytest.raises(ConfigError, match=r"^model\.clip_norm=-1\.0 is not allowed"):
        models.create({**fields, "clip_norm": -1.0})
    params = {"w": np.zeros(2, np.float32)}
    for player in ("gen", "disc"):
        tx, plain = (models.create({**fields, "clip_norm": n}).tx(player) for n in (5.0, 0.0))
        long, short = ({"w": np.array(g, np.float32)} for g in ([60.0, 80.0], [3.0, 4.0]))
        clipped, wanted = (o.update(g, o.init(params), params)[1] for o, g in ((tx, long), (plain, short)))
        for found, value in zip(jax.tree.leaves(clipped), jax.tree.leaves(wanted), strict=True):
            np.testing.assert_allclose(found, value, rtol=1e-5)


@levels.parametrize("name", sorted(AVERAGED), kept=("pix2pix",))
def test_the_generator_and_no_other_player_has_an_average(name, monkeypatch):
    """A state has the average, and each update of the generator moves it by `ema`."""
    decays = {}

    def recorded(state, player, tx, loss_fn, ema_decay=None):
        decays[player] = ema_decay
        return terms_alone(state, player, tx, loss_fn)

    monkeypatch.setattr(game, "update", recorded)
    config, generator = AVERAGED[name]
    run = Shortened(config, ema=0.75)
    assert isinstance(run.model, Averaged)
    for phase in {phase for iteration in range(2) for phase in run.model.phases(iteration)}:
        step = functools.partial(run.model.train_step, phase=phase)
        one = jax.vmap(step, (None, None, None), axis_name=devices.AXIS, axis_size=1)
        jax.eval_shape(one, run.state, run.batch, jax.random.key(0))
    assert {player for player, p in run.state.players.items() if p.ema is not None} == {generator}
    assert {player for player, decay in decays.items() if decay} == {generator}
    assert decays[generator] == 0.75


def test_every_model_with_a_generator_of_images_can_average_it():
    found = {name for name in models.known() if issubclass(models.model_class(name), Averaged)}
    assert found == set(AVERAGED)
    others = {name: models.model_class(name) for name in models.known() if name not in found}
    draws = {name for name, cls in others.items() if cls.draws_from_noise or cls.translates}
    assert all("ema" in str(inspect.signature(others[name])) for name in draws)


@levels.parametrize("config", ["pggan_celeba", "gatys"], kept=("gatys",))
def test_rates_that_no_count_measures_follow_the_iteration(config):
    if config == "gatys":
        fields = {**models.model_class("gatys").TINY, "optimizer": "adam", "decay_end": 4}
        model = models.create({"name": "gatys", **fields})
        image = np.random.default_rng(0).uniform(-1, 1, (1, 16, 24, 3)).astype(np.float32)
        batch = {"content": image, "style": image[:, ::-1]}
        state = drawn(jax.eval_shape(model.init, jax.random.key(0), batch))
    else:
        run = Shortened(config, decay_end=4)
        model, state, batch = run.model, run.state, run.batch
    for phase in model.phases(0):
        program = jax.jit(functools.partial(stepping._alone, model.train_step, phase))
        before, (state, _) = state, program(state, batch, jax.random.key(0))
    late, _ = program(before.replace(step=jnp.int32(4)), batch, jax.random.key(0))
    for name, player in before.players.items():
        same = [
            all(map(np.array_equal, *map(jax.tree.leaves, (player.params, after.players[name].params))))
            for after in (state, late)
        ]
        assert same == [False, True], name


@pytest.mark.parametrize(
    ("name", "fields", "updates"),
    [
        ("discogan", {"update_interval": 3}, {"gen": 8, "disc": 4}),
        ("stylegan2", {"pl_every": 4, "r1_every": 3, "b1": 0.0}, {"gen": 15, "disc": 16}),
        ("dtn", {"g_steps": 2, "d_steps": 3}, {"gen": 24, "disc": 36}),
        ("gan", {"d_steps": 5}, {"gen": 12, "disc": 60}),
        ("stargan", {"n_critic": 2}, {"gen": 12, "disc": 24}),
        ("diat", {"d_steps": 3}, {"gen": 12, "disc": 36}),
        ("icgan", {"gan_steps": 4}, {"gen": 12, "enc": 8}),
    ],
)
def test_half_the_rate_is_left_halfway_through_the_fall(name, fields, updates):
    """`updates` are those of each player in the 12 iterations before the middle of the fall."""
    for player, count in updates.items():
        sizes = []
        for decay_end in (0, 24):
            model = models.create({"name": name, **fields, "decay_end": decay_end})
            params = {"w": jnp.ones(())}
            tx = model.tx(player)
            state = optax.tree_utils.tree_set(tx.init(params), count=np.int32(count))
            sizes.append(float(tx.update(params, state, params)[0]["w"]))
        assert sizes[1] / sizes[0] == pytest.approx(0.5, rel=1e-4), player
