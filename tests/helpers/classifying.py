"""Small classifiers, their batches and their steps, for tests."""

import functools
import math

import jax
import numpy as np

from gan_jax.game import devices
from gan_jax.models import classifier

WIDTHS = (4, 4, 4, 8)


def pictures(size=8, seed=0):
    rng = np.random.default_rng(seed)
    image = rng.uniform(-1, 1, (size, 32, 32, 3)).astype(np.float32)
    return {"image": image, "image_label": rng.integers(0, 10, size).astype(np.int32)}


def attributes(size=8, columns=3, seed=0):
    labels = np.random.default_rng(seed).integers(0, 2, (size, columns)).astype(np.int32)
    return {"image": pictures(size, seed)["image"], "image_label": labels}


def features(size=8, columns=8, seed=0):
    wanted = np.random.default_rng(seed).normal(size=(size, columns)).astype(np.float32)
    return {"image": pictures(size, seed)["image"], "image_features": wanted}


def example(m):
    if m.pseudo_weight:
        return unlabelled(1)
    return {"classes": pictures, "attributes": attributes, "features": features}[m.objective](1)


def model(**fields):
    return classifier.Model(**{"widths": WIDTHS, **fields})


@functools.cache
def initial(m):
    """A state with `m.init`'s shapes, on the host, drawn by numpy."""
    rng = np.random.default_rng(0)
    shapes = jax.eval_shape(m.init, jax.random.key(0), example(m))

    def fill(path, leaf):
        name = path[-1].key if hasattr(path[-1], "key") else ""
        if name == "kernel":
            return rng.normal(0, 1.5 / math.sqrt(np.prod(leaf.shape[:-1])), leaf.shape).astype(np.float32)
        return (np.ones if name in ("scale", "var") else np.zeros)(leaf.shape, leaf.dtype)

    state = jax.tree_util.tree_map_with_path(fill, shapes)
    player = state.players["classifier"]
    zeros = jax.tree.map(np.zeros_like, player.opt_state)
    return state.replace(players={"classifier": player.replace(opt_state=zeros)})


@functools.cache
def compiled(m, seed=0):
    return devices.pmap_step(m.train_step, seed)


def run(m, batches, state=None, seed=0, first=0):
    state = devices.replicate(initial(m) if state is None else state)
    metrics = []
    for i, batch in enumerate(batches, first):
        clock = devices.clock(i, 0, True)
        state, new = compiled(m, seed)(state, devices.shard(batch), clock, "train")
        metrics.append(devices.to_host(new))
    return state, metrics


def unlabelled(size=8, seed=0):
    more = np.random.default_rng(seed + 1).uniform(-1, 1, (size, 32, 32, 1)).astype(np.float32)
    return {**pictures(size, seed), "unlabelled": more}
