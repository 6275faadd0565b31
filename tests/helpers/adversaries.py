"""Noise-to-image games of a few hundred parameters, stepped on one or two devices."""

import functools
import math

import jax
import numpy as np

from gan_jax.game import devices
from gan_jax.models import gan

B, SIZE = 8, 8
SMALL = {
    "generator": "mlp_lecture",
    "discriminator": "mlp_lecture",
    "size": SIZE,
    "z_dim": 3,
    "g_width": 8,
    "d_width": 8,
}
CONVOLUTIONS = {"generator": "dcgan", "discriminator": "dcgan", "size": 16, "g_width": 2, "d_width": 2}
WGAN_GP = {"loss": "wasserstein", "gp_weight": 10.0, "d_steps": 2, "b1": 0.0, "b2": 0.9}
INPUT = {"labels": "input", "num_classes": 4}
AUXILIARY = {"labels": "auxiliary", "num_classes": 4}
MULTIPLIED = {**AUXILIARY, "label_input": "multiply"}


def model(**fields):
    return gan.Model(**{**SMALL, **fields})


def pictures(m, seed=0, size=B):
    """A batch for one iteration: images with one grey for each class, and labels."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 4, size * m.batches).astype(np.int32)
    noise = rng.uniform(-0.5, 0.5, (len(label), m.size, m.size, m.channels))
    image = (noise + label[:, None, None, None] / 4 - 0.5).astype(np.float32)
    return {"image": image, "image_label": label} if m.num_classes else {"image": image}


@functools.cache
def initial(m, seed=0):
    """A state with `m.init`'s shapes, on the host, drawn by numpy, since compiling initialisers is slow."""
    rng = np.random.default_rng(seed)

    def fill(path, leaf):
        names = [part.key for part in path if hasattr(part, "key")]
        if "u" in names:  # spectral normalisation's vectors
            u = rng.normal(size=leaf.shape)
            return (u / np.linalg.norm(u)).astype(np.float32)
        if names[-1] == "kernel":
            deviation = 1 / math.sqrt(np.prod(leaf.shape[:-1]))
            return rng.normal(0, deviation, leaf.shape).astype(np.float32)
        return (np.ones if names[-1] in ("scale", "var") else np.zeros)(leaf.shape, leaf.dtype)

    shapes = jax.eval_shape(m.init, jax.random.key(0), pictures(m, size=1))
    players = {}
    for name, player in shapes.players.items():
        params = jax.tree_util.tree_map_with_path(fill, player.params)
        players[name] = player.replace(
            params=params,
            batch_stats=jax.tree_util.tree_map_with_path(fill, player.batch_stats),
            opt_state=jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), player.opt_state),
            ema=None if player.ema is None else jax.tree.map(np.copy, params),
        )
    return shapes.replace(step=np.zeros((), np.int32), players=players)


@functools.cache
def compiled(m):
    return devices.pmap_step(m.train_step, 0)


def run(m, steps=1, state=None, batches=None):
    """The state, on the host, and the metrics after some steps on different batches."""
    state = devices.replicate(initial(m) if state is None else state)
    metrics = {}
    for i in range(steps):
        batch = batches[i] if batches else pictures(m, i)
        state, metrics = compiled(m)(state, devices.shard(batch), devices.clock(i, 0, True), "train")
    jax.tree.map(lambda x: np.testing.assert_array_equal(x[0], x[1]), jax.device_get(state))
    return devices.unreplicate(state), devices.to_host(metrics)


@functools.cache
def finished(m, steps=1):
    return run(m, steps)


def alone(m, batch, state=None):
    """The state after one step of the whole batch on one device."""
    step = jax.pmap(
        lambda s, b, key: m.train_step(s, b, key, "train"),
        axis_name=devices.AXIS,
        devices=jax.devices()[:1],
    )
    lead = functools.partial(jax.tree.map, lambda x: np.asarray(x)[None])
    out, _ = step(lead(state or initial(m)), lead(batch), jax.random.split(jax.random.key(0), 1))
    return jax.tree.map(lambda x: np.asarray(x)[0], out)


def moved(before, after):
    """Whether any leaf differs."""
    leaves = zip(jax.tree.leaves(before), jax.tree.leaves(after), strict=True)
    return any(np.any(a != b) for a, b in leaves)


@functools.cache
def drawing(m):
    return devices.pmap_apply(m.generate)


def generate(m, state, batch, seed=0, position=0):
    return drawing(m)(devices.replicate(state), batch, seed, position)


def count(opt_state):
    """The number of updates by an optimiser with a schedule or with moments."""
    counts = {int(x) for x in jax.tree.leaves(opt_state) if np.ndim(x) == 0}
    assert len(counts) == 1, counts
    return counts.pop()
