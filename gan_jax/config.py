"""Default fields of a configuration, its variants, and the checks before anything starts."""

import dataclasses
import importlib.util
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ml_collections

from gan_jax import evaluation, models
from gan_jax.errors import ConfigError, nearest

Variant = Mapping[str, Any] | Callable[[ml_collections.ConfigDict], Mapping[str, Any]]

# Fields that change how a run is reported or how far it goes, not what it computes on the way:
# a run's folder may be continued with other values of these.
FREE = (
    "steps",
    "log_every",
    "log_seconds",
    "checkpoint_every",
    "keep",
    "tensorboard",
    "platform",
    "distributed",
    "compilation_cache",
    "cache_dir",
    "debug_nans",
    "evals",
    "best",
    "checkpoint_rule",
    "data.data_dir",
    "data.manual_dir",
)

# What every configuration's `quick` has in common.
QUICK: Mapping[str, Any] = {
    "batch_size": 8,
    "steps": 2,
    "checkpoint_rule": "last",
    "checkpoint_every": 1,
    "log_every": 1,
    "tensorboard": False,
}

_RANGES = {
    "batch_size": (1, 2**20),
    "steps": (0, 10**9),
    "seed": (0, 2**31 - 1),
    "log_every": (1, 10**9),
    "log_seconds": (0, 10**6),
    "checkpoint_every": (1, 10**9),
    "keep": (1, 10**6),
    "data.size": (4, 4096),
    "data.load_size": (0, 4096),
}
_CHOICES = {
    "platform": ("", "cpu", "gpu", "tpu"),
    "checkpoint_rule": ("last", "best"),
    "data.kind": ("unpaired", "paired"),
}


def default() -> ml_collections.ConfigDict:
    """Fields that every configuration has."""
    config = ml_collections.ConfigDict()
    config.name = ""  # of the run, and of its default folder
    config.model = ml_collections.ConfigDict()  # `name` and the fields of that Model
    config.requires = ml_collections.ConfigDict()  # classifier runs to finish first, by name
    config.data = ml_collections.ConfigDict()  # roles of the training batch, and where files are
    config.data.roles = ml_collections.ConfigDict()
    config.data.kind = "unpaired"  # roles are independent streams; or 'paired': examples stay together
    config.data.size = 32  # pixels; images are resized to size x size
    config.data.load_size = 0  # training images are resized to this, then cropped at random to size; 0: not
    config.data.flip = False  # training images are mirrored by even chance; those of a pair alike
    config.data.data_dir = ""  # prepared tfds data sets; '' is tfds' own default
    config.data.manual_dir = ""  # files already on disk; '' reads GAN_JAX_DATA
    config.evals = ml_collections.ConfigDict()  # evaluators by name
    config.best = ""  # '<eval>/<metric>' whose maximum marks the best checkpoint
    config.checkpoint_rule = "last"  # which checkpoint the final evaluation judges: last, best
    config.batch_size = 128  # over all devices
    config.steps = 1000
    config.seed = 0
    config.log_every = 50  # steps
    config.log_seconds = 10.0  # between log lines where nobody watches a terminal
    config.checkpoint_every = 500  # steps
    config.keep = 3  # newest checkpoints
    config.tensorboard = True
    config.platform = ""  # '', 'cpu', 'gpu', 'tpu': the run stops where it is not there
    config.distributed = False  # one of several processes
    config.cache_dir = "runs/cache"  # finished runs that others require
    config.compilation_cache = ""  # folder of compiled programs, '' for none
    config.debug_nans = False  # jax stops inside the operation that made a NaN; slow
    return config


def model(name: str, **fields: Any) -> ml_collections.ConfigDict:
    """All fields of `models/<name>.py`'s Model at their defaults, but for those given."""
    cls = models.model_class(name)
    known = {field.name: field.default for field in dataclasses.fields(cls)}
    unknown = set(fields) - set(known)
    if unknown:
        raise ConfigError(f"model.{sorted(unknown)[0]} is no field of {name}: {', '.join(known)}")
    return ml_collections.ConfigDict({"name": name, **known, **fields})


def role(name: str = "", split: str = "train", **fields: Any) -> dict[str, Any]:
    """Where one role's images come from: a data set's name or `files`, and a slice of a split.

    `fields` are others that `data.load` knows, such as `files`, `attributes` or `classes`.
    """
    spec = {"name": name, "split": split, "files": {}, "exclude": (), "labels": True}
    return {**spec, **fields}


