"""The metrics of a step in which nobody moves: without gradients, few operations are left to compile."""

import functools
from unittest import mock

import jax

from gan_jax import game
from gan_jax.game import devices


def told(m, state, batch, phase="train", seed=0):
    """The step's metrics, with the whole batch on one device; players stay, running statistics do not."""
    return stood(m, state, batch, phase, seed)[1]


def stood(m, state, batch, phase="train", seed=0):
    """The state after such a step, and its metrics."""
    # The draws of this kind of key are one operation each.
    key = jax.random.key(seed, impl="unsafe_rbg")
    state, metrics = _compiled(m, phase)(state, batch, key)
    return jax.device_get(state), {name: float(value) for name, value in metrics.items()}


@functools.cache
def _compiled(m, phase):
    def step(state, batch, rng):
        one = functools.partial(m.train_step, rng=rng, phase=phase)
        with mock.patch.object(game, "update", _evaluated):
            return jax.vmap(one, None, None, axis_name=devices.AXIS, axis_size=1)(state, batch)

    return jax.jit(step)


def _evaluated(state, name, tx, loss_fn, ema_decay=None):
    """In place of `game.update`: the loss's metrics and running statistics, without its gradient."""
    del tx, ema_decay
    player = state.players[name]
    _, (batch_stats, metrics) = loss_fn(player.params)
    return state.replace(players={**state.players, name: player.replace(batch_stats=batch_stats)}), metrics
