"""Gatys' style transfer: its levels, targets, losses and options, with a few random filters."""

import functools
import math
from types import SimpleNamespace

import jax
import levels
import numpy as np
import pytest

from gan_jax.game import devices
from gan_jax.models import Inputs, gatys
from gan_jax.ops import colour

SMALL = {"sizes": (3,), "filters": 4, "content_layers": ("scales",), "optimizer": "adam"}
CONTENT, STYLE = (12, 16), (10, 8)
SHOWN = {"start": "style", "tv_weight": 2.0}  # an image with each term of the loss


def model(**fields):
    return gatys.Model(**{**SMALL, **fields})


def batch(styles=1, content=CONTENT):
    """One content and several styles, each twice: an equal image for each of two devices."""
    rng = np.random.default_rng(0)
    found = {"content": rng.uniform(-1, 1, (1, *content, 3))}
    for k in range(1, styles + 1):
        name = "style" if k == 1 else f"style_{k}"
        found[name] = k / 2 * rng.uniform(-0.5, 1, (1, *STYLE, 3)) ** 3
    return {name: np.repeat(image, 2, 0).astype(np.float32) for name, image in found.items()}


@functools.cache
def initial(m, styles=1):
    """A state with `m.init`'s shapes, on the host, drawn by numpy, since compiling initialisers is slow."""
    return drawn(m, batch(styles))


def drawn(m, given):
    rng = np.random.default_rng(0)

    def fill(path, leaf):
        name = path[-1].key if hasattr(path[-1], "key") else ""
        deviation = {"kernel": 1 / math.sqrt(np.prod(leaf.shape[:-1])), "pixels": 0.25}.get(name, 0.0)
        return (deviation * rng.normal(size=leaf.shape)).astype(leaf.dtype)

    shapes = jax.eval_shape(m.init, jax.random.key(0), {k: v[:1] for k, v in given.items()})
    return jax.tree.map_with_path(fill, shapes)


@functools.cache
def compiled(m):
    return devices.pmap_step(m.train_step, 0)


def run(m, steps=1, given=None, state=None, styles=1):
    """The state after some iterations on two devices, and the metrics of each iteration."""
    given = batch(styles) if given is None else given
    state, metrics = devices.replicate(initial(m, styles) if state is None else state), []
    step = compiled(m)
    for i in range(steps):
        phases = m.phases(i)
        for j, phase in enumerate(phases):
            clock = devices.clock(i, j, j == len(phases) - 1)
            state, found = step(state, devices.shard(given), clock, phase)
        metrics.append(devices.to_host(found))
    return devices.unreplicate(state), metrics


def pixels(state, name="image"):
    return state.players[name].params["pixels"]


def generate(m, state, given=None):
    given = batch() if given is None else given
    return m.generate(state, {k: v[:1] for k, v in given.items()}, None)["image"]


@functools.cache
def finished(m, steps=6):
    return run(m, steps)


def test_coarse_levels_come_first_and_each_begins_by_measuring():
    m = model(levels=3, coarse_steps=2)
    assert [m.phases(i) for i in range(6)] == [
        (("start", 2), ("move", 2)), (("move", 2),),
        (("start", 1), ("move", 1)), (("move", 1),),
        (("start", 0), ("move", 0)), (("move", 0),),
    ]  # fmt: skip
    assert model().phases(0) == (("start", 0), ("move", 0))
    assert {p for i in range(1, 900) for p in model().phases(i)} == {("move", 0)}


@levels.parametrize("optimizer", ["adam", "lbfgs"], kept=("lbfgs",))
def test_the_image_nears_the_style_and_the_content_pays(optimizer):
    state, metrics = finished(model(optimizer=optimizer))
    assert metrics[0]["image/content"] < 1e-6 < metrics[-1]["image/content"]
    assert metrics[-1]["image/style"] < 0.95 * metrics[0]["image/style"]
    for found in metrics:
        wanted = found["image/content"] + 1e6 * found["image/style"]
        assert found["image/loss"] == pytest.approx(wanted, rel=1e-5)
    assert int(state.step) == 6
    assert pixels(state).shape == (1, *CONTENT, 3)


def test_an_image_that_is_its_own_style_and_content_costs_nothing():
    given = batch()
    given["style"] = given["content"]
    m = model()
    _, metrics = run(m, 1, given, drawn(m, given))
    assert metrics[0]["image/loss"] < 1e-5
    assert metrics[0]["image/grad_norm"] < 1e-6 * finished(m)[1][0]["image/grad_norm"]