def load(path: str) -> ml_collections.ConfigDict:
    """The configuration of a file with variants behind a colon: `configs/dtn_digits.py:no_tid`.

    Raises:
      ConfigError: no such file, or an unknown variant.
    """
    file, _, arg = path.partition(":")
    spec = importlib.util.spec_from_file_location("configuration", file)
    if spec is None or spec.loader is None or not Path(file).is_file():
        raise ConfigError(f"no configuration file {file!r}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.get_config(arg)


def classifier(
    name: str,
    train: Mapping[str, Any],
    test: Mapping[str, Any],
    *,
    steps: int,
    batch_size: int = 128,
    size: int = 32,
    attributes: tuple[str, ...] = (),
    **fields: Any,
) -> ml_collections.ConfigDict:
    """A run of a classifier over one cycle of its learning rate, for `requires`.

    Args:
      name: of the run.
      train: role of its training images.
      test: role of the images that its accuracy is reported on.
      steps: training steps, and the length of the cycle.
      batch_size: over all devices.
      size: of the images, in pixels.
      attributes: names of the label's columns, where labels are attributes; () where they are classes.
      **fields: of the classifier's Model.
    """
    config = default()
    config.name = name
    if attributes:
        fields |= {"objective": "attributes", "num_classes": len(attributes)}
    config.model = model("classifier", schedule_steps=steps, **fields)
    config.data.roles.image = train
    config.data.size = size
    kinds = {"classes": "accuracy", "attributes": "attributes", "features": "regression"}
    config.evals.test = {"kind": kinds[config.model.objective], "every": 0, "roles": {"image": test}}
    if attributes:
        config.evals.test.attributes = attributes
    config.batch_size = batch_size
    config.steps = steps
    config.checkpoint_every = 200
    config.tensorboard = False
    return config


def apply(
    config: ml_collections.ConfigDict, arg: str, variants: Mapping[str, Variant]
) -> ml_collections.ConfigDict:
    """Overrides fields by the variants that `arg` names, separated by commas, and locks the rest.

    Args:
      config: changed in place.
      arg: what follows the colon of `--config=FILE:ARG`.
      variants: for each name, values of dotted fields, or a function of the configuration so far that
        returns them. They apply in this order, however `arg` puts them, so that what a variant is about is
        not undone by one that only makes things small.

    Raises:
      ConfigError: an unknown variant; the message lists those known.
    """
    chosen = set(filter(None, arg.split(",")))
    for name in sorted(chosen - set(variants)):
        raise ConfigError(f"variant {name!r} {nearest(name, variants)}")
    for name in filter(chosen.__contains__, variants):
        variant = variants[name]
        config.update_from_flattened_dict(dict(variant(config) if callable(variant) else variant))
        config.name = f"{config.name}_{name}"
    return config.lock()


def validate(config: ml_collections.ConfigDict) -> None:
    """Checks every field that can be checked without data, those of required runs included.

    Raises:
      ConfigError: naming the field, its value and what is allowed.
    """
    for name, value in _leaves(config):
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"{name}={value} is not allowed; allowed: finite numbers")
    for name, (low, high) in _RANGES.items():
        value = _get(config, name)
        if not low <= value <= high:
            raise ConfigError(f"{name}={value} is not allowed; allowed: {low} to {high}")
    for name, choices in _CHOICES.items():
        value = _get(config, name)
        if value not in choices:
            allowed = ", ".join(map(repr, choices))
            raise ConfigError(f"{name}={value!r} is not allowed; allowed: {allowed}")
    if 0 < config.data.load_size < config.data.size:
        allowed = f"0, or data.size={config.data.size} and more"
        raise ConfigError(f"data.load_size={config.data.load_size} is not allowed; allowed: {allowed}")
    for name, role_spec in config.data.roles.items():
        _check_role(f"data.roles.{name}", role_spec)
    watched = config.best.partition("/")[0]
    if watched and watched not in config.evals:
        raise ConfigError(f"best={config.best!r}: evaluation {watched!r} {nearest(watched, config.evals)}")
    if config.checkpoint_rule == "best" and not config.best:
        raise ConfigError("checkpoint_rule='best' needs a metric in best, such as 'validation/accuracy'")
    built = models.create(config.model)
    for name, spec in config.evals.items():
        _check_evaluation(f"evals.{name}", spec, config.requires, built)
    try:
        # A network that was told so sees images of another size than the data's.
        sizes = {n: r.model.get("input_size", 0) or r.data.size for n, r in config.requires.items()}
        built.check_size(config.data.size, sizes)
    except ValueError as error:
        raise ConfigError(f"data.size={config.data.size}: {error}") from error
    for name, required in config.requires.items():
        try:
            validate(required)
        except ConfigError as error:
            raise ConfigError(f"requires.{name}.{error}") from error


def _check_role(name: str, spec: Mapping[str, Any]) -> None:
    labels = spec["exclude"]
    if not all(type(label) is int and label >= 0 for label in labels):
        raise ConfigError(f"{name}.exclude={labels!r} is not allowed; allowed: labels, 0 or more")


def _check_evaluation(name: str, spec: Mapping[str, Any], requires: Mapping[str, Any], built: Any) -> None:
    for field, low in {"every": 0, "num": 1}.items():
        value = spec.get(field, low)
        if not low <= value <= 10**9:
            raise ConfigError(f"{name}.{field}={value} is not allowed; allowed: {low} to {10**9}")
    try:
        evaluation.check(spec, requires)
        evaluation.method(spec["kind"], built)
    except ConfigError as error:
        raise ConfigError(f"{name}.{error}") from error
    for role_name, role_spec in spec["roles"].items():
        _check_role(f"{name}.roles.{role_name}", role_spec)


def _leaves(config, prefix=""):
    for key, value in config.items():
        if isinstance(value, ml_collections.ConfigDict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _get(config, dotted):
    for key in dotted.split("."):
        config = config[key]
    return config
