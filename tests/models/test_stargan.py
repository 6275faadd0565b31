"""StarGAN on two devices: its losses at known values, and which player moves, how often, by which labels."""

import functools
import math

import jax
import jax.numpy as jnp
import levels
import numpy as np
import optax
import pytest
from starring import ATTRIBUTES, CLASSES, B, changed, counts, initial, model, pictures, stepped

from gan_jax.errors import ConfigError
from gan_jax.game import devices
from gan_jax.models import Inputs, stargan
from gan_jax.networks.translation import stargan as networks
from gan_jax.ops import slopes


@pytest.mark.long
def test_one_iteration_moves_d_n_critic_times_on_each_set_and_g_once():
    state, metrics = stepped(model())
    assert counts(state.players["disc"]) == {2 * 2}
    assert counts(state.players["gen"]) == {2}
    assert int(state.step) == 1
    assert all(np.isfinite(value) for value in metrics.values())
    terms = {"disc": ("loss", "adversarial", "cls", "gp"), "gen": ("loss", "adversarial", "cls", "rec")}
    named = {f"{p}/{term}_{role}" for p in terms for term in terms[p] for role in "ab"}
    assert set(metrics) == named | {"disc/grad_norm", "gen/grad_norm"}


@pytest.mark.nightly
def test_of_one_set_d_moves_five_times_and_g_once():
    m = model(labels=(ATTRIBUTES,), exclusive=(False,), n_critic=5)
    assert m.batches == 5
    state, metrics = stepped(m)
    assert counts(state.players["disc"]) == {5}
    assert counts(state.players["gen"]) == {1}
    assert {"disc/cls", "gen/rec"} < set(metrics)


@levels.parametrize(("update", "still"), [("disc 0", "gen"), ("gen 0", "disc")])
def test_a_players_update_leaves_the_other_bit_equal(update, still):
    m = model()
    state, _ = stepped(m, update)
    assert not any(leaf.any() for leaf in jax.tree.leaves(changed(m, state, still)))
    moved = changed(m, state, update.split()[0], "image" if still == "disc" else "maps")
    assert all(leaf.any() for leaf in jax.tree.leaves(moved))


@pytest.mark.parametrize(("update", "own", "other"), [("disc 0", slice(0, 5), slice(5, 13)),
                                                      ("disc 1", slice(5, 13), slice(0, 5))])  # fmt: skip
def test_a_set_teaches_the_class_head_its_own_labels_alone(update, own, other):
    m = model()
    head = changed(m, stepped(m, update)[0], "disc", "classes", "kernel")
    assert not head[..., other].any()
    assert head[..., own].mean() > 0.9
    assert changed(m, stepped(m, update)[0], "disc", "realness", "kernel").mean() > 0.9


def test_the_fields_are_those_of_the_networks():
    m = stargan.Model(labels=(CLASSES,), exclusive=(True,), g_width=8, g_blocks=3, d_width=16, d_downs=2)
    assert (m.g, m.d) == (networks.Generator(8, 3), networks.Discriminator(8, 16, 2))


@functools.cache
def of_silent_d(which):
    """The terms and the loss of D's first update when all of D's parameters are 0."""
    m = model(labels=(ATTRIBUTES, CLASSES), gp_weight=3.0, cls_weight=0.5)
    state = initial(m)
    disc = state.players["disc"]
    silent = disc.replace(params=jax.tree.map(np.zeros_like, disc.params))
    state = state.replace(players={**state.players, "disc": silent})

    def step(state, batch, rng, phase):
        del phase
        task, rng_gp = m._task(batch, rng, which)
        return m._update_d(state, which, task, rng_gp)

    mapped = devices.pmap_step(step, 0)
    arguments = devices.replicate(state), devices.shard(pictures()), devices.clock(0, 0, True), ""
    role = "ab"[which]
    return {
        name.removeprefix("disc/").removesuffix(f"_{role}"): value
        for name, value in devices.to_host(mapped(*arguments)[1]).items()
    }


@levels.parametrize(("which", "cls"), [(0, 5 * math.log(2)), (1, math.log(8))], kept=(1,))
def test_a_silent_d_costs_5_log_2_for_attributes_log_8_for_classes_and_the_whole_penalty(which, cls):
    found = of_silent_d(which)
    assert found["cls"] == pytest.approx(cls, abs=1e-5)
    assert found["adversarial"] == 0
    assert found["gp"] == pytest.approx(1, abs=1e-5)  # the slope is 0, so the penalty is (0 - 1)^2
    assert found["loss"] == pytest.approx(0.5 * cls + 3.0, abs=1e-4)


