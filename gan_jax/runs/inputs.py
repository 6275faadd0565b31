"""The images of a run by role, and their features by required networks."""

import functools
import hashlib
import io
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ml_collections
import numpy as np

from gan_jax import data, models, paths
from gan_jax.config import resolve
from gan_jax.data.roles import DEFAULTS
from gan_jax.errors import ConfigError, DataError
from gan_jax.files import reading
from gan_jax.game import devices
from gan_jax.game.network import Network
from gan_jax.runs import classes
from gan_jax.runs.workdir import Workdir

_log = logging.getLogger(__name__)

Columns = dict[str, np.ndarray]

_BATCH = 256  # images at a time when features are computed
_BESIDE = Path("runs/store")  # where a run without a cache keeps its store
_OFF = "off"  # the value of data.store that keeps all images in memory


def check(config: ml_collections.ConfigDict) -> None:
    """Refuses images that a run could not read, before any long work.

    Raises:
      ConfigError, DataError: see `data.check` and `classes.of_run`.
    """
    where = config.data
    store(config)
    if not where.roles:
        raise ConfigError(f"data.roles of run {config.name!r} is empty; import the weights with a --config")
    roles = [*where.roles.values()]
    known = classes.of_run(config)
    for evaluation in config.evals.values():
        roles += classes.numbered(config, evaluation.roles, known).values()
    for spec in roles:
        data.check(resolve(spec, where.sets), data_dir=where.data_dir, manual_dir=where.manual_dir)


def store(config: ml_collections.ConfigDict, poll: Callable[[], None] = lambda: None) -> data.Store | None:
    """Where a run keeps large sets of images decoded; None if it keeps them in memory.

    `poll` is called while images are decoded.

    Raises:
      ConfigError: the folder's path is not allowed, see `paths.given`.
    """
    folder = config.data.store or os.environ.get("GAN_JAX_STORE", "")
    if folder == _OFF:
        return None
    if folder:
        root = paths.given("data.store", folder)
    else:  # beside the cache; a run that requires no other may have none
        root = paths.given("cache_dir", config.cache_dir).parent / "store" if config.cache_dir else _BESIDE
    return data.Store(root, config.data.store_above, poll)


def load_role(
    config: ml_collections.ConfigDict,
    spec: Mapping[str, Any],
    load_size: int = 0,
    flip: bool = False,
    poll: Callable[[], None] = lambda: None,
) -> data.Examples:
    """The images that a role names, at the size and from the sets and folders of `config.data`.

    `poll` is called while images are decoded into a store.
    """
    where = config.data
    return data.load(
        resolve(spec, where.sets),
        size=where.size,
        width=where.width,
        load_size=load_size,
        flip=flip,
        data_dir=where.data_dir,
        manual_dir=where.manual_dir,
        store=store(config, poll),
    )


def load(config: ml_collections.ConfigDict, poll: Callable[[], None]) -> dict[str, data.Examples]:
    """All roles of the training batch, cropped and mirrored at random if the configuration says so.

    `poll` is called before each role, and while images are decoded into a store.
    """
    where = config.data
    roles, numbered = {}, classes.training(config)
    for role, spec in where.roles.items():
        poll()
        if role in numbered:
            spec = {**resolve(spec, where.sets), "class_names": numbered[role]}
        roles[role] = load_role(config, spec, where.load_size, where.flip, poll)
        shape = roles[role].columns["image"].shape
        full = {**DEFAULTS, **resolve(spec, where.sets)}
        _log.info("%s: %s[%s], %s", role, full["name"] or "files", full["split"], shape)
    return _together(config, roles)


def load_evaluation(
    config: ml_collections.ConfigDict,
    specs: Mapping[str, Mapping[str, Any]],
    poll: Callable[[], None] = lambda: None,
) -> dict[str, data.Examples]:
    """All roles of an evaluation. Classes have the numbers that they have in training."""
    numbered = classes.numbered(config, specs, classes.of_run(config))
    return _together(config, {role: load_role(config, spec, poll=poll) for role, spec in numbered.items()})


def _together(config, roles):
    return data.together(roles) if config.data.kind == "paired" else roles


def check_columns(config: ml_collections.ConfigDict, model: models.Model, columns: Columns) -> None:
    """Refuses labels and other columns of the training set that the model cannot take.

    Raises:
      DataError: the model refuses a column; the message has the column and the allowed values.
    """
    try:
        parts = 1 if config.global_batch else devices.describe()["devices"]
        share = config.batch_size // (parts * config.accumulate)
        size, width = config.data.size, config.data.width
        model.check(models.Inputs(size, width=width, columns=columns, batch_size=share))
    except ValueError as error:
        raise DataError(f"data.roles: {error}") from error


def columns_of(roles: Mapping[str, data.Examples]) -> Columns:
    """All columns of the training set except the images, by batch key: `<role>_<column>`."""
    return {
        f"{role}_{name}": values
        for role, examples in roles.items()
        for name, values in examples.columns.items()
        if name != "image"
    }


def with_features(
    model: models.Model,
    networks: Mapping[str, Network],
    roles: Mapping[str, data.Examples],
    poll: Callable[[], None],
    cache: Path | str | None = None,
) -> dict[str, data.Examples]:
    """Adds the column `features` of a required network to each role whose features the model reads.

    A role whose images vary at each reading gets no column; the model computes its features in each step.

    Args:
      model: the model; its `features` name the roles and the networks.
      networks: the required networks, by name.
      roles: the roles of the training batch.
      poll: called between batches; it may raise to interrupt.
      cache: folder of columns for later runs with equal networks and images; None keeps none.
    """
    extended = dict(roles)
    for role, name in model.features.items():
        examples = roles.get(role)
        if examples is None or examples.varies or name not in networks:
            continue
        compute = functools.partial(_features, networks[name], examples, poll)
        if cache is None or devices.process()[1] > 1:  # two processes would write one file
            column = compute()
        else:
            column = cached(Path(cache) / f"features-{_digest(networks[name], examples)}", compute, poll)
        extended[role] = examples.with_columns(features=column)
    return extended


def _features(network, examples, poll):
    parts = []
    for batch in data.epoch({"image": examples.without(*set(examples.columns) - {"image"})}, _BATCH):
        poll()
        parts.append(network.apply("embed", batch))
    return np.concatenate(parts)


def _digest(network, examples):
    """A hash of all that determines a column: network, images, and the kind of device."""
    facts = f"{devices.describe()['kind']}\n{network.sha256}\n{examples.view}"
    digest = hashlib.sha256(facts.encode())
    digest.update(examples.identity)
    return digest.hexdigest()[:16]


def cached(path: Path, compute: Callable[[], np.ndarray], poll: Callable[[], None]) -> np.ndarray:
    """The column that an earlier call stored in a folder; if none, that of `compute`, which is then stored.

    `poll` is called while another process holds the folder; it may raise to interrupt.
    """
    with Workdir(path).open(poll) as folder:
        file = path / "features.npz"
        if file.exists():
            try:
                with reading.Arrays(file) as stored:
                    return stored["features"]
            except (OSError, KeyError) as error:
                _log.warning("%s cannot be read and is computed again: %s", file, error)
        column, content = compute(), io.BytesIO()
        np.savez(content, features=column)
        folder.write(file.name, content.getvalue())
        return column
