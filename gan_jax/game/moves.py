"""The parts of a step: `update`, which moves a player, and functions to repeat and to share work."""

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
    """One gradient step of player `name`; the other players do not move.

    Args:
      state: this device's state, inside a mapped step.
      name: the player that moves.
      tx: the player's optimiser.
      loss_fn: `params -> (loss, (batch_stats, metrics))`. The loss is a mean over this device's examples, so
        that the mean over devices is the mean over the global batch.
      ema_decay: the old average's weight in the new average of the parameters; it may be traced, for ramps.

    Returns:
      The new state and the metrics. Gradients and running statistics are averaged over devices. The metrics
      include the norm of the gradient, which reveals a NaN that a ReLU hides from the loss.
    """
    old = state.players[name]
    grads, (batch_stats, metrics) = devices.in_turn(jax.grad(loss_fn, has_aux=True))(old.params)
    # Averaging before the update keeps all players equal on all devices.
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
    """The mean over devices, inside a step, for entries of `memory` that all devices share."""
    return devices.mean(tree)


def once(fn: Callable[[PyTree], PyTree], at: PyTree) -> Callable[[PyTree], PyTree]:
    """`fn` for calls with the value `at` only; all calls share one evaluation and one derivative.

    Two updates can then share a forward pass that both need, even if only one differentiates it.
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
    """Runs `step_fn(state, x) -> (state, out)` over the leading axis of `xs`, and stacks the outputs.

    On the CPU this is a plain Python loop, since a convolution inside `scan` is several times slower there.
    `unroll=True` does not help: it leaves a loop of one step as it is.
    """
    if jax.default_backend() != "cpu":
        return jax.lax.scan(step_fn, state, xs)
    outs = []
    for i in range(len(jax.tree.leaves(xs)[0])):
        state, out = step_fn(state, jax.tree.map(operator.itemgetter(i), xs))
        outs.append(out)
    return state, jax.tree.map(lambda *parts: jnp.stack(parts), *outs)
