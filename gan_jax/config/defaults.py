"""Default fields of a configuration, and of a model in it."""

import dataclasses
from typing import Any

import ml_collections

from gan_jax import models
from gan_jax.errors import ConfigError

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


def default() -> ml_collections.ConfigDict:
    """Fields that every configuration has."""
    config = ml_collections.ConfigDict()
    config.name = ""  # of the run, and of its default folder
    config.model = ml_collections.ConfigDict()  # `name` and the fields of that Model
    config.requires = ml_collections.ConfigDict()  # runs to finish first, by name
    config.weights = ml_collections.ConfigDict()  # networks from files of weights: name -> path
    config.data = ml_collections.ConfigDict()  # data sets, roles of the training batch, where files are
    config.data.sets = ml_collections.ConfigDict()  # by name, see `sets.dataset`
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
