"""The state of a game of players, and the one verb that moves a player: `update`."""

from collections.abc import Callable
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import optax

from gan_jax import parallel

PyTree = Any


class Player(flax.struct.PyTreeNode):
    """One player: its parameters and what its optimiser carries. May span several networks.

    Attributes:
      params: what the optimiser moves.
      batch_stats: running statistics of batch normalisation, {} where there are none.
      opt_state: the state of its optax transformation.
      ema: exponential moving average of `params`, or None where none is kept.
    """

    params: PyTree
    batch_stats: PyTree
    opt_state: PyTree
    ema: PyTree = None

    @property
    def variables(self) -> dict[str, PyTree]:
        """What the player's linen modules are applied with while training."""
        return {"params": self.params, "batch_stats": self.batch_stats}

    @property
    def eval_variables(self) -> dict[str, PyTree]:
        """The same for evaluation: averaged parameters where an average is kept."""
        params = self.params if self.ema is None else self.ema
        return {"params": params, "batch_stats": self.batch_stats}


class TrainState(flax.struct.PyTreeNode):
    """All that training changes, as one pytree of arrays; modules and optimisers are never in it.

    Attributes:
      step: int32 scalar, finished iterations.
      players: by name.
      frozen: variables that no optimiser touches (DTN's f), by name.
      memory: what one step carries to the next (an image pool, a running mean), by name.
    """

    step: jax.Array
    players: dict[str, Player]
    frozen: dict[str, PyTree] = flax.struct.field(default_factory=dict)
    memory: dict[str, PyTree] = flax.struct.field(default_factory=dict)


def player(variables: PyTree, tx: optax.GradientTransformation, ema: bool = False) -> Player:
    """A player at its start, from a linen module's initial variables."""
    params = variables["params"]
    # A copy: state and average are donated together, and one buffer cannot be donated twice.
    average = jax.tree.map(jnp.copy, params) if ema else None
    return Player(params, variables.get("batch_stats", {}), tx.init(params), average)


def create(players: dict[str, Player], frozen: dict | None = None, memory: dict | None = None) -> TrainState:
    """The state before the first iteration."""
    return TrainState(jnp.zeros((), jnp.int32), players, frozen or {}, memory or {})


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
    grads, batch_stats = parallel.mean((grads, batch_stats))
    updates, opt_state = tx.update(grads, old.opt_state, old.params)
    params = optax.apply_updates(old.params, updates)
    ema = old.ema
    if ema is not None and ema_decay is not None:
        ema = optax.incremental_update(params, ema, 1 - ema_decay)
    new = Player(params, batch_stats, opt_state, ema)
    metrics = {**metrics, f"{name}/grad_norm": optax.tree.norm(grads)}
    return state.replace(players={**state.players, name: new}), metrics


def device_mean(tree: PyTree) -> PyTree:
    """Inside a step: the mean over devices, for what `memory` holds of all of them."""
    return parallel.mean(tree)


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

    Unrolled on the CPU, where a convolution inside a loop is 30 to 50 times slower.
    """
    on_cpu = jax.default_backend() == "cpu"
    if on_cpu and len(jax.tree.leaves(xs)[0]) == 1:
        # Of a single step scan makes a loop, whatever `unroll` says.
        state, out = step_fn(state, jax.tree.map(lambda x: x[0], xs))
        return state, jax.tree.map(lambda x: x[None], out)
    return jax.lax.scan(step_fn, state, xs, unroll=on_cpu)