@functools.cache
def by_hand(m, which):
    """Every term of both players' first updates on one set, as means over the halves of two devices."""

    def half(state, part, rng):
        (x, own, wanted), rng_gp = m._task(part, rng, which)
        ask = functools.partial(m.sets.vector, which)
        g = functools.partial(m.g.apply, state.players["gen"].variables)
        d = functools.partial(m.d.apply, state.players["disc"].variables)
        fake = g(x, ask(wanted))
        (real, told), (drawn, answered) = d(x), d(fake)
        weight = jax.random.uniform(rng_gp, (len(x),))[:, None, None, None]
        slopes = jax.vmap(jax.grad(lambda y: d(y[None])[0].sum()))(weight * x + (1 - weight) * fake)
        lengths = jnp.sqrt(jnp.square(slopes).sum((1, 2, 3)))
        return {
            "disc/adversarial": drawn.mean() - real.mean(),
            "disc/cls": _told(m, which, told, own),
            "disc/gp": jnp.square(lengths - 1).mean(),
            "gen/adversarial": -drawn.mean(),
            "gen/cls": _told(m, which, answered, wanted),
            "gen/rec": jnp.abs(x - g(fake, ask(own))).mean(),
            **({"gen/identity": jnp.abs(x - g(x, ask(own))).mean()} if m.identity_weight else {}),
            "asked": jnp.mean((own != wanted).any(-1)),
        }

    # The key of device k in the first iteration.
    key = jax.random.fold_in(jax.random.fold_in(jax.random.key(0), 0), 0)
    halves = [jax.tree.map(lambda x, k=k: x[k * B // 2 : (k + 1) * B // 2], pictures()) for k in range(2)]
    compiled = jax.jit(half)
    found = [compiled(initial(m), part, jax.random.fold_in(key, k)) for k, part in enumerate(halves)]
    return {name: float(found[0][name] + found[1][name]) / 2 for name in found[0]}


def _told(m, which, logits, bits):
    """Sigmoid cross-entropy summed over attributes, or cross-entropy of classes; mean over images."""
    logits = logits[:, m.sets.block(which)]
    if m.exclusive[which]:
        return -(bits * jax.nn.log_softmax(logits)).sum(-1).mean()
    return (jax.nn.softplus(logits) - bits * logits).sum(-1).mean()


@pytest.mark.parametrize(
    ("player", "which", "identity"),
    [("disc", 0, 0.0), ("disc", 1, 0.0), ("gen", 0, 0.0), ("gen", 1, 0.0), ("gen", 1, 7.0)],
)
def test_every_term_is_that_of_the_networks(player, which, identity):
    m = model(identity_weight=identity)
    _, metrics = stepped(m, f"{player} {which}")
    terms = {name: value for name, value in by_hand(m, which).items() if name.startswith(player)}
    assert by_hand(m, which)["asked"] > 0.3  # or G could be taught the labels that images have
    for name, value in terms.items():
        assert metrics[f"{name}_{'ab'[which]}"] == pytest.approx(value, rel=1e-4, abs=1e-6), name
    weights = {"disc/gp": 10.0, "gen/rec": 10.0, "gen/identity": identity}
    assert (f"gen/identity_{'ab'[which]}" in metrics) == (identity > 0)
    loss = sum(weights.get(name, 1.0) * value for name, value in terms.items())
    assert metrics[f"{player}/loss_{'ab'[which]}"] == pytest.approx(loss, rel=2e-3)


@pytest.mark.parametrize("patches", [1, 4])
def test_the_penalty_is_on_the_slope_of_the_sum_over_patches(patches):
    a = np.array([0.6, 0.8], np.float32)  # of length 1
    x = np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32)
    critic = lambda x: jnp.tile((x @ a)[:, None, None, None], (1, patches, 1, 1))  # noqa: E731
    found = slopes.gradient_penalty(critic, x, -x, np.full(3, 0.5, np.float32))
    assert float(found) == pytest.approx((patches - 1) ** 2, abs=1e-5)


def test_wanted_labels_are_those_of_the_batch_in_another_order():
    m, batch = model(), pictures(8)
    (x, own, wanted), _ = m._task(batch, jax.random.key(3), 0)
    assert sorted(map(tuple, own.tolist())) == sorted(map(tuple, wanted.tolist()))
    assert (np.asarray(own) != np.asarray(wanted)).any()
    np.testing.assert_array_equal(own, batch["a_label"])
    np.testing.assert_array_equal(x, batch["a"])
    (grey, own, _), _ = m._task(batch, jax.random.key(3), 1)
    assert grey.shape == (8, 8, 8, 3)
    np.testing.assert_array_equal(own.argmax(-1), batch["b_label"])


@pytest.mark.parametrize(("player", "updates"), [("disc", 2 * 5), ("gen", 2)])
def test_rates_are_constant_to_half_of_the_steps_and_zero_at_their_end(player, updates):
    m = model(n_critic=5, decay_start=50, decay_end=100)
    tx = m.tx(player)
    params = {"w": jnp.ones(1)}

    plain = optax.scale_by_adam(m.b1, m.b2)

    def rate(step):
        """Adam's learning rate after so many steps: its move divided by the move at rate 1."""
        move, unit = (
            t.update(params, optax.tree.set(t.init(params), count=jnp.asarray(step * updates)))[0]["w"][0]
            for t in (tx, plain)
        )
        return -float(move / unit)

    assert [rate(step) for step in (0, 50, 75, 100)] == pytest.approx([1e-4, 1e-4, 5e-5, 0], rel=1e-4)


@pytest.mark.long
def test_g_draws_as_asked():
    m = model()
    state, batch = initial(m), pictures()
    label = np.tile(m.condition(("Male", "Young")), (B, 1))
    made = m.generate(state, {"source": batch["a"], "label": label}, None)
    assert list(made) == ["target"]
    assert made["target"].shape == (B, 8, 8, 3)
    other = np.tile(m.condition(("c",)), (B, 1))
    again = m.generate(state, {"source": batch["a"], "label": other}, None)
    assert float(jnp.abs(made["target"] - again["target"]).max()) > 1e-3
    grey = m.generate(state, {"source": batch["b"], "label": label}, None)
    assert grey["target"].shape == (B, 8, 8, 3)


def test_what_is_asked_for_by_name():
    m = model()
    np.testing.assert_array_equal(m.condition(("Male", "Blond_Hair")), [0, 1, 0, 1, 0, *[0] * 8, 1, 0])
    np.testing.assert_array_equal(m.condition(("h",)), [*[0] * 12, 1, 0, 1])
    for names in ((), ("Male", "a"), ("a", "b")):
        message = "do not go together; name one class, or attributes of one set: Black_Hair, "
        with pytest.raises(ConfigError, match=message):
            m.condition(names)
    with pytest.raises(ConfigError, match="label 'Mal' is not known; did you mean 'Male'"):
        m.condition(("Mal",))


@pytest.mark.parametrize("label", [None, np.zeros((B, 13), np.float32)])
def test_g_needs_a_label_of_its_length(label):
    batch = {"source": pictures()["a"]} | ({} if label is None else {"label": label})
    with pytest.raises(ValueError, match=r"expected \[B, 15\], as of LabelSets.vector"):
        model().generate(initial(model()), batch, None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"a_label": None}, "a_label of each image is missing; expected [5], attributes"),
        ({"a_label": np.zeros((1, 4))}, "a_label of each image is [4]; expected [5], attributes"),
        ({"b_label": np.zeros((1, 8))}, "b_label of each image is [8]; expected [], a class"),
        ({"b": None}, "the batch has no 'b'; it has a, a_label, b_label"),
        ({"a": np.zeros((1, 6, 6, 3))}, "d_downs=1 is not allowed; allowed: values for which 6 pixels"),
    ],
)
def test_a_batch_of_another_shape_is_refused(change, message):
    batch = {name: value for name, value in (pictures(1) | change).items() if value is not None}
    with pytest.raises(ValueError) as error:
        model().init(jax.random.key(0), batch)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(("label", "found"), [([0, 8], "(0, 8)"), ([-1, 3], "(-1, 3)")])
