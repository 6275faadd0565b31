"""DTN where g draws fewer pixels than the domains have, and f resizes its input."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image
from playing import SIDE, B, distance, features, full, initial, model, pictures, run

from gan_jax import config
from gan_jax.errors import ConfigError
from gan_jax.game import devices
from gan_jax.models import Inputs, dtn
from gan_jax.ops import losses

pytestmark = pytest.mark.usefixtures("whole_programs")
FACES = {
    "target_channels": 3,
    "f_widths": (64, 128, 256, 256, 256, 256),
    "f_input_size": 128,
    "g_widths": (512, 256, 128, 64),
    "g_pointwise": True,
    "d_widths": (64, 128, 256, 512, 512, 512),
    "d_first_norm": True,
}
SMALL = {"f_widths": (4, 8), "f_input_size": 8, "g_widths": (8,), "g_pointwise": True}


def count(tree):
    return sum(int(np.prod(leaf.shape)) for leaf in jax.tree.leaves(tree))


def pillow(x, size):
    """Images [B, H, W, C] that Pillow has resized."""
    planes = [
        [Image.fromarray(p).resize((size, size), Image.Resampling.BILINEAR) for p in np.moveaxis(image, 2, 0)]
        for image in np.asarray(x)
    ]
    return np.array(planes).transpose(0, 2, 3, 1)


def test_the_papers_networks_for_faces_have_the_parameters_of_the_table():
    m = dtn.Model(**FACES)
    images = jnp.zeros((1, 152, 152, 3))
    state = jax.eval_shape(m.init, jax.random.key(0), {"source": images, "target": images})
    assert m.g.size == 64
    assert count(state.players["gen"].params) == 5204739
    assert count(state.players["disc"].params) == 11161987
    out = jax.eval_shape(m.generate, state, {"source": images}, None)
    assert out["target"].shape == (1, 152, 152, 3)


@functools.cache
def drawn(m):
    """The images, 8 pixels a side, that g draws of both domains in the first step, device by device."""
    state, batch = initial(m), pictures()
    own = state.players["gen"]
    variables = {"params": own.params["g"], "batch_stats": own.batch_stats["g"]}
    z = features(m, state, batch)
    halves = []
    for part in (slice(0, B // 2), slice(B // 2, B)):
        both = jnp.concatenate([z["source_features"][part], z["target_features"][part]])
        halves.append(jnp.split(m.g.apply(variables, both, train=True, mutable=["batch_stats"])[0], 2))
    return tuple(np.concatenate(x) for x in zip(*halves, strict=True))


@pytest.mark.long
def test_d_and_f_see_the_enlarged_image_and_the_others_are_taken_at_its_own_size():
    m = full(**SMALL)
    state, batch = initial(m), pictures()
    _, metrics = run(m)
    source, target = drawn(m)
    assert source.shape == (B, 8, 8, 1)
    expected = {
        "gen/tid": np.square(target - pillow(batch["target"], 8)).mean(),
        "gen/tv": float(losses.total_variation(jnp.concatenate([source, target]))),
    }
    f = {"params": state.frozen["f"]}
    z, again = (m.f.apply(f, x) for x in (batch["source"], pillow(source, SIDE)))
    expected["gen/const"] = float(jnp.square(z - again).mean())
    shown = {
        "source": pillow(source, SIDE),
        "fake_target": pillow(target, SIDE),
        "real_target": batch["target"],
    }
    for label, (name, x) in enumerate(shown.items()):
        logits = m.d.apply({"params": state.players["disc"].params}, jnp.asarray(x), train=True)
        expected[f"disc/{name}"] = -float(jax.nn.log_softmax(logits)[:, label].mean())
    for name, value in expected.items():
        assert metrics[name] == pytest.approx(value, rel=2e-4), name


@pytest.mark.long
def test_a_step_moves_every_layer_of_g():
    m = model(**SMALL)
    after = devices.unreplicate(run(m)[0]).players["gen"].params["g"]
    before = initial(m).players["gen"].params["g"]
    assert {"mix_0", "mix_norm_0"} < set(before)
    for name in before:
        assert distance(after[name], before[name]) > 1e-5, name


def test_generated_images_have_the_size_of_the_domains():
    m = model(**SMALL)
    state = initial(m)
    x = pictures(3)["source"]
    own = {"params": state.players["gen"].params["g"], "batch_stats": state.players["gen"].batch_stats["g"]}
    small = m.g.apply(own, m.f.apply({"params": state.frozen["f"]}, x), train=False)
    assert small.shape == (3, 8, 8, 1)
    out = m.generate(state, {"source": x}, None)["target"]
    np.testing.assert_allclose(out, pillow(small, SIDE), atol=1e-5)


def test_a_g_of_more_pixels_than_the_domains_is_refused():
    message = r"^g_widths=\(8, 8, 4\) is not allowed; allowed: widths for at most the domains' 16 pixels$"
    with pytest.raises(ValueError, match=message):
        model(g_widths=(8, 8, 4)).init(jax.random.key(0), pictures(1))
    model(g_widths=(8, 8, 4), encoder="identity").check(Inputs(SIDE))


def test_an_f_that_would_see_other_pixels_than_in_its_training_is_refused():
    built = config.default()
    built.model = config.model("dtn", **FACES)
    built.data.size = 152
    role = config.inline("x")
    built.requires.f = config.classifier(
        "f", role, role, steps=1, size=152, widths=FACES["f_widths"], input_size=128
    )
    config.validate(built)
    built.requires.f.model.input_size = 96
    with pytest.raises(ConfigError) as error:
        config.validate(built)
    assert str(error.value) == (
        "data.size=152: f_input_size=128 is not allowed; allowed: what shows f the 96 pixels that it was "
        "trained at"
    )
