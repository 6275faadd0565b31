"""IcGAN: its terms by hand, which player moves when, the labels that D must reject, and its refusals."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import one_layer
import optax
import pytest
from playing import terms_alone
from translating import count, initial, moved, run, zeroed

from gan_jax import game
from gan_jax.errors import ConfigError
from gan_jax.models import Inputs, icgan
from gan_jax.networks.generation import dcgan
from gan_jax.networks.layers.basic import Dense
from gan_jax.networks.translation.icgan import Encoders
from gan_jax.ops.labels import mismatched

NAMES = ("Black_Hair", "Blond_Hair", "Male")
SMALL = {"size": 16, "z_dim": 3, "g_width": 2, "d_width": 2, "enc_width": 2, "enc_layers": 2}
SMALL |= {"z_dense": 4, "y_dense": 5, "gan_steps": 1, "labels": (NAMES,)}
B = 8


class Draw(nn.Module):
    """[B, z_dim + n] -> images [B, 16, 16, 3]."""

    @nn.compact
    def __call__(self, x, train):
        maps = Dense(16 * 16 * 2, name="maps")(x).reshape(-1, 16, 16, 2)
        return one_layer.Pixelwise(3, True, name="image")(maps, train)


class Score(nn.Module):
    """Images and labels [B, n] -> logits [B, 1]."""

    @nn.compact
    def __call__(self, x, train, condition):
        seen = one_layer.Pixelwise(4, True, name="maps")(x, train).mean((1, 2))
        return Dense(1, name="logits")(nn.tanh(Dense(4, name="both")(jnp.concatenate([seen, condition], 1))))


class Encode(nn.Module):
    """Images for E_z and images for E_y -> [B, 3] and [B, 3]."""

    @nn.compact
    def __call__(self, x_z, x_y, train):
        pairs = (("z", x_z), ("y", x_y))
        return tuple(one_layer.Pixelwise(3, True, name=name)(x, train).mean((1, 2)) for name, x in pairs)


class Small(icgan.Model):
    """Its terms and its moves are those of any networks with batch norm."""

    g = property(lambda self: Draw())
    d = property(lambda self: Score())
    e = property(lambda self: Encode())


def model(**fields):
    return Small(**{**SMALL, **fields})


def pictures(size=B):
    rng = np.random.default_rng(0)
    # No two images of a device have the same labels, so that another order is seen.
    label = (np.arange(size)[:, None] >> np.arange(len(NAMES)) & 1).astype(np.int32)
    return {"a": rng.uniform(-1, 1, (size, 16, 16, 3)).astype(np.float32), "a_label": label}


def start(m):
    """A first state whose average of G differs from G, if there is one."""
    state = initial(m, pictures())
    gen = state.players["gen"]
    average = None if gen.ema is None else jax.tree.map(lambda x: 0.5 * x, gen.params)
    return state.replace(players={**state.players, "gen": gen.replace(ema=average)})


# D does not move, so that G's loss is that of the same D. E_z learns from the average of G.
M = model(d_learning_rate=0.0, ema=0.5)


@functools.cache
def stepped(m, iteration):
    return run(m, start(m), [pictures()], start=iteration)


def test_the_authors_networks():
    labels = tuple("abcdefghijklmnopqr")
    m = icgan.Model(labels=(labels,))
    batch = {"a": np.zeros((2, 64, 64, 3)), "a_label": np.zeros((2, 18))}
    state = jax.eval_shape(m.init, jax.random.key(0), batch)
    found = {name: count(player.params) for name, player in state.players.items()}
    widths = (512, 256, 128, 64)
    gen = 16 * (118 * 512 + 512 * 256 + 256 * 128 + 128 * 64 + 64 * 3) + 2 * sum(widths)
    # The labels join the 64 maps after the first layer.
    disc = 16 * (3 * 64 + (64 + 18) * 128 + 128 * 256 + 256 * 512 + 512) + 2 * (128 + 256 + 512)
    convs = 25 * (3 * 32 + 32 * 64 + 64 * 128 + 128 * 256) + 2 * (32 + 64 + 128 + 256)
    z = 4096 * 4096 + 2 * 4096 + (4096 + 1) * 100
    y = 4096 * 512 + 2 * 512 + (512 + 1) * 18
    assert found == {"gen": gen, "disc": disc, "enc": 2 * convs + z + y}
    fields = icgan.Model(**SMALL, d_norm="layer")
    assert fields.e == Encoders(3, 3, 2, 2, 4, 5)
    assert isinstance(fields.d, dcgan.Discriminator) and fields.d.norm == "layer"


@functools.cache
def by_hand(m):
    """Every term of the first updates from the same state, as means over the halves of two devices."""

    def half(state, part, rng):
        x, own = part["a"], 2.0 * part["a_label"] - 1
        keys = jax.random.split(rng, 3)
        z, asked = jax.random.normal(keys[0], (len(x), 3)), jax.random.permutation(keys[1], own)
        gen, disc, enc = (state.players[name] for name in ("gen", "disc", "enc"))

        def draw(variables, y, train):
            return m.g.apply(variables, jnp.concatenate([z, y], 1), train=train, mutable=["batch_stats"])[0]

        def d(images, y):
            return m.d.apply(disc.variables, images, train=True, condition=y, mutable=["batch_stats"])[0]

        others = mismatched(keys[2], own, False)
        right, wrong, drawn = d(x, own), d(x, others), d(draw(gen.variables, asked, True), asked)
        pictures = draw(gen.eval_variables, own, False), x
        (code, told), _ = m.e.apply(enc.variables, *pictures, train=True, mutable=["batch_stats"])
        return {
            "disc/loss": -jnp.log(jax.nn.sigmoid(right)).mean()
            - jnp.log(1 - jax.nn.sigmoid(wrong)).mean() / 2
            - jnp.log(1 - jax.nn.sigmoid(drawn)).mean() / 2,
            "gen/loss": -jnp.log(jax.nn.sigmoid(drawn)).mean(),
            "enc/z": jnp.square(code - z).mean(),
            "enc/y": jnp.square(told - own).mean(),
        }

    def mean(state, batch, iteration):
        # The keys of both devices in this iteration.
        key = jax.random.fold_in(jax.random.fold_in(jax.random.key(0), iteration), 0)
        keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(2))
        parts = jax.tree.map(lambda x: x.reshape(2, B // 2, *x.shape[1:]), batch)
        return jax.tree.map(jnp.mean, jax.vmap(half, (None, 0, 0))(state, parts, keys))

    program = jax.jit(mean)
    # The GAN moves in the first iteration, and the encoders in the second.
    both = [jax.device_get(program(start(m), pictures(), np.int32(i))) for i in range(2)]
    return {name: both[name.startswith("enc")][name] for name in both[0]}


def test_every_term_is_that_of_the_networks():
    metrics = stepped(M, 0)[1] | stepped(M, 1)[1]
    for name, value in by_hand(M).items():
        assert metrics[name] == pytest.approx(value, rel=1e-4), name
    assert metrics["enc/loss"] == pytest.approx(metrics["enc/z"] + metrics["enc/y"], rel=1e-5)


@pytest.mark.parametrize("mismatched", [True, False])
def test_terms_of_networks_that_answer_nothing(mismatched, monkeypatch):
    m = M if mismatched else model(mismatched=False)
    if not mismatched:  # the step of M is that of other tests too
        monkeypatch.setattr(game, "update", terms_alone)
    _, metrics = run(m, zeroed(initial(m, pictures())), [pictures()])
    for name in ("disc/loss", "disc/adversarial", *["disc/mismatched"] * mismatched):
        assert metrics[name] == pytest.approx(2 * np.log(2), rel=1e-5)
    assert ("disc/mismatched" in metrics) == mismatched
    assert metrics["gen/loss"] == pytest.approx(np.log(2), rel=1e-5)
    if mismatched:
        _, metrics = run(M, zeroed(initial(M, pictures())), [pictures()], start=1)
        assert metrics["enc/y"] == pytest.approx(1, rel=1e-5)  # labels are -1 and 1


@pytest.mark.parametrize(("iteration", "moving"), [(0, {"gen", "disc"}), (1, {"enc"})])
def test_first_the_gan_moves_and_then_the_encoders(iteration, moving):
    before, (after, metrics) = start(M), stepped(M, iteration)
    assert {name.partition("/")[0] for name in metrics} == moving
    for name, player in after.players.items():
        same = not moved(before.players[name], player)
        assert same == (name not in moving), name
        assert set(optax.tree.get_all_with_path(player.opt_state, "count")[0][1:]) == {0 if same else 1}
    assert [M.phases(i) for i in range(3)] == [("gan",), ("encoders",), ("encoders",)]


def test_both_encoders_move():
    after = stepped(M, 1)[0].players["enc"].params
    before = start(M).players["enc"].params
    assert moved(before["z"], after["z"]) and moved(before["y"], after["y"])


def test_an_image_is_drawn_again_with_labels_asked_for_and_labels_kept():
    m = model()
    state, x = start(m), pictures()["a"]
    generate, decode = jax.jit(lambda batch: m.generate(state, batch, None)), jax.jit(m._decode)
    seen = jax.device_get(jax.jit(m.infer)(state, {"image": x}, None))
    draw = lambda y: decode(state, seen["z"], np.asarray(y, np.float32))  # noqa: E731
    reconstruction = generate({"source": x})["target"]
    np.testing.assert_allclose(reconstruction, seen["reconstruction"], atol=1e-6)
    np.testing.assert_allclose(reconstruction, draw(seen["y"]), atol=1e-6)
    label = np.tile(m.condition(("Male",)), (B, 1))
    asked = generate({"source": x, "label": label})["target"]
    np.testing.assert_allclose(asked, draw(np.tile([-1, -1, 1], (B, 1))), atol=1e-6)
    label[:, 1] = np.nan
    wanted = np.stack([-np.ones(B), np.where(seen["y"][:, 1] > 0, 1, -1), np.ones(B)], 1)
    kept = generate({"source": x, "label": label})["target"]
    np.testing.assert_allclose(kept, draw(wanted), atol=1e-6)
    assert float(jnp.abs(asked - reconstruction).max()) > 1e-3


def test_the_encoders_rate_falls_by_the_iteration_and_not_by_their_updates():
    m = model(gan_steps=50, decay_start=40, decay_end=60)
    params = {"w": jnp.ones(())}
    moves = {}
    for name, made in (("plain", model(gan_steps=50)), ("falling", m)):
        tx = made.tx("enc")
        state = optax.tree_utils.tree_set(tx.init(params), count=np.int32(0))
        moves[name] = float(tx.update(params, state, params)[0]["w"])
    assert moves["falling"] / moves["plain"] == pytest.approx(0.5, rel=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"a_label": None}, "a_label of each image is missing; expected [3], attributes"),
        ({"a_label": np.zeros((1, 4))}, "a_label of each image is [4]; expected [3], attributes"),
        ({"a": None}, "the batch has no 'a'; it has a_label"),
        ({"a": np.zeros((1, 32, 32, 3))}, "size=16 is not allowed; allowed: the 32 pixels of the images"),
        ({"a": np.zeros((1, 16, 16, 1))}, "a has shape (1, 16, 16, 1); expected [B, H, W, C] with C in (3,)"),
    ],
)
def test_a_batch_of_another_shape_is_refused(change, message):
    batch = {name: value for name, value in (pictures(1) | change).items() if value is not None}
    with pytest.raises(ValueError) as error:
        model().init(jax.random.key(0), batch)
    assert str(error.value).startswith(message)


def test_classes_without_a_name_are_refused_before_training():
    m = model(labels=(NAMES,), exclusive=(True,))
    m.check(Inputs(16, columns={"a_label": np.array([0, 2])}))
    with pytest.raises(ValueError, match=r"^a_label=\(0, 3\) is not allowed; allowed: 0 to 2, the number of"):
        m.check(Inputs(16, columns={"a_label": np.array([0, 3])}))
    with pytest.raises(ValueError, match=r"^size=16 is not allowed; allowed: the 32 pixels"):
        m.check(Inputs(32))


def test_a_label_of_another_length_is_refused():
    m = model()
    batch = {"source": pictures()["a"], "label": np.zeros((B, 4), np.float32)}
    with pytest.raises(ValueError, match=r"^label is \[8, 4\]; expected \[B, 3\]$"):
        m.generate(start(m), batch, None)
    with pytest.raises(ConfigError, match="label 'Mal' is not known; did you mean 'Male'"):
        m.condition(("Mal",))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"labels": (NAMES, NAMES), "exclusive": (False, False)},
            "allowed: one set of names",
        ),
        ({"size": 48}, "size=48 is not allowed; allowed for this network: 16, 28, 32, 64, 128"),
        ({"enc_layers": 5}, "enc_layers=5 is not allowed; allowed: layers that halve 16 pixels"),
        ({"d_norm": "instance"}, "d_norm='instance' is not allowed; allowed: batch, layer, none"),
        ({"objective": "hing"}, "objective='hing' is not allowed; allowed: nonsaturating, lsgan, hinge"),
        ({"gan_steps": 0}, "gan_steps=0 is not allowed; allowed: 1 to 1e+09"),
        ({"z_dim": 0}, "z_dim=0 is not allowed; allowed: 1 to 4096"),
    ],
)
def test_a_refusal_names_field_value_and_what_is_allowed(fields, message):
    with pytest.raises(ValueError) as error:
        icgan.Model(**{**SMALL, **fields})
    assert message in str(error.value)
