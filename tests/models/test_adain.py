"""AdaIN: its losses by numpy, the target that is t, who moves, the rate, the weights, and refusals."""

import dataclasses
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import programs
import pytest
import vgg_variables
from translating import B, count, initial, run

from gan_jax.models import Inputs, adain, create
from gan_jax.networks.recognition.vgg import VGG

EPS = 1e-5
RNG = np.random.default_rng(0)
BATCH = {role: RNG.uniform(-1, 1, (B, 8, 8, 3)).astype(np.float32) for role in ("content", "style")}
SMALL = {"through": "relu2_1", "depth": 16, "learning_rate": 1e-2}


def model(**fields):
    return adain.Model(**{**SMALL, **fields})


@pytest.fixture(scope="module", autouse=True)
def whole():
    with programs.whole():
        yield


@pytest.fixture(scope="module")
def state():
    return initial(model(), BATCH)


def moments(maps):
    maps = np.asarray(maps, np.float64)
    return maps.mean((1, 2)), np.sqrt(maps.var((1, 2)) + EPS)


@pytest.fixture(scope="module")
def expected(state):
    """Both losses of the first step by numpy, and the target t."""
    m = model()

    def encode(images):
        return {
            k: np.asarray(v) for k, v in m.encoder.apply(state.frozen["encoder"], images, m.layers).items()
        }

    content, painted = encode(BATCH["content"]), encode(BATCH["style"])
    (mean_c, std_c), (mean_s, std_s) = moments(content["relu2_1"]), moments(painted["relu2_1"])
    place = np.s_[:, None, None]
    t = std_s[place] * (content["relu2_1"] - mean_c[place]) / std_c[place] + mean_s[place]
    image = m.decoder.apply(state.players["decoder"].eval_variables, np.asarray(t, np.float32))
    found = encode(image)
    pairs = [(moments(found[layer]), moments(painted[layer])) for layer in m.layers]
    squares = [np.square(a - b) for both in pairs for a, b in zip(*both, strict=True)]
    return {
        "content": np.mean(np.square(found["relu2_1"] - t)),
        "content of f(content)": np.mean(np.square(found["relu2_1"] - content["relu2_1"])),
        "mean": sum(part.mean(-1).mean() for part in squares),
        "sum": sum(part.sum(-1).mean() for part in squares),
        "image": np.asarray(image),
    }


def test_the_papers_sizes():
    for depth, decoder, encoder in ((19, 3_505_219, 3_505_728), (16, 2_915_139, 2_915_648)):
        m = adain.Model(depth=depth)
        images = {role: jnp.zeros((1, 16, 16, 3)) for role in adain.ROLES}
        made = jax.eval_shape(m.init, jax.random.key(0), images)
        found = count(made.players["decoder"].params), count(made.frozen) - 12
        assert found[1] - found[0] == 512 - 3  # biases of the two ends
        assert found == (decoder, encoder)
    assert (m.multiple, m.layers) == (8, ("relu1_1", "relu2_1", "relu3_1", "relu4_1"))


def test_the_first_step_has_the_papers_losses_and_the_target_is_t(state, expected):
    _, metrics = run(model(), state, [BATCH])
    assert metrics["decoder/content"] == pytest.approx(expected["content"], rel=1e-3)
    assert metrics["decoder/style"] == pytest.approx(expected["mean"], rel=1e-3)
    assert metrics["decoder/loss"] == pytest.approx(expected["content"] + 10 * expected["mean"], rel=1e-3)
    assert abs(expected["content"] - expected["content of f(content)"]) > 1e-2 * expected["content"]


def test_stylise_gives_the_image_and_the_losses_of_every_pair(state, expected):
    found = model().stylise(state, BATCH)
    np.testing.assert_allclose(found["image"], expected["image"], atol=1e-3)
    assert found["content_loss"].shape == found["style_loss"].shape == (B,)
    assert found["content_loss"].mean() == pytest.approx(expected["content"], rel=1e-3)
    assert found["style_loss"].mean() == pytest.approx(expected["mean"], rel=1e-3)
    summed = model(reduction="sum").stylise(state, BATCH)
    assert summed["style_loss"].mean() == pytest.approx(expected["sum"], rel=1e-3)


