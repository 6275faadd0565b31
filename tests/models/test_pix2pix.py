"""pix2pix: its terms in closed form, the shared fake, noise in `generate`, updates and refusals."""

import functools
import math

import jax
import jax.numpy as jnp
import levels
import numpy as np
import pytest
from standing import stood, told
from translating import count, initial, kept, moved, pictures, run, zeroed

from gan_jax.models import Inputs, pix2pix

BATCH = pictures(8, (1, 3))


def model(**fields):
    return pix2pix.Model(**{"g_width": 2, "levels": 3, "d_width": 2, "d_layers": 1, **fields})


def test_the_papers_players():
    state = jax.eval_shape(pix2pix.Model().init, jax.random.key(0), pictures(256, size=1))
    assert {name: count(p.params) for name, p in state.players.items()} == {
        "gen": 54_413_955,
        "disc": 2_768_705,
    }


@levels.parametrize(
    ("fields", "loss"),
    [
        ({}, lambda l1: math.log(2) + 100 * l1),
        ({"l1": 0.0}, lambda l1: math.log(2)),
        ({"gan_weight": 0.0}, lambda l1: 100 * l1),
    ],
    ids=["l1+cgan", "cgan", "l1"],
    kept=[{}, {"gan_weight": 0.0}],
)
def test_terms_of_networks_that_answer_nothing(fields, loss):
    m = model(**fields)
    metrics = told(m, zeroed(initial(m, BATCH)), BATCH)
    l1 = float(np.abs(BATCH["target"]).mean())
    assert metrics["disc/loss"] == pytest.approx(math.log(2), rel=1e-5)
    assert metrics["gen/l1"] == pytest.approx(l1, rel=1e-5)
    assert metrics["gen/loss"] == pytest.approx(loss(l1), rel=1e-5)


def test_both_players_see_one_fake_and_d_sees_the_source_beside_it():
    m = model()
    state = initial(m, BATCH)
    metrics = told(m, state, BATCH)
    shown = np.concatenate([BATCH["source"], BATCH["target"]], -1)
    judge = jax.jit(lambda own, shown: m.disc.apply(own, shown, train=True, mutable=["batch_stats"])[0])
    real = np.logaddexp(0, -judge(state.players["disc"].variables, shown)).mean()
    # softplus(x) = softplus(-x) + x gives D's term of the fake from G's term, if both judge the same fake.
    fake = metrics["gen/gan"] + metrics["disc/fake_logit"]
    assert 2 * metrics["disc/loss"] == pytest.approx(real + fake, rel=1e-4)


@pytest.mark.long
def test_both_players_move_once_gen_against_the_moved_disc():
    m = model()
    state = initial(m, BATCH)
    after, metrics = run(m, state, [BATCH])
    for name in ("gen", "disc"):
        assert moved(state.players[name].params, after.players[name].params)
        assert int(after.players[name].opt_state[0].count) == 1
    fast = model(learning_rate=0.05)
    _, other = run(fast, state, [BATCH])
    assert other["disc/loss"] == pytest.approx(metrics["disc/loss"], rel=1e-5)
    assert abs(other["gen/gan"] - metrics["gen/gan"]) > 1e-3


def test_running_statistics_of_disc_are_those_of_real_and_drawn_pairs():
    step = lambda m, state, batches, start: stood(m, state, *batches)  # noqa: E731
    assert kept(model(), BATCH, run=step) == {"gen": [0.9], "disc": [0.81]}


@functools.cache
def drawing(m):
    return jax.jit(m.generate)


def test_equal_sources_of_a_batch_have_their_own_noise():
    m = model()
    source = np.repeat(BATCH["source"][:1], 4, 0)
    made = np.asarray(drawing(m)(initial(m, BATCH), {"source": source}, jax.random.key(0))["target"])
    assert len(np.unique(made.reshape(4, -1), axis=0)) == 4


def test_without_condition_d_takes_the_target_alone():
    state = jax.eval_shape(model(condition=False).init, jax.random.key(0), BATCH)
    assert state.players["disc"].params["conv_0"]["kernel"].shape == (4, 4, 3, 2)
    state = jax.eval_shape(model().init, jax.random.key(0), BATCH)
    assert state.players["disc"].params["conv_0"]["kernel"].shape == (4, 4, 4, 2)


def test_dropout_is_the_noise_in_use_and_may_be_switched_off():
    state = initial(model(), BATCH)
    for dropout in (True, False):
        m = model(test_dropout=dropout)
        source = {"source": BATCH["source"]}
        first, again, other = (
            np.asarray(drawing(m)(state, source, jax.random.key(seed))["target"]) for seed in (0, 0, 1)
        )
        np.testing.assert_array_equal(first, again)
        assert np.array_equal(first, other) != dropout
        assert first.shape == BATCH["target"].shape
        assert np.abs(first).max() <= 1


@pytest.mark.long
def test_an_image_s_translation_depends_on_no_other_image():
    m = model()
    state = initial(m, BATCH)
    keys = jax.random.split(jax.random.key(3), 2)
    translate = lambda rows: m.translate(state, BATCH["source"][rows], keys[rows])  # noqa: E731
    both = translate(slice(0, 2))
    alone = jnp.concatenate([translate(slice(i, i + 1)) for i in range(2)])
    np.testing.assert_allclose(both, alone, atol=1e-5)
    # Normalisation by running averages gives another result.
    running = model(test_statistics="running").translate(state, BATCH["source"][:2], keys)
    assert float(jnp.abs(running - both).max()) > 1e-3


@pytest.mark.parametrize(
    ("fields", "size", "message"),
    [
        ({"levels": 4}, 24, "levels=4 is not allowed; allowed: levels that halve 24 pixels"),
        ({"d_layers": 3}, 16, "d_layers=3 is not allowed; allowed: fewer layers for 16 pixels"),
    ],
)
def test_images_that_the_networks_cannot_take_are_refused(fields, size, message):
    with pytest.raises(ValueError) as error:
        model(**fields).check(Inputs(size))
    assert str(error.value) == message


def test_bad_fields_are_refused():
    with pytest.raises(
        ValueError, match=r"^test_statistics='batch' is not allowed; allowed: image, running$"
    ):
        model(test_statistics="batch")
    with pytest.raises(ValueError, match=r"^target has shape \(4, 8, 8, 1\); expected .* C in \(3,\) by"):
        model().init(jax.random.key(0), pictures(8, (1, 1)))
