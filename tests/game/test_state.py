"""One player moves at a time, by the gradient of the whole batch; averages follow their closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from gan_jax import game
from gan_jax.game import devices

RATE = 0.1


def quadratic(batch):
    """Half the mean squared distance to the batch; its gradient is `w - mean(batch)`."""

    def loss_fn(params):
        loss = 0.5 * jnp.mean(jnp.square(params["w"] - batch["x"]))
        return loss, ({"mean": batch["x"].mean()}, {"loss": loss})

    return loss_fn


def start(ema=False, tx=None):
    variables = {"params": {"w": jnp.ones(())}, "batch_stats": {"mean": jnp.zeros(())}}
    players = {name: game.player(variables, tx or optax.sgd(RATE), ema) for name in ("a", "b")}
    frozen, memory = {"f": jnp.arange(3.0)}, {"last": jnp.full(2, 5.0)}
    return devices.replicate(game.create(players, frozen, memory))


def run(state, batches, train_step, seed=0):
    step = devices.pmap_step(train_step, seed)
    metrics = {}
    for i, x in enumerate(batches):
        batch = devices.shard({"x": np.asarray(x, np.float32)})
        state, metrics = step(state, batch, devices.clock(i, 0, True), "train")
    return state, metrics


def move(name, tx=None, decay=None):
    def train_step(state, batch, rng, phase):
        return game.update(state, name, tx or optax.sgd(RATE), quadratic(batch), decay)

    return train_step


def same(a, b):
    jax.tree.map(np.testing.assert_array_equal, a, b)


def test_only_the_named_player_moves():
    before = devices.unreplicate(start())
    after = devices.unreplicate(run(start(), [np.arange(4)], move("a"))[0])
    same(after.players["b"], before.players["b"])
    same((after.frozen, after.memory), (before.frozen, before.memory))
    assert after.players["a"].params["w"] != before.players["a"].params["w"]


def test_the_gradient_is_that_of_the_whole_batch_on_every_device():
    x = np.array([0.0, 1.0, 10.0, 21.0])  # halves of very different means
    state, metrics = run(start(), [x], move("a"))
    player = state.players["a"]
    np.testing.assert_allclose(player.params["w"], np.full(2, 1 - RATE * (1 - x.mean())), rtol=1e-6)
    np.testing.assert_allclose(player.batch_stats["mean"], np.full(2, x.mean()), rtol=1e-6)
    assert devices.to_host(metrics)["loss"] == pytest.approx(0.5 * ((1 - x) ** 2).mean(), rel=1e-6)


def test_one_device_on_the_whole_batch_agrees_with_two_on_halves():
    x = np.random.default_rng(0).normal(size=8).astype(np.float32)
    two = devices.unreplicate(run(start(tx=optax.adam(RATE)), [x] * 3, move("a", optax.adam(RATE)))[0])
    host = devices.unreplicate(start(tx=optax.adam(RATE)))
    one = jax.pmap(
        lambda state, batch: move("a", optax.adam(RATE))(state, batch, None, "train")[0],
        axis_name=devices.AXIS,
        devices=jax.devices()[:1],
    )
    state = jax.tree.map(lambda leaf: np.asarray(leaf)[None], host)
    for _ in range(3):
        state = one(state, {"x": x[None]})
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(np.asarray(a)[0], b, rtol=1e-5),
        state.players,
        two.players,
    )


def test_the_length_of_the_whole_batchs_gradient_is_a_metric():
    x = np.array([0.0, 1.0, 10.0, 21.0])
    _, metrics = run(start(), [x], move("a"))
    assert set(metrics) == {"loss", "a/grad_norm"}
    assert metrics["a/grad_norm"].shape == (2,)
    assert devices.to_host(metrics)["a/grad_norm"] == pytest.approx(7.0, rel=1e-6)


def test_the_step_counts_finished_iterations():
    state, _ = run(start(), [np.arange(4)] * 3, move("a"))
    np.testing.assert_array_equal(state.step, [3, 3])
    assert state.step.dtype == jnp.int32


def test_the_average_follows_its_closed_form():
    decay, steps = 0.9, 5
    w, average = 1.0, 1.0
    for _ in range(steps):
        w -= RATE * (w - 7)
        average = decay * average + (1 - decay) * w
    state, _ = run(start(ema=True), [np.full(4, 7)] * steps, move("a", decay=decay))
    player = devices.unreplicate(state).players["a"]
    assert player.params["w"] == pytest.approx(w, rel=1e-6)
    assert player.ema["w"] == pytest.approx(average, rel=1e-6)
    assert player.eval_variables["params"]["w"] == player.ema["w"]
    assert player.variables["params"]["w"] == player.params["w"]


def test_the_averages_weight_may_depend_on_the_step():
    def train_step(state, batch, rng, phase):
        decay = state.step / (state.step + 1)  # the plain mean of all values so far
        return game.update(state, "a", optax.sgd(RATE), quadratic(batch), decay)

    state, _ = run(start(ema=True), [np.full(4, 7)] * 4, train_step)
    values = [7 - 6 * (1 - RATE) ** i for i in range(1, 5)]
    assert devices.unreplicate(state).players["a"].ema["w"] == pytest.approx(np.mean(values), rel=1e-6)


def test_without_an_average_the_parameters_are_evaluated():
    player = devices.unreplicate(run(start(), [np.arange(4)], move("a", decay=0.9))[0]).players["a"]
    assert player.ema is None
    assert player.eval_variables["params"]["w"] == player.params["w"]


def test_repeat_equals_a_python_loop():
    xs = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)

    def many(state, batch, rng, phase):
        rows = batch["x"].reshape(3, -1)
        step = lambda state, x: game.update(state, "a", optax.adam(RATE), quadratic({"x": x}))  # noqa: E731
        state, out = game.repeat(step, state, rows)
        return state, {"loss": out["loss"].sum(), "last": out["loss"][-1]}

    # Every device sees two rows of three values; its three batches are consecutive pairs of these values.
    first = start(tx=optax.adam(RATE))
    repeated, metrics = run(first, [xs], many)
    step = devices.pmap_step(move("a", optax.adam(RATE)), 0)
    looped, total = start(tx=optax.adam(RATE)), 0.0
    halves = xs.reshape(2, 3, 2)
    for i in range(3):
        batch = devices.shard({"x": halves[:, i].reshape(-1)})
        looped, loss = step(looped, batch, devices.clock(i, 0, i == 2), "train")
        total += devices.to_host(loss)["loss"]
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6),
        devices.unreplicate(repeated),
        devices.unreplicate(looped),
    )
    values = devices.to_host(metrics)
    assert values["loss"] == pytest.approx(total, rel=1e-6)
    assert values["last"] == pytest.approx(devices.to_host(loss)["loss"], rel=1e-6)


@pytest.mark.parametrize("count", [1, 3])
def test_repeat_makes_no_loop_on_a_cpu(count):
    # On the CPU, XLA's convolutions are 30 to 50 times slower inside a loop.
    def many(state, xs):
        return game.repeat(lambda state, x: (state + x, state * x), state, xs)

    xs = np.arange(1, count + 1, dtype=np.float32)
    assert "while" not in jax.jit(many).lower(1.0, xs).as_text()
    state, out = many(1.0, xs)
    assert state == 1 + xs.sum()
    np.testing.assert_array_equal(out, (1 + np.cumsum(xs) - xs) * xs)


def test_parameters_and_average_do_not_share_a_buffer():
    # Parameters and average are donated to the step, and one buffer cannot be donated twice.
    player = game.player({"params": {"w": jnp.ones(3)}}, optax.sgd(RATE), ema=True)
    same(player.ema, player.params)
    assert player.ema["w"].unsafe_buffer_pointer() != player.params["w"].unsafe_buffer_pointer()
    assert player.batch_stats == {}


def saddle(x, y):
    """A game of two numbers: x minimises the product, y maximises it."""
    return x**2 + 2 * x * y - 3 * y**2 + 4 * x + 5 * y + 6


def play(order, steps=1):
    """The players' places after steps of 0.1 from (-1, -0.5), alternately or simultaneously."""

    def move(state, name, others):
        w = {other: others.players[other].params for other in "xy"}
        sign = {"x": 1, "y": -1}[name]
        loss_fn = lambda params: (sign * saddle(**{**w, name: params}), ({}, {}))  # noqa: E731
        return game.update(state, name, optax.sgd(RATE), loss_fn)[0]

    def train_step(state, batch, rng, phase):
        before = state
        for name in order.removeprefix("both "):
            state = move(state, name, before if order.startswith("both ") else state)
        return state, {}

    starts = {"x": -1.0, "y": -0.5}
    players = {k: game.player({"params": jnp.array(v)}, optax.sgd(RATE)) for k, v in starts.items()}
    state, _ = run(devices.replicate(game.create(players)), [np.zeros(2)] * steps, train_step)
    return tuple(float(devices.unreplicate(state).players[name].params) for name in "xy")


@pytest.mark.parametrize(
    ("order", "expected"), [("both xy", (-1.1, 0.1)), ("xy", (-1.1, 0.08)), ("yx", (-1.22, 0.1))]
)
def test_a_player_that_moves_later_answers_where_the_other_went(order, expected):
    assert play(order) == pytest.approx(expected, abs=1e-6)


def test_two_hundred_simultaneous_steps_reach_the_saddle():
    assert play("both xy", 200) == pytest.approx((-2.125, 0.125), abs=1e-5)


@pytest.mark.parametrize("count", [1, 3])
def test_repeat_leaves_no_loop_in_a_program_for_the_cpu(count):
    def step(state, x):
        return state + x, x * state

    state, xs = jnp.ones(()), jnp.arange(1.0, count + 1)
    assert not {"scan", "while"} & {eqn.primitive.name for eqn in jax.make_jaxpr(
        lambda s, x: game.repeat(step, s, x))(state, xs).eqns}  # fmt: skip
    last, out = game.repeat(step, state, xs)
    assert last == 1 + count * (count + 1) / 2
    np.testing.assert_allclose(out, [1, 4, 12][:count])
