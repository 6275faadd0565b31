"""StyleGAN: its styles in training, what evaluation draws, and the lines of the paper's Table 1."""

import functools
import math

import growth as play
import jax
import jax.numpy as jnp
import levels
import numpy as np
import pytest
from standing import told

from gan_jax.game import devices
from gan_jax.models import pggan, stylegan

SMALL = {
    "size": 16,
    "channels": 1,
    "z_dim": 4,
    "w_dim": 4,
    "width_base": 32,
    "width_max": 4,
    "mapping_layers": 2,
    "group": 2,
    "stable_steps": 2,
    "fade_steps": 2,
}
PLAIN = {"adain": False, "constant": False, "noise": False, "style_mixing": 0.0}


def model(**fields):
    return stylegan.Model(**{**SMALL, **fields})


def latents(n=5, seed=1):
    return np.random.default_rng(seed).normal(size=(n, 4)).astype(np.float32)


def at(m, step, **memory):
    state = play.initial(m)
    return state.replace(step=np.int32(step), memory={**state.memory, **memory})


# --- training ------------------------------------------------------------------------------------


@functools.cache
def one_step():
    return play.finished(model(), 0, 1)


@pytest.mark.long
def test_growth_starts_at_8_pixels_and_only_its_layers_move():
    before, (after, metrics) = play.initial(model()), one_step()
    gen = play.moved(before.players["gen"].params, after.players["gen"].params)
    parts = ["b4_conv1", "b4_styled0", "b4_styled1", "b8_conv0", "b8_conv1", "b8_styled0", "b8_styled1"]
    expected = {f"synthesis/{part}" for part in (*parts, "b8_torgb")} | {"mapping/fc0", "mapping/fc1"}
    expected |= {f"synthesis/b{side}_styled{i}/style" for side in (4, 8) for i in (0, 1)}
    assert gen - {"synthesis"} == expected
    assert "synthesis" in gen  # the constant
    disc = play.moved(before.players["disc"].params, after.players["disc"].params)
    assert disc == {"b8_fromrgb", "b8_conv0", "b8_conv1", "b4_conv", "b4_dense", "b4_out"}
    assert {"disc/r1", "disc/loss", "gen/loss"} <= metrics.keys()
    assert "w_avg" not in metrics
    assert jax.tree.structure(after) == jax.tree.structure(before)


@pytest.mark.long
def test_the_mean_style_follows_every_drawing(monkeypatch):
    # Both updates of an iteration draw images. With one latent for all, the mapping gives one style.
    m = model(learning_rates=(0.0,))
    state = play.initial(m)
    w = m._map(state.players["gen"].params, np.ones((1, 4), np.float32), None)[0]
    monkeypatch.setattr(stylegan.Model, "latents", lambda self, rng, n: jnp.ones((n, 4)))
    monkeypatch.setattr(devices, "mean", lambda tree: tree)
    step = jax.jit(lambda s, b: m.train_step(s, b, jax.random.key(0), ("train", 1))[0].memory["w_avg"])
    found = step(state, play.pictures(m))
    np.testing.assert_allclose(found, (1 - 0.995**2) * w, rtol=1e-4, atol=1e-7)


def test_the_average_is_half_way_after_its_half_life():
    m = model(ema_half_life=50.0, updates=(1, 1, 4))
    assert play.average_decay(m, 1) ** 50 == pytest.approx(0.5)
    assert play.average_decay(m, 2) ** (4 * 50) == pytest.approx(0.5)


@pytest.mark.long
def test_a_step_moves_the_average_by_its_half_life():
    before, after = play.initial(model()), one_step()[0]
    gen, decay = after.players["gen"], 0.5 ** (1 / model().ema_half_life)
    expected = jax.tree.map(
        lambda e, p: decay * e + (1 - decay) * p, before.players["gen"].params, gen.params
    )
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), gen.ema, expected)


@levels.parametrize("stage", [1, 2])
def test_styles_are_mixed_from_a_random_active_layer_on(stage):
    m = model(style_mixing=1.0)
    params, active = play.initial(m).players["gen"].params, 2 * (stage + 1)
    draw = jax.jit(lambda key: m._draw_styles(params, key, 2, None, active=active)[0])
    cuts = set()
    for seed in range(30):
        ws = np.asarray(draw(jax.random.key(seed)))
        first = [np.array_equal(ws[:, i], ws[:, 0]) for i in range(m.num_styles)]
        cuts.add(first.index(False))
        assert not any(first[first.index(False) :])
        assert all(np.array_equal(ws[:, -1], ws[:, i]) for i in range(first.index(False), m.num_styles))
    assert cuts == set(range(1, active))


