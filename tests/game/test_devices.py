"""Placement on two devices, the two mapped calls, and keys."""

import functools

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gan_jax.errors import ConfigError
from gan_jax.game import devices


class Counter(flax.struct.PyTreeNode):
    """The smallest state that `pmap_step` accepts."""

    step: jax.Array
    value: jax.Array


def counter():
    return devices.replicate(Counter(np.zeros((), np.int32), np.zeros((), np.float32)))


def draw(state, batch, rng, phase):
    """Keeps the key's draw on each device in the state."""
    value = jax.random.uniform(rng)
    return state.replace(value=value), {"draw": value, "x": batch["x"].mean()}


@functools.cache
def drawing(seed):
    return devices.pmap_step(draw, seed)


def draws(seed=0, iteration=0, position=0):
    batch = devices.shard({"x": np.arange(4, dtype=np.float32)})
    state, metrics = drawing(seed)(counter(), batch, devices.clock(iteration, position, True), "train")
    return np.asarray(state.value), devices.to_host(metrics)


def test_there_are_two_devices():
    assert jax.device_count() == 2
    assert devices.describe() == {"platform": "cpu", "kind": "cpu", "devices": 2, "processes": 1}
    assert devices.process() == (0, 1)


def test_replicate_and_unreplicate_are_inverse():
    tree = {"a": np.arange(6, dtype=np.int32).reshape(2, 3), "b": (np.float32(2.5), jnp.ones(2))}
    placed = devices.replicate(tree)
    assert jax.tree.map(jnp.shape, placed) == {"a": (2, 2, 3), "b": ((2,), (2, 2))}
    assert all(len(leaf.sharding.device_set) == 2 for leaf in jax.tree.leaves(placed))
    back = devices.unreplicate(placed)
    assert all(isinstance(leaf, np.ndarray | np.generic) for leaf in jax.tree.leaves(back))
    jax.tree.map(np.testing.assert_array_equal, back, tree)
    assert back["a"].dtype == np.int32