def test_encode_and_decode_are_the_two_ends_of_stylise(state):
    m = model()
    maps = m.encode(state, {"image": BATCH["content"]})
    assert maps.shape == (B, 4, 4, 128)
    same = m.stylise(state, {"content": BATCH["content"], "style": BATCH["content"]})
    np.testing.assert_allclose(m.decode(state, {"maps": maps}), same["image"], atol=1e-4)


def test_the_decoder_moves_and_the_encoder_does_not(state):
    after, metrics = run(model(), state, [BATCH] * 3)
    for a, b in zip(jax.tree.leaves(after.frozen), jax.tree.leaves(state.frozen), strict=True):
        np.testing.assert_array_equal(a, b)
    old, new = (jax.tree.leaves(s.players["decoder"].params) for s in (state, after))
    assert all(np.any(a != b) for a, b in zip(old, new, strict=True))
    assert metrics["decoder/grad_norm"] > 0


@pytest.mark.long
def test_options_add_their_terms(state):
    m = model(tv=2.0, reconstruction=3.0)
    _, metrics = run(m, state, [BATCH])
    parts = {name: metrics[f"decoder/{name}"] for name in ("content", "style", "tv", "reconstruction")}
    assert all(value > 0 for value in parts.values())
    total = parts["content"] + 10 * parts["style"] + 2 * parts["tv"] + 3 * parts["reconstruction"]
    assert metrics["decoder/loss"] == pytest.approx(total, rel=1e-4)
    maps = m.encode(state, {"image": BATCH["style"]})
    again = m.encode(state, {"image": m.decode(state, {"maps": maps})})
    assert parts["reconstruction"] == pytest.approx(float(np.square(again - maps).mean()), rel=1e-3)


def test_the_rate_rises_linearly_and_falls_as_in_the_code():
    # Adam's first updates of a constant gradient are the rate, with the sign of the gradient.
    def steps(m, n):
        tx, x = m.tx("decoder"), jnp.zeros(())
        opt, moved, step = tx.init(x), [], jax.jit(tx.update)
        for _ in range(n):
            update, opt = step(jnp.ones(()), opt, x)
            moved.append(-float(update))
        return moved

    np.testing.assert_allclose(steps(model(rate_decay=0.5), 3), 1e-2 / np.array([1, 1.5, 2]), rtol=1e-4)
    wanted = 1e-2 * np.array([0.25, 0.5, 0.75, 1, 1])
    np.testing.assert_allclose(steps(model(rate_decay=0.0, warmup=4), 5), wanted, rtol=1e-4)
    paper = adain.Model()
    assert (paper.learning_rate, paper.rate_decay, paper.warmup) == (1e-4, 5e-5, 0)


def network(depth, through):
    return SimpleNamespace(variables={"vgg16": vgg_variables.drawn(VGG(depth, through=through))})


@pytest.mark.long
def test_the_encoder_has_the_weights_that_the_model_names(state):
    given = network(16, "relu3_1")  # deeper than needed
    adopted = model(weights="mine").adopt(state, {"mine": given}, {})
    params = adopted.frozen["encoder"]["params"]
    assert set(params) == {"input", "conv1_1", "conv1_2", "conv2_1"}
    for name, leaves in params.items():
        np.testing.assert_array_equal(leaves["kernel"], given.variables["vgg16"]["params"][name]["kernel"])
    assert model().adopt(state, {"mine": given}, {}) is state


