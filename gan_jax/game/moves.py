"""What a step is made of: `update`, the one verb that moves a player, and ways to repeat and share work."""

import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from gan_jax.game import devices
from gan_jax.game.state import Player, TrainState

PyTree = Any


def update(
    state: TrainState,
    name: str,
    tx: optax.GradientTransformation,
    loss_fn: Callable[[PyTree], tuple[jax.Array, tuple[PyTree, dict[str, jax.Array]]]],
    ema_decay: float | jax.Array | None = None,
) -> tuple[TrainState, dict[str, jax.Array]]:
    """One gradient step of player `name`, and of no other.

    Args:
      state: this device's state, inside a mapped step.
      name: the player that moves.
      tx: the player's optimiser.
      loss_fn: `params -> (loss, (batch_stats, metrics))`; the loss is a mean over this device's
        examples, so that the mean over devices is the mean over the global batch.
      ema_decay: weight of the past in the player's average; may be traced (ramps).

    Returns:
      The new state and the metrics, with the norm of the gradient among them: a NaN that a
      rectifier hides from the loss shows there. Gradients and running statistics are averaged over
      devices.
    """
    old = state.players[name]
    grads, (batch_stats, metrics) = jax.grad(loss_fn, has_aux=True)(old.params)
    grads, batch_stats = devices.mean((grads, batch_stats))
    updates, opt_state = tx.update(grads, old.opt_state, old.params)
    params = optax.apply_updates(old.params, updates)
    ema = old.ema
    if ema is not None and ema_decay is not None:
        ema = optax.incremental_update(params, ema, 1 - ema_decay)
    new = Player(params, batch_stats, opt_state, ema)
    metrics = {**metrics, f"{name}/grad_norm": optax.tree.norm(grads)}
    return state.replace(players={**state.players, name: new}), metrics


def clipped(state: TrainState, name: str, bound: float) -> TrainState:
    """The state with every parameter of player `name` cut to [-bound, bound], as WGAN has it."""
    player = state.players[name]
    params = jax.tree.map(lambda w: jnp.clip(w, -bound, bound), player.params)
    return state.replace(players={**state.players, name: player.replace(params=params)})


def device_mean(tree: PyTree) -> PyTree:
    """Inside a step: the mean over devices, for what `memory` holds of all of them."""
    return devices.mean(tree)


def once(fn: Callable[[PyTree], PyTree], at: PyTree) -> Callable[[PyTree], PyTree]:
    """`fn` for calls at `at` alone: evaluated now, its value and derivative shared by every call.

    Two updates that need the same pass of a network, one of them its gradient, then pay for one.
    """
    out, pullback = jax.vjp(fn, at)
    shared = jax.custom_vjp(lambda _: out)
    shared.defvjp(lambda _: (out, None), lambda _, cotangent: pullback(cotangent))
    return shared


def repeat(
    step_fn: Callable[[TrainState, PyTree], tuple[TrainState, PyTree]],
    state: TrainState,
    xs: PyTree,
) -> tuple[TrainState, PyTree]:
    """Runs `step_fn(state, x) -> (state, out)` over the leading axis of `xs`; outputs are stacked.

    A plain loop on the CPU, where a convolution inside `scan` is several times slower; `unroll=True` does
    not help, for it leaves a loop of one step as it is.
    """
    if jax.default_backend() != "cpu":
        return jax.lax.scan(step_fn, state, xs)
    outs = []
    for i in range(len(jax.tree.leaves(xs)[0])):
        state, out = step_fn(state, jax.tree.map(operator.itemgetter(i), xs))
        outs.append(out)
    return state, jax.tree.map(lambda *parts: jnp.stack(parts), *outs)