def test_shard_splits_in_order():
    batch = {"image": np.arange(24).reshape(6, 4), "label": np.arange(6)}
    placed = devices.shard(batch)
    np.testing.assert_array_equal(placed["label"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(placed["image"], batch["image"].reshape(2, 3, 4))
    assert [len(part.data) for part in placed["label"].addressable_shards] == [1, 1]


def test_shard_refuses_what_the_devices_cannot_share():
    with pytest.raises(ValueError, match=r"^a batch of 5 cannot be shared by 2 local devices$"):
        devices.shard({"image": np.zeros(5)})


def test_a_batch_size_that_does_not_divide_is_refused():
    devices.check_batch_size(6)
    with pytest.raises(ConfigError, match=r"^batch_size=7 is not divisible by the 2 devices$"):
        devices.check_batch_size(7)


def test_the_key_differs_between_devices_iterations_phases_and_seeds():
    found = [
        *draws()[0],
        *draws(iteration=1)[0],
        *draws(position=1)[0],
        *draws(iteration=1, position=1)[0],
        *draws(seed=1)[0],
    ]
    assert len(set(map(float, found))) == 10


def test_the_key_follows_from_seed_iteration_position_and_device_alone():
    again = [draws(seed=4, iteration=9, position=2)[0] for _ in range(2)]
    np.testing.assert_array_equal(*again)
    key = jax.random.key(4)
    for number in (9, 2, 1):
        key = jax.random.fold_in(key, number)
    assert again[0][1] == jax.random.uniform(key)


def test_metrics_are_means_over_the_devices():
    values, metrics = draws()
    assert metrics["draw"] == pytest.approx(values.mean(), rel=1e-6)
    assert metrics["x"] == 1.5


def test_the_step_moves_on_after_the_last_phase_only():
    step, state = drawing(0), counter()
    batch = devices.shard({"x": np.zeros(4, np.float32)})
    seen = []
    for iteration in range(2):
        for position in range(3):
            clock = devices.clock(iteration, position, position == 2)
            state, _ = step(state, batch, clock, "train")
            seen.append(state.step.tolist())
    assert seen == [[0, 0], [0, 0], [1, 1], [1, 1], [1, 1], [2, 2]]


def spanning(state, batch, rng, phase):
    """Keeps a value that depends on how each example stands to the others of its batch."""
    x = batch["x"] + jax.random.normal(rng, batch["x"].shape)
    moved = (x - x.mean()) / x.std() * jax.random.permutation(rng, x)
    value = state.value + devices.mean(moved @ jnp.arange(len(x)))
    return state.replace(value=value), {"value": value}


def test_a_step_of_the_global_batch_is_that_of_one_device_with_the_whole_batch():
    x = np.arange(6, dtype=np.float32)

    @jax.jit
    def alone(key):
        for number in (3, 1, 0):
            key = jax.random.fold_in(key, number)
        drawn = x + jax.random.normal(key, x.shape)
        moved = (drawn - drawn.mean()) / drawn.std() * jax.random.permutation(key, drawn)
        return moved @ jnp.arange(6)

    expected, found = alone(jax.random.key(7)), {}
    for whole in (False, True):
        step, state = devices.pmap_step(spanning, 7, whole), counter()
        new, metrics = step(state, devices.shard({"x": x}), devices.clock(3, 1, True), "train")
        assert (new.step.tolist(), state.value.is_deleted()) == ([1, 1], True)
        assert new.value.sharding.is_equivalent_to(state.value.sharding, 1)
        assert new.value[0] == new.value[1] == devices.to_host(metrics)["value"]
        found[whole] = float(new.value[0])
    assert found[True] == pytest.approx(float(expected), rel=1e-5)
    assert abs(found[False] - float(expected)) > 0.1


def test_networks_divide_the_rows_of_fresh_draws_in_a_step_of_the_global_batch():
    """Otherwise each device would compute the whole of what does not follow from the batch."""
    found = []

    def train_step(state, batch, rng, phase):
        z = jax.random.normal(rng, (6, 3))
        out = nn.Dense(4).apply({"params": {"kernel": jnp.ones((3, 4)), "bias": jnp.ones(4)}}, z)
        jax.debug.inspect_array_sharding(out, callback=found.append)
        return state.replace(value=state.value + out.sum()), {}

    step, batch = devices.pmap_step(train_step, 0, global_batch=True), {"x": np.zeros(6, np.float32)}
    step(counter(), devices.shard(batch), devices.clock(0, 0, True), "train")
    assert [sharding.shard_shape((6, 4)) for sharding in found] == [(3, 4)]


@pytest.mark.parametrize("whole", [False, True])
def test_each_phase_is_traced_once(whole):
    traced = []

    def train_step(state, batch, rng, phase):
        traced.append(phase)
        return draw(state, batch, rng, phase)

    step = devices.pmap_step(train_step, 0, whole)
    state = counter()
    batch = devices.shard({"x": np.zeros(2, np.float32)})
    for iteration in range(3):
        for position, phase in enumerate(("disc", ("grow", 1))):
            state, _ = step(state, batch, devices.clock(iteration, position, position == 1), phase)
    assert traced == ["disc", ("grow", 1)]


def test_the_state_is_donated():
    def train_step(state, batch, rng, phase):
        return state.replace(value=state.value + 1), {}

    state = counter()
    step = devices.pmap_step(train_step, 0)
    new, _ = step(state, devices.shard({"x": np.zeros(2, np.float32)}), devices.clock(0, 0, True), "train")
    assert state.value.is_deleted()
    assert not new.value.is_deleted()


@pytest.mark.parametrize("size", [1, 2, 5])
def test_apply_takes_batches_of_any_size(size):
    sizes = []

    def fn(state, batch, keys):
        sizes.append(batch["x"].shape)
        return {"y": batch["x"] * state, "label": batch["label"]}

    x = np.arange(3 * size, dtype=np.float32).reshape(size, 3)
    label = np.arange(size)
    out = devices.pmap_apply(fn)(devices.replicate(np.float32(2)), {"x": x, "label": label})
    assert sizes == [((size + 1) // 2, 3)]
    assert isinstance(out["y"], np.ndarray)
    np.testing.assert_array_equal(out["y"], 2 * x)
    np.testing.assert_array_equal(out["label"], label)


def drawn(state, batch, keys):
    """A number for each row, by its key."""
    return jax.vmap(jax.random.uniform)(keys) + 0 * state * batch


@functools.cache
def applying():
    return devices.pmap_apply(drawn)


def test_apply_draws_by_seed_position_and_row():
    apply = applying()
    state, batch = devices.replicate(np.float32(0)), np.zeros(4, np.float32)
    out = apply(state, batch, 3)
    np.testing.assert_array_equal(apply(state, batch, 3), out)
    np.testing.assert_array_equal(apply(state, batch, 3, 0), out)
    others = [out, apply(state, batch, 4), apply(state, batch, 3, 1), apply(state, batch, 4, 1)]
    assert len(np.unique(others)) == 16
    assert not state.is_deleted()
    np.testing.assert_array_equal(apply(state, batch[:3], 3), out[:3])


def test_rows_with_positions_of_their_own_draw_by_these_alone():
    apply, state = applying(), devices.replicate(np.float32(0))
    out = apply(state, np.zeros(3, np.float32), 1, np.array([5, 9, 5]))
    assert out[0] == out[2] != out[1]
    np.testing.assert_array_equal(apply(state, np.zeros(3, np.float32), 1, np.array([9, 5, 9]))[:2], out[1:])


def test_draws_do_not_depend_on_the_number_of_devices(monkeypatch):
    batch = np.zeros(3, np.float32)
    several = applying()(devices.replicate(np.float32(0)), batch, 3)
    first = jax.local_devices()[:1]
    monkeypatch.setattr(jax, "local_devices", lambda: first)
    monkeypatch.setattr(jax, "local_device_count", lambda: 1)
    alone = devices.pmap_apply(drawn)(jnp.zeros(1), batch, 3)
    np.testing.assert_array_equal(alone, several)


def test_the_mean_is_of_floats_and_leaves_counters():
    def train_step(state, batch, rng, phase):
        index = jax.lax.axis_index(devices.AXIS)
        means = devices.mean({"float": 1.0 * index, "int": index})
        return state, {"float": means["float"], "int": means["int"].astype(jnp.float32)}

    step = devices.pmap_step(train_step, 0)
    batch = devices.shard({"x": np.zeros(2, np.float32)})
    _, metrics = step(counter(), batch, devices.clock(0, 0, True), "train")
    assert devices.to_host(metrics) == {"float": 0.5, "int": 0.5}