def test_with_a_random_encoder_the_weights_measure_the_style_alone(state):
    m = model(weights="mine", random_encoder=True)
    given = network(16, "relu2_1")
    own = initial(m, BATCH)
    adopted = m.adopt(own, {"mine": given}, {})
    judge = {"params": given.variables["vgg16"]["params"]}
    for part, wanted in (("encoder", own.frozen["encoder"]), ("judge", judge)):
        jax.tree.map(np.testing.assert_array_equal, adopted.frozen[part], wanted)
    # The images are those of a model whose encoder is random; so is the content's loss. The style's is that
    # of the same images by a model whose every network has the weights.
    found = m.stylise(adopted, BATCH)
    plain = adopted.replace(frozen={"encoder": own.frozen["encoder"]})
    same = model().stylise(plain, BATCH)
    np.testing.assert_allclose(found["image"], same["image"], atol=1e-5)
    np.testing.assert_allclose(found["content_loss"], same["content_loss"], rtol=1e-4)
    drawn, painted = (m.encoder.apply(judge, images, m.layers) for images in (found["image"], BATCH["style"]))
    pairs = [(moments(drawn[layer]), moments(painted[layer])) for layer in m.layers]
    wanted = sum(np.square(a - b).mean(-1) for both in pairs for a, b in zip(*both, strict=True))
    np.testing.assert_allclose(found["style_loss"], wanted, rtol=1e-3)
    assert np.all(np.abs(found["style_loss"] / same["style_loss"] - 1) > 0.01)


@pytest.mark.long
def test_weights_that_do_not_fit_are_refused(state):
    with pytest.raises(ValueError, match=r"^weights='mine' is not allowed; allowed: random, other$"):
        model(weights="mine").adopt(state, {"other": network(16, "relu2_1")}, {})
    with pytest.raises(ValueError, match="the weights end before layer relu2_1"):
        model(weights="mine").adopt(state, {"mine": network(16, "relu1_2")}, {})
    deep = dataclasses.replace(model(), through="relu4_1")
    images = {role: jnp.zeros((1, 16, 16, 3)) for role in adain.ROLES}
    shapes = jax.eval_shape(deep.init, jax.random.key(0), images)
    with pytest.raises(ValueError, match="depth and through ask for"):
        dataclasses.replace(deep, weights="mine").adopt(shapes, {"mine": network(19, "relu4_1")}, {})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"depth": 17}, "depth=17 is not allowed; allowed: 16, 19"),
        ({"through": "relu3_2"}, "through='relu3_2' is not allowed"),
        ({"reduction": "norm"}, "reduction='norm' is not allowed; allowed: mean, sum"),
        ({"style_weight": -1}, "style_weight=-1 is not allowed"),
    ],
)
def test_bad_fields_are_refused(fields, message):
    with pytest.raises(Exception, match=message):
        create({"name": "adain", **fields})


def test_sizes_that_leave_one_position_are_refused():
    for size in (12, 8, 0):
        with pytest.raises(ValueError, match=f"size={size} is not allowed; allowed: multiples of 8 from 16"):
            adain.Model().check(Inputs(size))
    adain.Model().check(Inputs(16))


@pytest.mark.long
def test_no_pixel_beyond_the_reach_affects_a_map_or_an_image(state):
    m = model()
    assert (m.reach, adain.Model(depth=16).reach, adain.Model().reach) == (4, 32, 32)
    images = RNG.uniform(-1, 1, (1, 8, 24, 3)).astype(np.float32)
    other = images.copy()
    other[:, :, :8] += 1
    a, b = (np.asarray(m.encode(state, {"image": x})) for x in (images, other))
    first = 8 + m.reach
    np.testing.assert_allclose(a[:, :, first // 2 :], b[:, :, first // 2 :], atol=1e-5)
    assert np.abs(a - b)[:, :, first // 2 - 1].max() > 1e-4


def test_the_reach_is_that_of_all_kernels_rounded_up_to_whole_positions():
    # relu4_1 lies above 2 kernels of 1 pixel, 2 of 2, 4 of 4 and 1 of 8, which reach 30 pixels.
    assert (adain.Model().reach, adain.Model(depth=16).reach) == (32, 32)
    assert adain.Model(through="relu2_1").reach == 4
