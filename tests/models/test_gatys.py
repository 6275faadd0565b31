"""Gatys' style transfer: its levels, targets, losses and options, with a few random filters."""

import functools

import jax
import jax.numpy as jnp
import levels
import numpy as np
import pytest

from gan_jax.game import devices
from gan_jax.models import Inputs, classifier, gatys
from gan_jax.networks.recognition import vgg
from gan_jax.ops import colour, gram

SMALL = {"sizes": (3,), "filters": 4, "content_layers": ("scales",), "optimizer": "adam"}
CONTENT, STYLE = (12, 16), (10, 8)


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
    return jax.device_get(m.init(jax.random.key(0), {k: v[:1] for k, v in batch(styles).items()}))


def run(m, steps=1, given=None, state=None, styles=1):
    """The state after some iterations on two devices, and the metrics of each iteration."""
    given = batch(styles) if given is None else given
    state, metrics = devices.replicate(initial(m, styles) if state is None else state), []
    step = devices.pmap_step(m.train_step, 0)
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
    _, metrics = run(m, 1, given, m.init(jax.random.key(0), {k: v[:1] for k, v in given.items()}))
    assert metrics[0]["image/loss"] < 1e-5
    assert metrics[0]["image/grad_norm"] < 1e-6 * finished(m)[1][0]["image/grad_norm"]


def test_the_loss_is_the_papers_on_maps_with_mean_activation_one():
    m = model(start="style")
    _, metrics = run(m)
    network = m.network
    variables, given = initial(m).frozen["features"], batch()
    maps = {role: network.apply(variables, x[:1], ("scales",))["scales"] for role, x in given.items()}
    scale = (maps["content"].mean() + maps["style"].mean()) / 2
    shown = jax.image.resize(given["style"][:1], (1, *CONTENT, 3), "bilinear")
    maps["shown"] = network.apply(variables, shown, ("scales",))["scales"]
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
    shapes = {k: v[:1] for k, v in given.items()}
    state = jax.device_get(m.init(jax.random.key(0), shapes))
    measured = m._measure(state.frozen["features"], shapes, 0)
    maps = m.network.apply(state.frozen["features"], given["style"][:1], ("scales",))["scales"]
    maps = maps / measured["scales"]["scales"]
    wanted = [gram.gram(maps[:, 1:, part])[0, 0] for part in (slice(0, 4), slice(4, 8))]
    np.testing.assert_allclose(measured["styles"]["style"]["scales"][0], wanted, rtol=1e-4)
    m.check(Inputs(16, columns={k: v for k, v in given.items() if k.endswith("_label")}))


def test_luminance_keeps_the_contents_colours():
    m = model(colour="luminance")
    state, _ = finished(m, 2)
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
    _, metrics = run(model(tv_weight=2.0))
    found = metrics[0]
    wanted = found["image/content"] + 1e6 * found["image/style"] + 2 * found["image/tv"]
    assert found["image/loss"] == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize(("start", "std"), [("noise", 0.25), ("content", 0.58)])
def test_the_first_image(start, std):
    m = model(start=start, learning_rate=1e-6)
    state, _ = run(m)
    assert pixels(state).std() == pytest.approx(std, rel=0.3)
    if start == "content":
        np.testing.assert_allclose(pixels(state), batch()["content"][:1], atol=1e-5)


@pytest.mark.long
def test_scaling_by_filters_is_normalising_the_weights():
    network = vgg.VGG(19, "average", through="relu2_1")
    x = jnp.asarray(batch()["content"][:1])
    variables = network.init(jax.random.key(0), x)
    new, _ = vgg.normalise_activations(network, variables, x, gram.FLOOR)
    layers = ("relu1_1", "relu2_1")
    maps = network.apply(variables, x, layers)
    scales = gram.scales([maps], "filter")
    for layer, wanted in network.apply(new, x, layers).items():
        np.testing.assert_allclose(maps[layer] / scales[layer], wanted, rtol=1e-3, atol=1e-4)
    assert gram.scales([maps], "none") == dict.fromkeys(layers, 1.0)
    layer_scale = gram.scales([maps, maps], "layer")["relu2_1"]
    assert float((maps["relu2_1"] / layer_scale).mean()) == pytest.approx(1, rel=1e-5)


def test_a_channel_that_is_hardly_active_counts_a_tenth_of_its_layer():
    maps = jnp.ones((1, 4, 4, 10)).at[..., 0].set(1e-6)
    scales = gram.scales([{"relu1_1": maps}], "filter")["relu1_1"]
    np.testing.assert_allclose(scales, [0.09, *[1] * 9], rtol=1e-5)


class Weights:
    """Replaces a network from a file."""

    def __init__(self, name, variables):
        self.variables = {name: variables}