@pytest.mark.long
def test_styles_are_mixed_among_the_layers_of_the_stage(monkeypatch):
    asked, draw = [], stylegan.Model._draw_styles

    def noting(self, params, rng, n, label, active=None):
        asked.append((n, active))
        return draw(self, params, rng, n, label, active)

    monkeypatch.setattr(stylegan.Model, "_draw_styles", noting)
    monkeypatch.setattr(devices, "mean", lambda tree: tree)
    m = model()
    jax.eval_shape(
        lambda s, b: m.train_step(s, b, jax.random.key(0), ("train", 2)), play.initial(m), play.pictures(m)
    )
    assert asked == [(play.B, 6)] * 2


def first(**params):
    """The metrics of the first stage, of 4 pixels, before anyone moves; `params` replace those of players."""
    m = model(size=8, start_size=4)
    state = play.initial(m)
    players = {name: state.players[name].replace(params=tree) for name, tree in params.items()}
    return told(m, state.replace(players={**state.players, **players}), play.pictures(m), ("train", 0))


def test_a_d_that_knows_nothing_costs_two_ln_2():
    state = play.initial(model(size=8, start_size=4))
    zeros = jax.tree.map(np.zeros_like, state.players["disc"].params)
    metrics = first(disc=zeros)
    assert metrics["disc/loss"] == pytest.approx(2 * math.log(2), rel=1e-5)
    assert metrics["disc/r1"] == 0


def test_r1_is_weighed_by_half_of_gamma():
    metrics = first()
    penalty = model().r1_weight / 2 * metrics["disc/r1"]
    assert penalty > 0.01
    assert metrics["disc/loss"] - metrics["disc/adversarial"] == pytest.approx(penalty, rel=1e-3)


# --- what it draws -------------------------------------------------------------------------------


@pytest.mark.long
def test_a_latents_image_is_the_same_alone_in_a_batch_and_on_any_device():
    m, z = model(), latents()
    state = at(m, 3)
    apply = devices.pmap_apply(m.generate)
    together = apply(devices.replicate(state), {"z": z})["image"]
    assert together.shape == (5, 16, 16, 1)
    alone = [jax.jit(m.decode)(state, z[i : i + 1])[0] for i in range(5)]
    np.testing.assert_allclose(together, alone, atol=1e-4)
    np.testing.assert_array_equal(apply(devices.replicate(state), {"z": z}, seed=1)["image"], together)


def test_truncation_one_changes_nothing_and_zero_draws_the_mean_style():
    m, z = model(), latents()
    state = at(m, 9, w_avg=np.full(4, 0.3, np.float32))
    whole, none, half = (np.asarray(m.styles(state, z, truncation=t)) for t in (1.0, 0.0, 0.5))
    assert whole.shape == (5, m.num_styles, 4)
    np.testing.assert_array_equal(whole, np.broadcast_to(whole[:, :1], whole.shape))
    np.testing.assert_allclose(none, np.full(none.shape, 0.3), atol=1e-6)
    np.testing.assert_allclose(half, (whole + none) / 2, atol=1e-5)


def test_fine_styles_are_not_truncated():
    # The mapping network is that of the smaller model.
    m, state = model(size=64, width_base=64), play.initial(model())
    ws, cut = (np.asarray(m.styles(state, latents(), truncation=t)) for t in (1.0, 0.0))
    assert m.num_styles == 10
    np.testing.assert_array_equal(ws[:, 8:], cut[:, 8:])
    np.testing.assert_allclose(cut[:, :8], 0, atol=1e-6)


def test_there_is_a_kernel_for_each_style():
    m = model()
    kernels = m.affine_kernels(play.initial(m))
    assert [[k.shape for k in layer] for layer in kernels] == [[(4, 8)]] * 4 + [[(4, 4)]] * 2


def test_without_strength_noise_changes_nothing():
    m, z = model(size=8), latents()
    state = at(m, 9)
    silent = jax.tree_util.tree_map_with_path(
        lambda path, x: 0 * x if path[-1].key == "noise_strength" else x, state.players["gen"].ema
    )
    quiet = state.replace(players={"gen": state.players["gen"].replace(ema=silent)})
    draw = jax.jit(lambda s, key: m.synthesise(s, m.styles(s, z), m.random_noise(key, 5)))
    images = [np.asarray(draw(s, jax.random.key(i))) for s in (state, quiet) for i in (0, 1)]
    assert np.abs(images[0] - images[1]).max() > 0.01
    np.testing.assert_allclose(images[2], images[3], atol=1e-5)


