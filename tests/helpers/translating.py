"""Image-to-image models with networks of a few hundred parameters, stepped on two devices."""

import functools

import jax
import numpy as np
from playing import drawn

from gan_jax.game import devices

B = 4


def pictures(side, channels=(3, 3), size=B, seed=0):
    """A batch of `source` and `target` noise with the given channels."""
    rng = np.random.default_rng(seed)
    shapes = {role: (size, side, side, c) for role, c in zip(("source", "target"), channels, strict=True)}
    return {role: rng.uniform(-1, 1, shape).astype(np.float32) for role, shape in shapes.items()}


def initial(m, batch, seed=0):
    """A state of `m`, on the host, with kernels so small that nothing saturates."""
    return drawn(jax.eval_shape(m.init, jax.random.key(0), batch), seed)


def zeroed(state):
    """The same state with all parameters zero, so that networks answer 0 to any input."""
    players = {
        name: player.replace(params=jax.tree.map(np.zeros_like, player.params))
        for name, player in state.players.items()
    }
    return state.replace(players=players)


@functools.cache
def compiled(m, method):
    if method == "train_step":
        return devices.pmap_step(m.train_step, 0)

    def step(state, batch, rng, phase):
        del rng, phase
        state, metrics = getattr(m, method)(state, batch)
        return state, {k: v for k, v in metrics.items() if "/" in k}

    return devices.pmap_step(step, 0)


def run(m, state, batches, method="train_step", start=0):
    """The state on the host and the metrics of all steps, one iteration for each batch."""
    state, metrics = devices.replicate(state), {}
    for i, batch in enumerate(batches, start=start):
        for j, phase in enumerate(m.phases(i)):
            clock = devices.clock(i, j, True)
            state, new = compiled(m, method)(state, devices.shard(batch), clock, phase)
            metrics |= devices.to_host(new)
    for leaf in jax.tree.leaves((state.players, state.step)):
        first, *others = (np.asarray(part.data) for part in leaf.addressable_shards)
        assert all(np.array_equal(first, other) for other in others)
    return devices.unreplicate(state), metrics


def kept(m, batch, start=0, run=run):
    """What an iteration leaves of running means, by player: 0.9 for each pass whose statistics are kept.

    The means are 1000 before it, beside which those of a batch are nothing.
    """
    state = initial(m, batch)

    def old(path, leaf):
        return np.full_like(leaf, 1000) if path[-1].key == "mean" else leaf

    players = {
        name: player.replace(batch_stats=jax.tree.map_with_path(old, player.batch_stats))
        for name, player in state.players.items()
    }
    after, _ = run(m, state.replace(players=players), [batch], start=start)
    found = {}
    for name, player in after.players.items():
        means = [x for path, x in jax.tree.leaves_with_path(player.batch_stats) if path[-1].key == "mean"]
        found[name] = sorted({round(float(share), 2) for x in means for share in x / 1000})
    return found


def count(tree):
    return sum(x.size for x in jax.tree.leaves(tree))


def moved(before, after):
    """Whether any leaf differs."""
    pairs = zip(jax.tree.leaves(before), jax.tree.leaves(after), strict=True)
    return any(not np.array_equal(a, b) for a, b in pairs)
