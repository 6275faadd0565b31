"""Games that grow, of a few hundred parameters, stepped on two devices."""

import functools
from unittest import mock

import jax
import numpy as np

from gan_jax import game
from gan_jax.game import devices

B = 8


def pictures(m, seed=0):
    rng = np.random.default_rng(seed)
    return {"image": rng.uniform(-1, 1, (B, m.size, m.size, m.channels)).astype(np.float32)}


def drawn(shapes):
    """Arrays of these shapes: kernels of N(0, 1), as equalised layers have them, and small biases."""
    rng = np.random.default_rng(0)

    def draw(path, leaf):
        scale = 0.1 if "bias" in path[-1].key else 1.0
        return (scale * rng.normal(size=leaf.shape)).astype(np.float32)

    return jax.tree_util.tree_map_with_path(draw, shapes)


@functools.cache
def initial(m):
    """A state with `m.init`'s shapes, on the host, with moments, counts and memory of zeros."""
    shapes = jax.eval_shape(m.init, jax.random.key(0), pictures(m))
    zeros = functools.partial(jax.tree.map, lambda leaf: np.zeros(leaf.shape, leaf.dtype))
    players = {}
    for name, player in shapes.players.items():
        params = drawn(player.params)
        average = None if player.ema is None else jax.tree.map(np.copy, params)
        players[name] = player.replace(params=params, opt_state=zeros(player.opt_state), ema=average)
    return shapes.replace(
        step=np.zeros((), np.int32),
        players=players,
        frozen=drawn(shapes.frozen),
        memory=zeros(shapes.memory),
    )


@functools.cache
def compiled(m):
    return devices.pmap_step(m.train_step, 0)


def run(m, first, steps, state=None):
    """The state on the host and the metrics after `steps` iterations from iteration `first` on."""
    state = initial(m) if state is None else state
    state, metrics = devices.replicate(state.replace(step=np.int32(first))), {}
    for i in range(first, first + steps):
        phases = m.phases(i)
        for j, phase in enumerate(phases):
            clock = devices.clock(i, j, j == len(phases) - 1)
            state, new = compiled(m)(state, devices.shard(pictures(m, i)), clock, phase)
            metrics |= new
    jax.tree.map(lambda x: np.testing.assert_array_equal(x[0], x[1]), jax.device_get(state))
    return devices.unreplicate(state), devices.to_host(metrics)


@functools.cache
def finished(m, first, steps):
    return run(m, first, steps)


def average_decay(m, stage):
    """The old average's weight that G's update has at a stage."""
    given = {}

    def update(state, name, tx, loss_fn, ema_decay=None):
        given[name] = ema_decay
        return state, {"w_avg": 0.0}

    state, key = initial(m), jax.random.key(0)
    with mock.patch.object(game, "update", update), mock.patch.object(devices, "mean", lambda x: x):
        m._update_g(state, B, key, None, stage)
    return given["gen"]


def same(a, b):
    jax.tree.map(np.testing.assert_array_equal, a, b)


def moved(before, after):
    """The names of the layers, `/` between the parts, with a leaf that differs."""
    leaves = jax.tree_util.tree_leaves_with_path(before), jax.tree.leaves(after)
    return {
        "/".join(part.key for part in path[:-1]) or path[-1].key
        for (path, a), b in zip(*leaves, strict=True)
        if np.any(a != b)
    }
