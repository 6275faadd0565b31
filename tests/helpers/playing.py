"""DTN with networks of a few hundred parameters, stepped on two devices."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax

from gan_jax.config.recipes.table_1 import TABLE_1
from gan_jax.game import devices
from gan_jax.models import dtn
from gan_jax.ops import losses

B = 8
SIDE = 16  # pixels of the images
SMALL = {"f_widths": (4, 8), "g_widths": (8, 4), "d_widths": (4, 8)}
ROWS = {name: {k.removeprefix("model."): v for k, v in change.items() if k != "steps"}
        for name, (change, _) in TABLE_1.items()}  # fmt: skip
PLAYED = [name for name in ROWS if name != "original"]


def model(**fields):
    return dtn.Model(**{**SMALL, **fields})


def pictures(size=B, seed=0, source=None):
    rng = np.random.default_rng(seed)
    source = rng.uniform(-1, 1, (size, SIDE, SIDE, 3)) if source is None else source
    target = np.sign(rng.normal(size=(size, SIDE, SIDE, 1)))
    return {"source": source.astype(np.float32), "target": target.astype(np.float32)}


@functools.cache
def initial(m, seed=0):
    """DTN's initial state, on the host."""
    return drawn(jax.eval_shape(m.init, jax.random.key(0), pictures(1)), seed)


def drawn(shapes, seed=0):
    """A state of the given shapes, on the host, drawn by numpy, since compiling initialisers is slow."""
    rng = np.random.default_rng(seed)

    def fill(path, leaf):
        name = path[-1].key if hasattr(path[-1], "key") else ""
        if name == "kernel":
            deviation = 1.5 / math.sqrt(np.prod(leaf.shape[:-1]))
            return rng.normal(0, deviation, leaf.shape).astype(np.float32)
        return (np.ones if name in ("scale", "var") else np.zeros)(leaf.shape, leaf.dtype)

    state = jax.tree_util.tree_map_with_path(fill, shapes)
    players = {
        name: player.replace(
            opt_state=jax.tree.map(np.zeros_like, player.opt_state),
            ema=None if player.ema is None else player.params,
        )
        for name, player in state.players.items()
    }
    return state.replace(players=players)


def features(m, state, batch):
    """The columns that the required f gives each role of a batch."""
    f = {"params": state.frozen["f"]}
    seen = {role: batch[role] for role in ("source", "target")}
    return {f"{role}_features": z for role, z in jax.device_get(_seen(m.f, f, seen)).items()}


@functools.partial(jax.jit, static_argnums=0)
def _seen(network, variables, images):
    return {role: network.apply(variables, x) for role, x in images.items()}


def terms_alone(state, player, tx, loss_fn, ema_decay=None):
    """In place of `game.update`: the terms of a player's loss. No player moves, so there is no gradient."""
    return state, loss_fn(state.players[player].params)[1][1]


@functools.cache
def compiled(m, seed=0):
    return devices.pmap_step(m.train_step, seed)


def run(m, batches=None, state=None, seed=0):
    """The replicated state and the last metrics after a step on each batch."""
    state = devices.replicate(initial(m) if state is None else state)
    metrics = {}
    for i, batch in enumerate(batches or [pictures()]):
        clock = devices.clock(i, 0, True)
        state, metrics = compiled(m, seed)(state, devices.shard(batch), clock, "train")
    return state, devices.to_host(metrics)


def full(**fields):
    """DTN with every term, without batch norm in D, and with a D that g meets before D's update."""
    fixed = {"alpha": 3.0, "beta": 7.0, "gamma": 0.5, "d_batch_norm": False, "d_init": "lecun"}
    return model(**{**fixed, "d_learning_rate": 0.0, **fields})


@functools.cache
def finished(m, steps=2):
    """State and metrics after a few steps on different batches, computed once for several tests."""
    return run(m, [pictures(seed=i) for i in range(steps)])


def same(a, b):
    jax.tree.map(np.testing.assert_array_equal, a, b)


def distance(a, b):
    return float(optax.tree.norm(jax.tree.map(lambda x, y: jnp.asarray(x) - jnp.asarray(y), a, b)))


@functools.cache
def by_hand(m):
    """Every term of the first step's losses, from the networks and one device's whole batch."""
    return jax.device_get(jax.jit(functools.partial(_by_hand, m))(initial(m), pictures()))


def _by_hand(m, state, batch):
    f = {"params": state.frozen["f"]}
    z = {role: m.f.apply(f, batch[role]) for role in batch}
    g, disc = state.players["gen"], state.players["disc"]
    own = {"params": g.params["g"], "batch_stats": g.batch_stats["g"]}
    halves = []
    for part in (slice(0, B // 2), slice(B // 2, B)):  # each device has its own batch-norm batch
        both = jnp.concatenate([z["source"][part], z["target"][part]])
        out, _ = m.g.apply(own, both, train=True, mutable=["batch_stats"])
        halves.append(jnp.split(out, 2))
    fake_s, fake_t = (jnp.concatenate(x) for x in zip(*halves, strict=True))
    p = {
        name: jax.nn.log_softmax(m.d.apply({"params": disc.params}, x, train=True))
        for name, x in (("s", fake_s), ("t", fake_t), ("real", batch["target"]))
    }
    again = m.f.apply(f, fake_s)
    across = jnp.concatenate([fake_s, fake_t])
    return {
        "disc/source": -p["s"][:, 0].mean(),
        "disc/fake_target": -p["t"][:, 1].mean(),
        "disc/real_target": -p["real"][:, 2].mean(),
        "gen/gan_source": -p["s"][:, 2].mean(),
        "gen/gan_target": -p["t"][:, 2].mean(),
        "gen/const": jnp.square(z["source"] - again).sum(1).mean() / 8,
        "gen/tid": jnp.square(fake_t - batch["target"]).sum((1, 2, 3)).mean() / SIDE**2,
        "gen/tv": losses.total_variation(across),
    }
