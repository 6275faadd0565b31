"""The state of a game: its players, frozen variables, and what a step remembers."""

from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import optax

PyTree = Any


class Player(flax.struct.PyTreeNode):
    """One player: its parameters, and what its optimiser carries. A player may span several networks.

    Attributes:
      params: the parameters that the optimiser moves.
      batch_stats: running statistics of batch normalisation; {} if the networks have none.
      opt_state: state of the optax transformation.
      ema: exponential moving average of `params`, or None if no average is kept.
    """

    params: PyTree
    batch_stats: PyTree
    opt_state: PyTree
    ema: PyTree = None

    @property
    def variables(self) -> dict[str, PyTree]:
        """The variables to apply the player's linen modules with in training."""
        return {"params": self.params, "batch_stats": self.batch_stats}

    @property
    def eval_variables(self) -> dict[str, PyTree]:
        """The variables to apply the player's linen modules with in evaluation.

        They hold the averaged parameters if an average is kept, else the parameters themselves.
        """
        params = self.params if self.ema is None else self.ema
        return {"params": params, "batch_stats": self.batch_stats}


class TrainState(flax.struct.PyTreeNode):
    """All that training changes, as one pytree of arrays. Modules and optimisers are not in it.

    Attributes:
      step: int32 scalar, the number of finished iterations.
      players: the players by name.
      frozen: variables that no optimiser touches, by name, such as DTN's f.
      memory: arrays that a step leaves for the next one, by name, such as an image pool or a running mean.
    """

    step: jax.Array
    players: dict[str, Player]
    frozen: dict[str, PyTree] = flax.struct.field(default_factory=dict)
    memory: dict[str, PyTree] = flax.struct.field(default_factory=dict)


def player(variables: PyTree, tx: optax.GradientTransformation, ema: bool = False) -> Player:
    """A player before its first update, from a linen module's initial variables."""
    params = variables["params"]
    # The average is a copy: a step donates parameters and average, and one buffer cannot be donated twice.
    average = jax.tree.map(jnp.copy, params) if ema else None
    return Player(params, variables.get("batch_stats", {}), tx.init(params), average)


def create(players: dict[str, Player], frozen: dict | None = None, memory: dict | None = None) -> TrainState:
    """The state before the first iteration."""
    return TrainState(jnp.zeros((), jnp.int32), players, frozen or {}, memory or {})