def test_the_loss_is_the_papers_on_maps_with_mean_activation_one():
    m = model(**SHOWN)
    metrics = finished(m, 1)[1]
    given = {role: x[:1] for role, x in batch().items()}

    @jax.jit
    def apply(variables, given):
        shown = jax.image.resize(given["style"], (1, *CONTENT, 3), "bilinear")
        images = {**given, "shown": shown}
        return {role: m.network.apply(variables, x, ("scales",))["scales"] for role, x in images.items()}

    maps = jax.device_get(apply(initial(m).frozen["features"], given))
    scale = (maps["content"].mean() + maps["style"].mean()) / 2
    f, p, s = (np.asarray(maps[k][0] / scale).reshape(-1, 4) for k in ("shown", "content", "style"))
    assert metrics[0]["image/content"] == pytest.approx(0.5 * ((f - p) ** 2).sum(), rel=1e-4)
    distance = ((f.T @ f / len(f) - s.T @ s / len(s)) ** 2).sum() / (4 * 4**2)
    assert metrics[0]["image/style"] == pytest.approx(distance, rel=1e-4)


@pytest.mark.long
def test_a_finer_level_starts_from_the_coarser_image_and_is_shown_from_then_on():
    m = model(levels=2, coarse_steps=2)
    coarse, _ = run(m, 2)
    small = pixels(coarse, "image_1")
    assert small.shape == (1, 6, 8, 3)
    large = jax.image.resize(small, (1, *CONTENT, 3), "bilinear")
    np.testing.assert_allclose(generate(m, coarse), np.clip(large, -1, 1), atol=1e-6)
    fine, metrics = run(m, 3)
    assert set(metrics[0]) == {f"image_1/{t}" for t in ("loss", "content", "style", "grad_norm")}
    assert set(metrics[2]) == {f"image/{t}" for t in ("loss", "content", "style", "grad_norm")}
    np.testing.assert_array_equal(pixels(fine, "image_1"), small)
    # Adam's first step is the rate in every pixel with a gradient.
    moved = np.abs(pixels(fine) - np.asarray(large))
    np.testing.assert_allclose(moved.max(), 0.02, rtol=1e-2)
    np.testing.assert_allclose(generate(m, fine), np.clip(pixels(fine), -1, 1), atol=1e-6)


@pytest.mark.long
def test_a_style_without_weight_does_not_count():
    fields = {"normalise": "none"}  # scales depend on all styles
    alone = run(model(**fields))[1][0]["image/style"]
    mixes = ((1.0, 0.0), (0.0, 2.0), ())
    mixed = {mix: run(model(style_mix=mix, **fields), styles=2)[1][0]["image/style"] for mix in mixes}
    assert mixed[1.0, 0.0] == pytest.approx(alone, rel=1e-5)
    assert mixed[0.0, 2.0] != pytest.approx(alone, rel=0.1)
    assert mixed[()] == pytest.approx((mixed[1.0, 0.0] + mixed[0.0, 2.0]) / 2, rel=1e-5)


@pytest.mark.long
def test_a_layers_weight_is_its_share_of_the_style():
    fields = {"style_layers": ("scales", "relu1_1")}
    first, second, both = (
        run(model(**fields, style_layer_weights=weights))[1][0]["image/style"]
        for weights in ((1.0, 0.0), (0.0, 1.0), (3.0, 1.0))
    )
    assert both == pytest.approx(0.75 * first + 0.25 * second, rel=1e-5)


