"""The entries of a state's memory that each device has for itself, in checkpoints and on the devices.

A *holder* is a device, or one part of a device's batch if the batch is cut into parts. In a checkpoint the
state has the first holder's entries, and the entries of the other holders stand beside the state. The entries
of all holders together are a stack [holders, ...], in the order of the devices.
"""

from collections.abc import Mapping
from typing import Any

import jax
import ml_collections
import numpy as np

from gan_jax import models
from gan_jax.game import TrainState, devices
from gan_jax.runs.leaves import Leaves, fit, flatten


def holders(config: ml_collections.ConfigDict) -> int:
    """How many copies of these entries a run has here; 1 where devices take one step together."""
    return 1 if config.global_batch else devices.describe()["devices"] * config.accumulate


def place(
    config: ml_collections.ConfigDict,
    model: models.Model,
    state: TrainState,
    others: Leaves | None = None,
) -> tuple[TrainState, str]:
    """The state on all devices, each with its own entries.

    Args:
      config: the run's configuration.
      model: the run's model.
      state: on the host, with the first holder's entries.
      others: the leaves of the other holders, [holders - 1, ...], from a checkpoint; None before training.

    Returns:
      The replicated state, and a line about entries that had to be dealt out anew; '' if none had to.
    """
    placed, count, line = devices.replicate(state), holders(config), ""
    first = _own(model, state.memory)
    if not first or (config.global_batch and others is None):
        return placed, line
    if others is None:
        stack = jax.tree.map(lambda x: np.broadcast_to(x, (count, *np.shape(x))), first)
    else:
        stack = _stacked(first, others)
        found = len(jax.tree.leaves(stack)[0])
        if found != count:
            names = ", ".join(sorted(first))
            line = f"{names} of {found} devices or parts are dealt out anew to {count}"
            stack = model.dealt(stack, count)
    if config.global_batch:
        own = devices.replicate(jax.tree.map(lambda x: x[0], stack))
    else:
        own = devices.deal(stack, config.accumulate)
    return placed.replace(memory={**placed.memory, **own}), line


def host(config: ml_collections.ConfigDict, model: models.Model, state: TrainState) -> TrainState:
    """A state of the devices as host arrays, with the first holder's entries."""
    found = devices.unreplicate(state)
    if config.accumulate == 1:
        return found
    own = jax.tree.map(lambda x: x[0], _own(model, found.memory))
    return found.replace(memory={**found.memory, **own})


def others(config: ml_collections.ConfigDict, model: models.Model, state: TrainState) -> Leaves:
    """The leaves of all holders but the first, [holders - 1, ...], by name; every process must call it."""
    own = _own(model, state.memory)
    if not own or holders(config) == 1:
        return {}
    stack = devices.gathered(own, config.accumulate)
    return flatten(jax.tree.map(lambda x: x[1:], stack))


def _own(model, memory):
    return {name: tree for name, tree in memory.items() if name.startswith(tuple(model.OWN_MEMORY))}


def _stacked(first: Mapping[str, Any], others: Leaves) -> Any:
    one = jax.tree.map(lambda x: np.asarray(x)[None], first)
    if not others:
        return one
    count = len(next(iter(others.values())))
    shapes = jax.tree.map(lambda x: jax.ShapeDtypeStruct((count, *x.shape[1:]), x.dtype), one)
    return jax.tree.map(lambda a, b: np.concatenate([a, b]), one, fit(others, shapes))
