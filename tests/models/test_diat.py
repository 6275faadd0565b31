"""DIAT: its terms in closed form, which player moves by which of them, the parameters, and its refusals."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import one_layer
import pytest
from translating import B, count, initial, moved, pictures, run, zeroed

from gan_jax.models import Inputs, diat
from gan_jax.networks.translation import resnet_generator, stargan
from gan_jax.ops import losses

SMALL = {"g_width": 2, "blocks": 1, "d_width": 2, "d_downs": 2}
BATCH = pictures(8)


class OneLayer(diat.Model):
    """Its terms and its moves are those of any networks."""

    g = property(lambda self: one_layer.Pixelwise(3))
    d = property(lambda self: one_layer.Judge())


def model(**fields):
    return OneLayer(**{**SMALL, **fields})


# D does not move, so that G's terms are those of the same D. By the number of layers that keep the identity.
FIXED = {
    1: model(d_learning_rate=0.0, feature_layers=1, perceptual=1e6, tv=5.0),
    2: model(d_learning_rate=0.0, feature_layers=2, perceptual=3.0, tv=5.0),
}


@functools.cache
def stepped(m):
    batch = pictures(8, size=B * m.d_steps)
    return run(m, initial(m, BATCH), [batch])


def test_the_parameters_are_those_that_stargans_paper_counts():
    m = diat.Model()
    state = jax.eval_shape(m.init, jax.random.key(0), pictures(128, size=1))
    found = {name: count(player.params) for name, player in state.players.items()}
    assert found == {"gen": 7_837_699, "disc": 44_721_088}
    assert round(sum(found.values()) / 1e6, 1) == 52.6
    fields = diat.Model(**SMALL, channels=1)
    assert fields.g == resnet_generator.Generator(2, 1, out_channels=1)
    assert fields.d == stargan.PatchDiscriminator(2, 2)


def test_terms_of_networks_that_answer_nothing():
    _, metrics = run(FIXED[1], zeroed(initial(model(), BATCH)), [BATCH])
    want = {"disc/loss": 2 * np.log(2), "gen/adversarial": np.log(2), "gen/perceptual": 0.0, "gen/tv": 1e-4}
    for name, value in want.items():
        assert metrics[name] == pytest.approx(value, rel=1e-4, abs=1e-9), name
    assert metrics["gen/loss"] == pytest.approx(np.log(2) + 5e-4, rel=1e-5)


@functools.cache
def by_hand():
    """Every term of the first updates while D does not move, and the perceptual term of each layer."""
    return jax.device_get(jax.jit(_by_hand)(initial(model(), BATCH)))


def _by_hand(state):
    m = model()
    gen, disc = (state.players[name].variables for name in ("gen", "disc"))
    x = BATCH["source"]
    fake = m.g.apply(gen, x, train=True)
    (real, _), (drawn, maps), (_, wanted) = (m.d.apply(disc, y) for y in (BATCH["target"], fake, x))
    return {
        "disc/loss": -jnp.log(jax.nn.sigmoid(real)).mean() - jnp.log(1 - jax.nn.sigmoid(drawn)).mean(),
        "gen/adversarial": -jnp.log(jax.nn.sigmoid(drawn)).mean(),
        "gen/perceptual": [_share(a, b) for a, b in zip(maps, wanted, strict=True)],
        "gen/tv": losses.total_variation(fake),
    }


def _share(made, wanted):
    """The mean over images of the squared distance of two maps, divided by that of the second one from 0."""
    shares = [jnp.square(a - b).sum() / jnp.square(b).sum() for a, b in zip(made, wanted, strict=True)]
    return sum(shares) / len(shares)


@pytest.mark.parametrize("layers", [1, 2])
def test_every_term_is_that_of_the_networks_and_has_its_own_weight(layers):
    found, terms = stepped(FIXED[layers])[1], by_hand()
    terms = {**terms, "gen/perceptual": sum(terms["gen/perceptual"][-layers:])}
    for name, value in terms.items():
        assert found[name] == pytest.approx(value, rel=1e-4), name
    weight = FIXED[layers].perceptual
    loss = terms["gen/adversarial"] + weight * terms["gen/perceptual"] + 5 * terms["gen/tv"]
    assert found["gen/loss"] == pytest.approx(loss, rel=1e-4)
    assert terms["gen/perceptual"] > 1e-3


def test_d_moves_d_steps_times_and_g_once_and_no_running_statistics_are_kept():
    m = model(d_steps=2, ema=0.5)
    before, (after, metrics) = initial(m, BATCH), stepped(m)
    assert m.batches == 2
    assert {name: int(p.opt_state[0].count) for name, p in after.players.items()} == {"gen": 1, "disc": 2}
    for name, player in after.players.items():
        assert moved(before.players[name].params, player.params)
        assert not player.batch_stats
    terms = {"disc": ("loss", "adversarial"), "gen": ("loss", "adversarial", "perceptual", "tv")}
    named = {f"{player}/{term}" for player in terms for term in (*terms[player], "grad_norm")}
    assert set(metrics) == named


def test_a_heavy_perceptual_loss_moves_g_towards_its_input_as_d_sees_it():
    m = FIXED[1]
    state, losses_of_g = initial(m, BATCH), []
    for i in range(4):
        state, metrics = run(m, state, [BATCH], start=i)
        losses_of_g.append(metrics["gen/perceptual"])
        assert metrics["gen/grad_norm"] > 1e3  # the other terms' gradients are about 1
    assert losses_of_g == sorted(losses_of_g, reverse=True)


def test_it_translates_in_one_direction_images_of_any_size():
    m = diat.Model(**SMALL, ema=0.5)
    state = jax.eval_shape(m.init, jax.random.key(0), BATCH)
    x = pictures(12)["source"]
    made = jax.eval_shape(m.generate, state, {"source": x, "target": x}, None)
    assert {role: images.shape for role, images in made.items()} == {"target": x.shape}
    assert m.generate(state, {"target": x}, None) == {}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"feature_layers": 3}, "feature_layers=3 is not allowed; allowed: 1 to 2"),
        ({"perceptual": -1.0}, "perceptual=-1.0 is not allowed; allowed: 0 to 1e+06"),
        ({"d_steps": 0}, "d_steps=0 is not allowed; allowed: 1 to 1000"),
        ({"channels": 2}, "channels=2 is not allowed; allowed: 1, 3"),
        ({"loss": "wasserstein"}, "loss='wasserstein' is not allowed; allowed: with a critic that gp_weight "
                                  "bounds"),
    ],
)  # fmt: skip
def test_a_refusal_names_field_value_and_what_is_allowed(fields, message):
    with pytest.raises(ValueError) as error:
        model(**fields)
    assert str(error.value) == message


def test_sizes_and_batches_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"^d_downs=6 is not allowed; allowed: values for which 96 pixels"):
        diat.Model().check(Inputs(96))
    assert diat.Model.fields_at(96, {"d_downs": 6}) == {"d_downs": 5}
    with pytest.raises(ValueError, match="the batch has no 'target'; it has source"):
        model().init(jax.random.key(0), {"source": BATCH["source"]})