def test_each_region_takes_the_style_of_its_own_region():
    m, given = model(regions=2), batch()
    for role, (height, width) in {"content": CONTENT, "style": STYLE}.items():
        halves = np.zeros((2, height, width), np.int32)
        halves[:, :, width // 2 :] = 1
        halves[:, 0] = 255  # no region
        given[f"{role}_label"] = halves
    first = {k: v[:1] for k, v in given.items()}

    @jax.jit
    def measure(features):
        maps = m.network.apply(features, first["style"], ("scales",))["scales"]
        return m._measure(features, first, 0), maps

    measured, maps = jax.device_get(measure(drawn(m, given).frozen["features"]))
    maps = maps / measured["scales"]["scales"]
    parts = [maps[0, 1:, part].reshape(-1, 4) for part in (slice(0, 4), slice(4, 8))]
    wanted = [part.T @ part / len(part) for part in parts]
    np.testing.assert_allclose(measured["styles"]["style"]["scales"][0], wanted, rtol=1e-4)
    m.check(Inputs(16, columns={k: v for k, v in given.items() if k.endswith("_label")}))


def test_luminance_keeps_the_contents_colours():
    m = model(colour="luminance")
    state, _ = finished(model())  # training is the same
    content = batch()["content"][:1]
    wanted = colour.with_colours_of(pixels(state), content)
    np.testing.assert_allclose(generate(m, state), np.clip(wanted, -1, 1), atol=1e-5)
    assert np.abs(np.asarray(wanted) - pixels(state)).max() > 1e-3


@pytest.mark.long
def test_match_is_a_style_that_was_matched_before():
    given = batch()
    given["style"] = np.asarray(colour.matched(given["style"], given["content"]))
    before, now = run(model(), given=given)[1][0], run(model(colour="match"))[1][0]
    assert now["image/style"] == pytest.approx(before["image/style"], rel=1e-4)


def test_a_total_variation_is_added():
    found = finished(model(**SHOWN), 1)[1][0]
    wanted = found["image/content"] + 1e6 * found["image/style"] + 2 * found["image/tv"]
    assert found["image/loss"] == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize(("start", "std"), [("noise", 0.25), ("content", 0.58)])
def test_the_first_image(start, std):
    m = model(start=start)
    first = jax.jit(m.init)(jax.random.key(0), {k: v[:1] for k, v in batch().items()})
    state = devices.replicate(first)
    state, _ = compiled(m)(state, devices.shard(batch()), devices.clock(0, 0, False), ("start", 0))
    state = devices.unreplicate(state)
    assert pixels(state).std() == pytest.approx(std, rel=0.3)
    if start == "content":
        np.testing.assert_allclose(pixels(state), batch()["content"][:1], atol=1e-5)


def filled(size, value):
    return {"pixels": np.full((1, size, size, 3), value, np.float32)}


def test_a_level_is_shown_from_its_first_iteration_on():
    m = model(levels=2, coarse_steps=2)
    players = {
        "image_1": SimpleNamespace(params=filled(2, 0.25)),
        "image": SimpleNamespace(params=filled(4, 0.5)),
    }
    memory = {"content": np.zeros((1, 4, 4, 3), np.float32)}

    @jax.jit
    def shown(step):
        state = SimpleNamespace(step=step, players=players, memory=memory)
        return m.generate(state, memory, None)["image"].mean()

    np.testing.assert_allclose([shown(step) for step in range(4)], [0, 0.25, 0.25, 0.5])


def test_a_finer_level_begins_with_the_coarser_image(monkeypatch):
    monkeypatch.setattr(gatys.Model, "_measure", lambda *_: {})
    monkeypatch.setattr(gatys.game, "device_mean", lambda tree: tree)
    m = model(levels=2)
    state = gatys.game.create({"image_1": SimpleNamespace(params=filled(2, 0.25))}, {"features": {}})
    after, _ = m._start(state, {"content": np.zeros((2, 4, 4, 3), np.float32)}, 0)
    np.testing.assert_allclose(after.players["image"].params["pixels"], filled(4, 0.25)["pixels"])


def test_the_coarsest_level_has_two_pixels_a_side():
    given = {name: image[:1] for name, image in batch().items()}
    jax.eval_shape(model(levels=3).init, jax.random.key(0), given)  # the style has 10 x 8 pixels
    with pytest.raises(ValueError, match=r"^levels=4 is not allowed; allowed: fewer, since content is small"):
        jax.eval_shape(model(levels=4).init, jax.random.key(0), given)


def test_styles_are_in_the_order_of_their_numbers():
    names = ["style", *(f"style_{k}" for k in range(2, 13))]
    assert gatys._styles(sorted([*names, "content", "style_label"])) == names


def test_every_style_has_its_own_weight(monkeypatch):
    told = []
    monkeypatch.setattr(gatys.gram, "grams", lambda maps, scales, regions: {})
    monkeypatch.setattr(gatys.gram, "total_content_loss", lambda *_: 0.0)
    monkeypatch.setattr(
        gatys.gram,
        "total_style_loss",
        lambda own, styles, layers, mix, form: told.append((styles, mix)) or 0.0,
    )
    monkeypatch.setattr(gatys.game, "update", lambda state, name, tx, loss: loss(filled(1, 0)))
    m = model(style_mix=(3.0, 1.0))
    layers = dict.fromkeys((*m.layers[0], *m.layers[1]), 1.0)
    monkeypatch.setattr(gatys.Model, "_maps", lambda *_: layers)
    targets = {"scales": layers, "content": {}, "regions": None}
    targets["styles"] = {"style_10": "b", "style_2": "a"}
    state = SimpleNamespace(step=0, memory={"image": targets}, frozen={"features": None})
    m._move(state, 0)
    assert told == [(["a", "b"], [0.75, 0.25])]


def test_styles_are_matched_to_the_colours_of_the_content(monkeypatch):
    monkeypatch.setattr(gatys.colour, "matched", lambda images, to: images - to)
    given = {"content": np.full((2, 1), 1.0), "style": np.full((2, 1), 3.0), "style_2": np.full((2, 1), 5.0)}
    found = model(colour="match")._styles(given)
    assert {role: image.tolist() for role, image in found.items()} == {"style": [[2.0]], "style_2": [[4.0]]}
