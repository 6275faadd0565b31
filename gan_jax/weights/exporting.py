"""The tensors of a run's networks under published names."""

from collections.abc import Mapping

import jax
import numpy as np

from gan_jax.errors import ConfigError
from gan_jax.runs import leaves, restore
from gan_jax.weights import layouts, tables


def tensors(run: restore.Run) -> Mapping[str, dict[str, np.ndarray]]:
    """The tensors of a run's networks, by network, under published names.

    Raises:
      ConfigError: the run's networks have no published names.
    """
    name = run.config.model.name
    layout = layouts.of_model(name)
    if layout is None:
        known = ", ".join(layout.model for layout in layouts.known())
        raise ConfigError(f"model {name!r} has no published names; models that have: {known}")
    flat = leaves.flatten(jax.device_get(run.state))
    try:
        return tables.write(tables.of_state(layout.table(run.model), flat), flat)
    except ValueError as error:
        raise ConfigError(
            f"the run {run.config.name!r} of model {name!r} has no such names: {error}"
        ) from error
