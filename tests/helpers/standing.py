"""The metrics of a step in which nobody moves: without gradients, few operations are left to compile."""

import functools
from unittest import mock

import jax
import jax.numpy as jnp

from gan_jax import game
from gan_jax.game import devices


def told(m, state, batch, phase="train"):
    """The step's metrics, with the whole batch on one device; players stay, running statistics do not."""
    return stood(m, state, batch, phase)[1]


def stood(m, state, batch, phase="train", parts=1):
    """The state after such a step on so many devices, and its metrics.

    All devices draw the same numbers.
    """
    # The draws of this kind of key are one operation each.
    key = jax.random.key(0, impl="unsafe_rbg")
    batch = {name: x.reshape(parts, -1, *x.shape[1:]) for name, x in batch.items()}
    state, metrics = _compiled(m, phase)(state, batch, key)
    return jax.device_get(state), {name: float(value) for name, value in metrics.items()}


@functools.cache
def _compiled(m, phase):
    def step(state, batch, rng):
        one = functools.partial(m.train_step, rng=rng, phase=phase)
        with mock.patch.object(game, "update", _evaluated):
            state, metrics = jax.vmap(one, (None, 0), axis_name=devices.AXIS)(state, batch)
        return jax.tree.map(lambda x: x[0], state), jax.tree.map(jnp.mean, metrics)

    return jax.jit(step)


def _evaluated(state, name, tx, loss_fn, ema_decay=None):
    """In place of `game.update`: the loss's metrics and running statistics, without its gradient."""
    del tx, ema_decay
    player = state.players[name]
    _, (batch_stats, metrics) = loss_fn(player.params)
    player = player.replace(batch_stats=devices.mean(batch_stats))
    return state.replace(players={**state.players, name: player}), metrics
