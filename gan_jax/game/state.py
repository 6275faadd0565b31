"""The state of a game of players, and the one verb that moves a player: `update`."""

from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import optax

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