def test_classes_without_a_name_are_refused_before_training(label, found):
    columns = {"a_label": np.full((2, 5), 9), "b_label": np.array(label, np.int32)}
    message = f"b_label={found} is not allowed; allowed: 0 to 7, the number of a name in labels"
    with pytest.raises(ValueError) as error:
        model().check(Inputs(8, columns=columns))
    assert str(error.value) == message
    for rows in ([0, 7], []):
        model().check(Inputs(8, columns={**columns, "b_label": np.array(rows, np.int32)}))


def test_one_image_for_a_device_is_refused_before_the_data_are_read():
    with pytest.raises(ValueError, match=r"^batch_size=1 is not allowed; allowed: 2 or more images on each"):
        model().check(Inputs(8, batch_size=1))
    for known in (0, 2):
        model().check(Inputs(8, batch_size=known))


def test_one_image_for_a_device_cannot_be_asked_for_anothers_label():
    m = model()
    with pytest.raises(ConfigError, match="batch_size gives a device 1 image an update; allowed: 2 or more"):
        m.train_step(initial(m), pictures(2), jax.random.key(0), "train")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"labels": ()}, "labels=() are 0 sets; allowed: 1 to 26"),
        ({"exclusive": (False,)}, "exclusive=(False,) is not allowed; allowed: 2 booleans"),
        ({"n_critic": 0}, "n_critic=0 is not allowed; allowed: 1 to 100"),
        ({"channels": 2}, "channels=2 is not allowed; allowed: 1, 3"),
        ({"rec_weight": -1.0}, "rec_weight=-1.0 is not allowed; allowed: 0 to 1e+06"),
        ({"decay_start": 5, "decay_end": 4},
         "decay_end=4 is not allowed; allowed: 0, or more than decay_start"),
    ],
)  # fmt: skip
def test_a_refusal_names_field_value_and_what_is_allowed(fields, message):
    with pytest.raises(ValueError) as error:
        model(**fields)
    assert str(error.value) == message


@pytest.mark.long
def test_a_configuration_read_back_from_json_is_the_same_model():
    listed = {"labels": [list(ATTRIBUTES), list(CLASSES)], "exclusive": [False, True]}
    assert model(**listed) == model()
