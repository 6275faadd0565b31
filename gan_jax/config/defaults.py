"""Default fields of a configuration and of its model."""

import dataclasses
from typing import Any

import ml_collections

from gan_jax import models
from gan_jax.errors import ConfigError

# Fields that change how a run is reported, how far it goes or how its steps are computed, but not which steps
# it takes. A stored run may continue with other values of these fields.
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
    "precision",
    "matmul_precision",
    "steps_per_call",
    "accumulate",
    "remat",
    "evals",
    "best",
    "checkpoint_rule",
    "data.data_dir",
    "data.manual_dir",
    "data.store",
    "data.store_above",
)


def default() -> ml_collections.ConfigDict:
    """Fields that every configuration has."""
    config = ml_collections.ConfigDict()
    config.name = ""  # name of the run and of its default folder
    config.model = ml_collections.ConfigDict()  # `name`, and the fields of the Model of that name
    config.init = ""  # run whose parameters training starts with: its folder, or player=folder by commas
    config.requires = ml_collections.ConfigDict()  # runs that must be finished first, by name
    config.weights = ml_collections.ConfigDict()  # networks from files of weights: name -> path
    config.data = ml_collections.ConfigDict()  # data sets, roles of the training batch, folders of files
    config.data.sets = ml_collections.ConfigDict()  # data sets by name, see `sets.dataset`
    config.data.roles = ml_collections.ConfigDict()  # roles of the training batch by name, see `sets.role`
    config.data.kind = "unpaired"  # roles are independent; 'paired': examples of all roles stay together
    config.data.size = 32  # pixels a side of all images, or their height if there is a width
    config.data.width = 0  # width of all images in pixels; 0: they are squares
    config.data.load_size = 0  # pixels a side before a random crop to `size` in training; 0: no crop
    config.data.flip = False  # training images are mirrored with probability 1/2, images of a pair together
    config.data.data_dir = ""  # folder of prepared tfds data sets; '': the default of tfds
    config.data.manual_dir = ""  # folder of files on disk; '': the value of GAN_JAX_DATA
    config.data.store = ""  # folder of decoded images; 'off': images stay in memory; '': the value of
    # GAN_JAX_STORE, or `store` beside `cache_dir`
    config.data.store_above = 2**30  # bytes of decoded images above which a set is stored; 0: every set
    config.evals = ml_collections.ConfigDict()  # evaluations by name
    config.best = ""  # '<eval>/<metric>'; the checkpoint with the maximum is the best one
    config.checkpoint_rule = "last"  # the checkpoint that the final evaluation judges: last, best
    config.batch_size = 128  # examples of a batch over all devices
    config.global_batch = False  # True: several devices take the step of one device with the whole batch
    config.steps = 1000  # iterations of the whole run
    config.seed = 0  # of all random draws
    config.log_every = 50  # steps between log lines
    config.log_seconds = 10.0  # seconds between log lines if no terminal shows them
    config.checkpoint_every = 500  # steps between checkpoints
    config.keep = 3  # number of newest checkpoints to keep
    config.tensorboard = True  # whether records are also written for TensorBoard
    config.precision = "float32"  # of the networks' products in training; parameters are always float32
    config.matmul_precision = ""  # of float32 products on an accelerator; '': the device's own, such as TF32
    config.steps_per_call = 1  # iterations that an accelerator computes in one call
    config.accumulate = 1  # parts of each device's batch; their gradients are averaged before a player moves
    config.remat = False  # networks compute their blocks again in the backward pass, which saves memory
    config.platform = ""  # '', 'cpu', 'gpu', 'tpu'; the run stops if this platform is missing
    config.distributed = False  # whether this process is one of several
    config.cache_dir = "runs/cache"  # folder of finished runs that other runs require
    config.compilation_cache = ""  # folder of compiled programs; '': the user's on accelerators; 'none'
    config.debug_nans = False  # jax stops at the operation that made a NaN; slow
    return config


def model(name: str, **fields: Any) -> ml_collections.ConfigDict:
    """The fields of `models/<name>.py`'s Model. A field that is not given has its default.

    Raises:
      ConfigError: a field that the Model does not have.
    """
    cls = models.model_class(name)
    known = {field.name: field.default for field in dataclasses.fields(cls)}
    unknown = set(fields) - set(known)
    if unknown:
        raise ConfigError(f"model.{sorted(unknown)[0]} is no field of {name}: {', '.join(known)}")
    return ml_collections.ConfigDict({"name": name, **known, **fields})
