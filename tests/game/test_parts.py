"""A batch in parts: what a step of k parts equals, and how its gradients are computed."""

import functools

import jax
import jax.numpy as jnp
import levels
import numpy as np
import optax
import pytest
from jax.extend.core import jaxprs_in_params

from gan_jax import game
from gan_jax.game import devices

RATE = 0.1


def start(own=1):
    """Two players with a weight each, and a memory of its own for each device or part."""
    tx = optax.adam(RATE)
    players = {name: game.player({"params": {"w": jnp.arange(3.0) + i}}, tx) for i, name in enumerate("ab")}
    memory = {"seen_x": jnp.zeros(()), "shared": jnp.zeros(())}
    placed = devices.replicate(game.create(players, memory=memory))
    if own > 1:
        seen = jnp.zeros((jax.local_device_count(), own))
        placed = placed.replace(memory={**placed.memory, "seen_x": seen})
    return placed


def played(state, batch, rng, phase):
    """Moves a, then b against the new a. Every example and part has the same say, without draws."""
    x, drawn = batch["x"], jax.random.uniform(rng)

    def first(params):
        miss = jnp.tanh(x @ params["w"]) - batch["y"]
        return jnp.square(miss).mean(), ({}, {"a/loss": jnp.square(miss).mean(), "miss": miss})

    state, metrics = game.update(state, "a", optax.adam(RATE), first)
    miss, other = metrics.pop("miss"), state.players["a"].params["w"]

    def second(params):
        return jnp.square(x @ (params["w"] * other) + miss).mean(), ({}, {})

    state, more = game.update(state, "b", optax.adam(RATE), second)
    memory = {
        "seen_x": state.memory["seen_x"] + x.sum() + (drawn if phase == "drawn" else 0),
        "shared": game.device_mean(x.sum()),
    }
    return state.replace(memory=memory), metrics | more


def batch(size=8):
    draw = np.random.default_rng(0)
    return {"x": draw.normal(size=(size, 3)).astype("f"), "y": draw.normal(size=size).astype("f")}


def moved(parts, phase="still", rows=None, steps=2):
    step = devices.pmap_step(played, 5, accumulate=parts, own=("seen_",))
    state, metrics = start(parts), {}
    for i in range(steps):
        state, metrics = step(state, devices.shard(rows or batch()), devices.clock(i, 0, True), phase)
    return state, devices.to_host(metrics)


@functools.cache
def whole():
    return moved(1)


@levels.parametrize("parts", [2, 4])
def test_the_mean_of_the_parts_gradients_is_that_of_the_whole_batch(parts):
    (state, metrics), (expected, losses) = moved(parts), whole()
    for name in "ab":
        np.testing.assert_allclose(
            state.players[name].params["w"], expected.players[name].params["w"], rtol=1e-5
        )
    assert metrics == pytest.approx(losses, rel=1e-5)
    assert state.step.tolist() == [2, 2]


def test_a_part_has_the_rows_the_memory_and_the_key_of_a_device():
    """Two parts on each of two devices see what four devices would see."""
    state, _ = moved(2, "drawn", steps=1)
    parts = batch()["x"].reshape(4, 2, 3).sum((1, 2))

    @jax.jit
    def draw(part):
        key = jax.random.fold_in(jax.random.fold_in(jax.random.key(5), 0), 0)
        return jax.random.uniform(jax.random.fold_in(key, part))

    draws = [draw(part) for part in range(4)]
    np.testing.assert_allclose(state.memory["seen_x"], (parts + draws).reshape(2, 2), rtol=1e-5)
    np.testing.assert_allclose(state.memory["shared"], parts.mean(), rtol=1e-5)


def test_what_is_of_one_part_only_cannot_leave_the_step():
    def leaking(state, batch, rng, phase):
        return state.replace(memory={**state.memory, "shared": batch["x"].sum()}), {}

    step = devices.pmap_step(leaking, 0, accumulate=2, own=("seen_",))
    with pytest.raises(ValueError, match="out_axes"):
        step(start(2), devices.shard(batch()), devices.clock(0, 0, True), "still")


def test_gradients_are_of_one_part_at_a_time():
    """No array of the backward pass has the rows of two parts."""
    sizes = set()

    def widened(state, batch, rng, phase):
        def loss_fn(params):
            hidden = jnp.tanh(jnp.outer(batch["x"][:, 0], jnp.ones(7)) * params["w"][0])
            return hidden.sum(), ({}, {})

        return game.update(state, "a", optax.adam(RATE), loss_fn)

    step = devices.pmap_step(widened, 0, accumulate=2, own=("seen_",))
    traced = jax.make_jaxpr(lambda s, b: step(s, b, devices.clock(0, 0, True), "still"))(
        start(2), devices.shard(batch())
    )
    _collect(traced.jaxpr, sizes)
    assert (2, 7) in sizes
    assert not sizes & {(4, 7), (2, 2, 7)}


def _collect(jaxpr, sizes):
    for equation in jaxpr.eqns:
        sizes |= {out.aval.shape for out in equation.outvars}
        for inner in jaxprs_in_params(equation.params):
            _collect(inner, sizes)


def test_a_mean_inside_a_loss_is_of_the_parts_devices_alone():
    def centred(state, batch, rng, phase):
        def loss_fn(params):
            mean = game.device_mean(batch["x"].mean())
            return (params["w"] * mean).sum(), ({}, {"seen": mean})

        return game.update(state, "a", optax.sgd(1.0), loss_fn)

    tx = optax.sgd(1.0)
    player = game.player({"params": {"w": jnp.zeros(3)}}, tx)
    state = devices.replicate(game.create({"a": player}))
    step = devices.pmap_step(centred, 0, accumulate=2)
    state, metrics = step(state, devices.shard(batch()), devices.clock(0, 0, True), "still")
    assert devices.to_host(metrics)["seen"] == pytest.approx(batch()["x"].mean(), rel=1e-5)
    np.testing.assert_allclose(state.players["a"].params["w"], -batch()["x"].mean(), rtol=1e-5)
