"""The training images of a run, with the columns that its frozen variables decide."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import jax
import ml_collections
import numpy as np

from gan_jax import data, images, parallel
from gan_jax.errors import DataError
from gan_jax.state import TrainState

_log = logging.getLogger(__name__)

_BATCH = 256  # images at a time, where columns are computed


def check(config: ml_collections.ConfigDict) -> None:
    """Refuses, before any long work, images that a run or one it requires could not read.

    Raises:
      ConfigError, DataError: see `data.check`.
    """
    where = config.data
    roles = [*where.roles.values(), *(r for e in config.evals.values() for r in e.roles.values())]
    for spec in roles:
        data.check(spec, data_dir=where.data_dir, manual_dir=where.manual_dir)


def load_role(config: ml_collections.ConfigDict, spec: Mapping[str, Any]) -> data.Examples:
    """The images that one role's fields name, at the size and from the folders of `config.data`."""
    where = config.data
    return data.load(spec, size=where.size, data_dir=where.data_dir, manual_dir=where.manual_dir)


def load(config: ml_collections.ConfigDict, poll: Callable[[], None]) -> dict[str, data.Examples]:
    """Every role of the training batch; `poll` is called between them."""
    roles = {}
    for role, spec in config.data.roles.items():
        poll()
        roles[role] = load_role(config, spec)
        shape = roles[role].columns["image"].shape
        _log.info("%s: %s[%s], %s", role, spec.name or "files", spec.split, shape)
    return roles


def check_columns(model: Any, roles: Mapping[str, data.Examples]) -> None:
    """Refuses labels and other columns of the training set that the model cannot take.

    Raises:
      DataError: naming the column and what is allowed.
    """
    columns = {
        f"{role}_{name}": values
        for role, examples in roles.items()
        for name, values in examples.columns.items()
        if name != "image"
    }
    try:
        model.check_columns(columns)
    except ValueError as error:
        raise DataError(f"data.roles: {error}") from error


def with_constants(
    model: Any, state: TrainState, roles: Mapping[str, data.Examples], poll: Callable[[], None]
) -> tuple[dict[str, data.Examples], dict[str, np.ndarray]]:
    """Adds `model.constants` of a replicated state, computed once per example, to each role.

    Returns:
      The roles, and the new columns under their batch keys (`<role>_<column>`).
    """

    def constants(state, batch, rng):
        del rng
        return model.constants(state, images.to_float(batch))

    apply = parallel.pmap_apply(constants)
    host = parallel.unreplicate(state)
    extended = dict(roles)
    columns: dict[str, np.ndarray] = {}
    for role, examples in roles.items():
        pictures = {role: data.Examples({"image": examples.columns["image"]})}
        if not jax.eval_shape(constants, host, next(data.epoch(pictures, 1)), None):
            continue
        parts = []
        for batch in data.epoch(pictures, _BATCH):
            poll()
            parts.append(apply(state, batch))
        own = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        columns |= own
        extended[role] = examples.with_columns(
            **{name.removeprefix(f"{role}_"): column for name, column in own.items()}
        )
    return extended, columns
