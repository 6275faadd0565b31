"""The training images of a run, with the columns that its frozen variables decide."""

import functools
import hashlib
import io
import logging
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import ml_collections
import numpy as np

from gan_jax import data
from gan_jax.config import resolve
from gan_jax.errors import DataError
from gan_jax.game import TrainState, devices
from gan_jax.ops.pixels import to_float
from gan_jax.runs.workdir import Workdir

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
        data.check(resolve(spec, where.sets), data_dir=where.data_dir, manual_dir=where.manual_dir)


def load_role(
    config: ml_collections.ConfigDict, spec: Mapping[str, Any], load_size: int = 0, flip: bool = False
) -> data.Examples:
    """The images that one role names, at the size and from the sets and folders of `config.data`."""
    where = config.data
    return data.load(
        resolve(spec, where.sets),
        size=where.size,
        load_size=load_size,
        flip=flip,
        data_dir=where.data_dir,
        manual_dir=where.manual_dir,
    )


def load(config: ml_collections.ConfigDict, poll: Callable[[], None]) -> dict[str, data.Examples]:
    """Every role of the training batch, cropped and mirrored at random where the configuration says so.

    `poll` is called between them.
    """
    where = config.data
    roles = {}
    for role, spec in where.roles.items():
        poll()
        roles[role] = load_role(config, spec, where.load_size, where.flip)
        shape = roles[role].columns["image"].shape
        name = resolve(spec, where.sets)["name"]
        _log.info("%s: %s[%s], %s", role, name or "files", spec["split"], shape)
    return _together(config, roles)


def load_evaluation(
    config: ml_collections.ConfigDict, specs: Mapping[str, Mapping[str, Any]]
) -> dict[str, data.Examples]:
    """Every role of an evaluation."""
    return _together(config, {role: load_role(config, spec) for role, spec in specs.items()})


def _together(config, roles):
    return data.together(roles) if config.data.kind == "paired" else roles


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
    model: Any,
    state: TrainState,
    roles: Mapping[str, data.Examples],
    poll: Callable[[], None],
    cache: Path | str | None = None,
) -> tuple[dict[str, data.Examples], dict[str, np.ndarray]]:
    """Adds `model.constants` of a replicated state, computed once per example, to each role.

    A role whose images change from draw to draw stays as it is: the model computes them in each step.

    Args:
      model: whose `constants` see the state's frozen variables alone.
      state: replicated.
      roles: of the training batch.
      poll: called now and then.
      cache: folder that keeps the columns for other runs of equal frozen variables and images; None for none.

    Returns:
      The roles, and the new columns under their batch keys (`<role>_<column>`).
    """

    def constants(state, batch, rng):
        del rng
        return model.constants(state, to_float(batch))

    state = state.replace(players={}, memory={})
    host = devices.unreplicate(state)
    extended = dict(roles)
    columns: dict[str, np.ndarray] = {}
    for role, examples in roles.items():
        pictures = {role: examples.without(*set(examples.columns) - {"image"})}
        first = next(data.epoch(pictures, 1))
        if not jax.eval_shape(constants, host, first, None):
            continue
        compute = functools.partial(_in_parts, constants, state, pictures, poll)
        if cache is None or devices.process()[1] > 1:  # of several processes each would have its own part
            own = compute()
        else:
            program = jax.jit(constants).lower(host, first, None).as_text()
            key = _digest(program, jax.tree.leaves(host), examples)
            own = _cached(Path(cache) / f"constants-{key}", compute, poll)
        columns |= own
        if examples.varies:
            continue
        extended[role] = examples.with_columns(
            **{name.removeprefix(f"{role}_"): column for name, column in own.items()}
        )
    return extended, columns


def _in_parts(constants, state, pictures, poll):
    apply, parts = devices.pmap_apply(constants), []
    for batch in data.epoch(pictures, _BATCH):
        poll()
        parts.append(apply(state, batch))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _digest(program, variables, examples):
    """Names all that columns follow from: the program, what it reads, and the arithmetic of the device."""
    digest = hashlib.sha256(f"{devices.describe()['kind']}\n{program}\n{examples.view}".encode())
    for array in (*variables, examples.columns["image"]):
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()[:16]


def _cached(path, compute, poll):
    """What an earlier run left in a folder, or else what `compute` gives, kept there for later ones."""
    with Workdir(path).open(poll) as folder:
        file = path / "columns.npz"
        if file.exists():
            try:
                with np.load(file) as stored:
                    return dict(stored)
            except (OSError, ValueError, zipfile.BadZipFile) as error:
                _log.warning("%s cannot be read and is made anew: %s", file, error)
        columns, content = compute(), io.BytesIO()
        np.savez(content, **columns)
        folder.write(file.name, content.getvalue())
        return columns