@pytest.mark.long
def test_vggs_weights_come_from_the_file_as_far_as_the_layers_need():
    m = gatys.Model(perception="vgg16", content_layers=("relu2_1",), style_layers=("relu1_1", "conv2_2"))
    assert m.network.through == "conv2_2"
    x = jnp.zeros((1, 16, 16, 3))
    variables = vgg.VGG(16, through="relu3_1").init(jax.random.key(1), x)
    state = jax.eval_shape(m.init, jax.random.key(0), {"content": x, "style": x})
    found = m.adopt(state, {"vgg16": Weights("vgg16", variables)}, {}).frozen["features"]["params"]
    assert set(found) == {"input", "conv1_1", "conv1_2", "conv2_1", "conv2_2"}
    np.testing.assert_array_equal(found["conv2_2"]["kernel"], variables["params"]["conv2_2"]["kernel"])


@pytest.mark.long
def test_a_classifiers_stages_are_its_convolutions_with_batch_norm_folded_in():
    m = gatys.Model(perception="classifier", f_widths=(4, 4, 6, 8))
    f = classifier.Model(widths=(4, 4, 6, 8), batch_norm=True)
    given = {"image": np.zeros((1, 32, 32, 3), np.float32), "image_label": np.zeros(1, np.int32)}
    variables = f.init(jax.random.key(0), given).players["classifier"].variables
    x = jax.random.uniform(jax.random.key(1), (2, 32, 32, 3))
    state = m.init(jax.random.key(0), {"content": x, "style": x})
    state = m.adopt(state, {"classifier": Weights("classifier", variables)}, {})
    maps = m.network.apply(state.frozen["features"], x)
    assert {name: found.shape[1:] for name, found in maps.items()} == {
        "stage_1": (32, 32, 4), "stage_2": (16, 16, 4), "stage_3": (8, 8, 6), "stage_4": (4, 4, 8),
    }  # fmt: skip
    wanted = f.body.apply({name: tree["features"] for name, tree in variables.items()}, x)
    np.testing.assert_allclose(maps["stage_4"].max((1, 2)), wanted, atol=1e-4)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"perception": "vgg"}, r"^perception='vgg' is not allowed; allowed: vgg16, vgg19, random"),
        ({"style_layers": ("conv9_1",)}, r"^style_layers=\('conv9_1',\) is not allowed; allowed: some of"),
        ({"style_layer_weights": (1.0, 1.0)}, r"^style_layer_weights=.* allowed: \(\), or 1 numbers of 0 or"),
        ({"style_mix": (0.0, 0.0)}, r"^style_mix=\(0.0, 0.0\) is not allowed"),
        ({"sizes": (4,)}, r"^sizes=\(4,\) is not allowed; allowed: odd numbers$"),
        ({"learning_rate": 0.0}, r"^learning_rate=0.0 is not allowed; allowed: above 0, to 10$"),
        ({"loss": "sum"}, r"^loss='sum' is not allowed; allowed: paper, notebook, neural_style$"),
    ],
)  # fmt: skip
def test_wrong_fields_are_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        model(**fields)


def test_networks_that_are_not_there_are_refused_before_any_work():
    m = gatys.Model(perception="vgg19")
    with pytest.raises(ValueError, match=r"^perception='vgg19' .*: random, or vgg19 among the .* weights$"):
        m.check(Inputs(64, networks=("vgg16",)))
    m.check(Inputs(64, networks=("vgg19",)))
    m.check(Inputs(64))


def test_wrong_pictures_are_refused():
    m = gatys.Model(perception="vgg19", levels=2)
    x = {name: jnp.zeros((1, 31, 40, 3)) for name in ("content", "style")}
    with pytest.raises(ValueError, match=r"^images of 15 x 20 pixels are too small for layer relu5_1; .* 16"):
        m.init(jax.random.key(0), x)
    with pytest.raises(ValueError, match=r"^the batch has no 'style'; it has content$"):
        model().init(jax.random.key(0), {"content": x["content"]})
    with pytest.raises(ValueError, match=r"^style_mix=\(1.0, 1.0\) is not allowed; allowed: \(\), or 1 nu"):
        model(style_mix=(1.0, 1.0)).init(jax.random.key(0), x)


def test_regions_that_a_picture_lacks_are_refused():
    labels = np.zeros((1, 4, 4), np.int32)
    m = model(regions=2)
    with pytest.raises(ValueError, match=r"^regions=2 needs label maps of content; it has none$"):
        m.check(Inputs(16, columns={"style_label": labels}))
    with pytest.raises(ValueError, match=r"^content_label=\[0\] is not allowed; allowed: all of 0 to 1, an"):
        m.check(Inputs(16, columns={"content_label": labels, "style_label": labels}))