# --- Table 1 -------------------------------------------------------------------------------------


def count(tree):
    return sum(math.prod(x.shape) for x in jax.tree.leaves(tree))


@pytest.mark.long
def test_without_styles_it_is_progressive_gan():
    fields = {k: v for k, v in SMALL.items() if k not in ("w_dim", "mapping_layers")}
    ours = model(**PLAIN, blurred=False, start_size=4)
    theirs = pggan.Model(**fields)
    state, z = play.initial(ours), latents()
    params = state.players["gen"].ema["synthesis"]["generator"]
    assert count(state.players["gen"].params) == count(play.initial(theirs).players["gen"].params)
    expected = theirs.g.apply({"params": params}, z, np.float32(2))
    np.testing.assert_allclose(ours.decode(at(ours, 99), z), expected, atol=1e-3)


@pytest.mark.parametrize("field", ["constant", "noise", "style_mixing"])
def test_what_needs_styles_is_refused_without_them(field):
    with pytest.raises(ValueError, match=rf"^{field}=.* is not allowed; allowed: .* where adain=False$"):
        model(**{**PLAIN, field: 1.0 if field == "style_mixing" else True})


def test_the_lines_of_the_table_differ_in_the_layers_that_they_add():
    lines = {
        "styles": {"constant": False, "noise": False},
        "constant": {"noise": False},
        "noise": {},
    }
    states = {name: play.initial(model(size=8, **fields)) for name, fields in lines.items()}
    params = {name: state.players["gen"].params["synthesis"] for name, state in states.items()}
    assert "b4_dense" in params["styles"]
    assert "const" not in params["styles"]
    assert "b4_dense" not in params["constant"]
    strengths = {k: "noise_strength" in tree["b8_styled0"] for k, tree in params.items()}
    assert strengths == {"styles": False, "constant": False, "noise": True}


# --- maps ----------------------------------------------------------------------------------------


@functools.cache
def drawing():
    """The maps and images of styles, as one program, and the grown state."""
    m = model(noise=False)
    state = at(m, 100)
    both = jax.jit(lambda state, ws: (m.maps(state, ws), m.synthesise(state, ws)))
    return functools.partial(both, state), state


def test_the_maps_of_the_last_side_are_those_whose_colours_the_image_has():
    draw, state = drawing()
    maps, image = draw(np.random.default_rng(0).normal(size=(3, 6, 4)).astype(np.float32))
    assert {side: x.shape for side, x in maps.items()} == {
        4: (3, 4, 4, 4),
        8: (3, 8, 8, 4),
        16: (3, 16, 16, 2),
    }
    colours = state.players["gen"].eval_variables["params"]["synthesis"]["b16_torgb"]
    expected = maps[16] @ colours["kernel"][0, 0] / math.sqrt(2) + colours["bias"]
    np.testing.assert_allclose(image, expected, rtol=1e-4, atol=1e-4)


def test_a_style_gives_each_map_its_mean_and_deviation():
    draw, state = drawing()
    maps, _ = draw(np.zeros((3, 6, 4), np.float32))
    own = state.players["gen"].eval_variables["params"]["synthesis"]["b8_styled1"]["style"]["bias"]
    scale, shift = np.split(own, 2)
    np.testing.assert_allclose(maps[8].mean((0, 1, 2)), shift, atol=1e-4)
    np.testing.assert_allclose(maps[8].std((0, 1, 2)), np.abs(1 + scale), rtol=1e-3)


def test_lines_without_adain_have_no_side_with_styles():
    assert model().styled_sides == model(noise=False).styled_sides == [4, 8, 16]
    assert model(**PLAIN).styled_sides == []


def test_training_mixes_two_styles_for_every_side_of_the_stage(monkeypatch):
    asked = []

    def draw(self, params, rng, n, label, active=None):
        asked.append(active)
        return jnp.zeros((n, self.num_styles, self.w_dim)), jnp.zeros(self.w_dim)

    monkeypatch.setattr(stylegan.Model, "_draw_styles", draw)
    m = model()
    params = play.initial(m).players["gen"].params
    for stage in (0, 1):
        key = jax.ShapeDtypeStruct((2,), np.uint32)
        jax.eval_shape(lambda p, k, stage=stage: m._fakes(None, p, 2, k, None, stage), params, key)
    assert asked == [2, 4]
