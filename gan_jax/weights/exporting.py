"""The tensors of a run's networks under published names, or under this library's own."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from gan_jax.errors import ConfigError
from gan_jax.runs import leaves, restore
from gan_jax.weights import layouts, tables

NAMES = ("published", "own")
_PARTS = ("params", "batch_stats", "ema")  # of a player; its optimiser is left out


def default_names(run: restore.Run) -> str:
    """'published' if the run's networks have published names, else 'own'."""
    try:
        tensors(run, "published")
    except ConfigError:
        return "own"
    return "published"


def tensors(run: restore.Run, names: str) -> Mapping[str, dict[str, np.ndarray]]:
    """The tensors of a run's networks, by network.

    Args:
      run: the run.
      names: 'published' gives the names and the arrangement of the published code. 'own' gives parameters,
        running statistics and averages of each player, and the frozen variables, by their paths in linen's
        modules, such as `params.up_1.kernel`.

    Raises:
      ConfigError: the run's networks have no published names.
    """
    flat = leaves.flatten(jax.device_get(run.state))
    if names == "own":
        return _own(flat)
    layout = _layout(run)
    try:
        return tables.write(tables.of_state(layout.table(run.model), flat), flat)
    except ValueError as error:
        raise ConfigError(
            f"the run {run.config.name!r} of model {run.config.model.name!r} has no such names: {error}; "
            "--names=own gives the names of this library"
        ) from error


def restored(run: restore.Run, found: Mapping[str, tables.Tensors], names: str) -> Any:
    """The run's state with all exported leaves from `found`, which has the form that `tensors` returns."""
    flat = leaves.flatten(jax.device_get(run.state))
    if names == "own":
        prefixes = {network: f"players.{network}." for network in run.state.players}
        new = {
            prefixes.get(network, f"frozen.{network}.") + name: x
            for network, part in found.items()
            for name, x in part.items()
        }
        wanted = set(_leaf_names(flat))
    else:
        table = tables.of_state(_layout(run).table(run.model), flat)
        new = tables.read(table, found, flat)
        wanted = {leaf for leaf in flat if set(leaf.split(".")) & set(_PARTS) and ".opt_state." not in leaf}
    empty = {leaf: np.full_like(flat[leaf], np.nan) for leaf in wanted}  # a leaf that the file lacks shows
    return leaves.fit({**flat, **empty, **new}, run.state)


def _layout(run):
    name = run.config.model.name
    layout = layouts.of_model(name)
    if layout is None:
        known = ", ".join(layout.model for layout in layouts.known())
        raise ConfigError(
            f"names='published' is not allowed: model {name!r} has no published names; "
            f"models that have: {known}"
        )
    return layout


def _leaf_names(flat):
    for leaf in flat:
        kind, *parts = leaf.split(".")
        if kind == "frozen" or (kind == "players" and parts[1] in _PARTS):
            yield leaf


def _own(flat):
    networks: dict[str, dict[str, np.ndarray]] = {}
    for leaf in _leaf_names(flat):
        _, network, name = leaf.split(".", 2)
        networks.setdefault(network, {})[name] = flat[leaf]
    return networks
