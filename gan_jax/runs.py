"""Finished runs put to use: a run's model and state from its folder, and the runs that others require."""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
from ml_collections import ConfigDict

from gan_jax import checkpoint, images, models, parallel
from gan_jax.config import FREE, default
from gan_jax.config import model as model_fields
from gan_jax.errors import ConfigError, WorkdirError
from gan_jax.state import TrainState
from gan_jax.workdir import Workdir

Train = Callable[..., dict[str, Any]]

_BATCH = 256  # images at a time


@dataclasses.dataclass(frozen=True)
class Run:
    """A run's configuration, model, state (host arrays, no device axis) and result, if finished.

    `example` describes one example of its training batch, see `describe`.
    """

    config: ConfigDict
    model: Any
    state: TrainState
    result: dict[str, Any] | None
    example: dict[str, Any] = dataclasses.field(default_factory=dict)


class Classifier:
    """A finished classifier run as a network: what evaluators and `Model.adopt` are handed."""

    def __init__(self, run: Run):
        """Places the run's state on the devices."""
        if run.result is None:
            raise WorkdirError(f"run {run.config.name} is not finished")
        self.metrics = run.result["metrics"]
        self.accuracy = self.metrics.get("accuracy")
        self.sha256 = run.result["params_sha256"]
        self.variables = run.state.players["classifier"].eval_variables
        self._state = parallel.replicate(run.state)
        self._predict = parallel.pmap_apply(
            lambda state, batch, rng: run.model.predict(state, images.to_float(batch))
        )
        self._embed = parallel.pmap_apply(
            lambda state, batch, rng: run.model.embed(state, images.to_float(batch))
        )

    def predict(self, pictures: np.ndarray) -> np.ndarray:
        """Logits [B, classes] of images [B, H, W, C], uint8 or float in [-1, 1]."""
        return self._predict(self._state, {"image": pictures})

    def embed(self, pictures: np.ndarray) -> np.ndarray:
        """Features [B, d], those before the head, of images [B, H, W, C], uint8 or float in [-1, 1]."""
        return self._embed(self._state, {"image": pictures})


def describe(batch: dict[str, np.ndarray]) -> dict[str, Any]:
    """Shapes and dtypes of one example of each batch role, as JSON: enough to rebuild a state."""
    return {name: [list(x.shape[1:]), str(x.dtype)] for name, x in batch.items()}


def example(description: dict[str, Any]) -> dict[str, np.ndarray]:
    """A batch of one, all zeros, of the given description; uint8 images become floats."""
    zeros = {k: np.zeros((1, *shape), dtype) for k, (shape, dtype) in description.items()}
    return {k: x.astype(np.float32) if x.dtype == np.uint8 else x for k, x in zeros.items()}


def abstract_state(model: Any, description: dict[str, Any]) -> TrainState:
    """Shapes and dtypes of the model's state."""
    return jax.eval_shape(model.init, jax.random.key(0), example(description))


def initial_state(
    config: ConfigDict, model: Any, description: dict[str, Any], networks: Mapping[str, Classifier]
) -> TrainState:
    """The state before training, but for what `calibrate` sets from the training set.

    It follows from `config.seed`, the description of a training batch, and the finished required runs.
    """
    state = jax.jit(model.init)(jax.random.key(config.seed), example(description))
    return model.adopt(state, {name: network.variables for name, network in networks.items()})


def load_config(path: Path | str) -> ConfigDict:
    """The configuration of the run that lives in a folder.

    Raises:
      WorkdirError: no run lives there.
    """
    folder = Workdir(path, writes=False)
    if folder.config is None:
        raise WorkdirError(f"{folder.path} holds no run: it has no config.json")
    return ConfigDict(completed(folder.config))


def completed(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A stored configuration with what came later than its version, fields of the data and of the model.

    They have their defaults: that of a new field is what was done before there was one.
    """
    config = {**stored, "data": {**default().data.to_dict(), **stored.get("data", {})}}
    kind = stored.get("model", {}).get("name", "")
    if kind in models.known():
        config["model"] = {**model_fields(kind).to_dict(), **stored["model"]}
    config["requires"] = {name: completed(needed) for name, needed in stored.get("requires", {}).items()}
    return config


def load(path: Path | str) -> Run:
    """Restores the run that lives in a folder, at the checkpoint its configuration chooses.

    Raises:
      WorkdirError: no run lives there.
      CheckpointError: no intact checkpoint.
    """
    workdir = Workdir(path, writes=False)
    config = load_config(path)
    model = models.create(config.model)
    flat, meta = checkpoint.load(workdir.path / "checkpoints", config.checkpoint_rule == "best")
    state = checkpoint.fit(flat, abstract_state(model, meta["example"]))
    return Run(config, model, state, workdir.result, meta["example"])


def generate(run: Run, pictures: Mapping[str, np.ndarray], seed: int = 0) -> dict[str, np.ndarray]:
    """What a run's model makes of images, in parts.

    Args:
      run: from `load`.
      pictures: by role, uint8 or float in [-1, 1], [N, H, W, C].
      seed: of the model's randomness, if it has any.

    Returns:
      The model's images by role, [N, H, W, C] in [-1, 1].
    """
    return generator(run)(pictures, seed)


def generator(run: Run) -> Callable[..., dict[str, np.ndarray]]:
    """`generate` of one run as `call(pictures, seed=0)`, its state placed and its program compiled once."""
    apply = _in_parts(run, lambda state, batch, rng: run.model.generate(state, images.to_float(batch), rng))

    def call(pictures: Mapping[str, np.ndarray], seed: int = 0) -> dict[str, np.ndarray]:
        return apply(pictures, seed)

    return call


def predictor(run: Run) -> Callable[[np.ndarray], np.ndarray]:
    """What a classifier's or segmenter's run sees in images, as a call compiled once.

    Images [N, H, W, C], uint8 or float in [-1, 1], become classes int32 [N], or [N, H, W] for every pixel:
    those of the largest logits.
    """

    def classes(state, batch, rng):
        del rng
        return run.model.predict(state, images.to_float(batch)).argmax(-1).astype(np.int32)

    apply = _in_parts(run, classes)

    def call(pictures: np.ndarray) -> np.ndarray:
        return apply({"image": pictures}, 0)

    return call


def decode(run: Run, z: np.ndarray, label: np.ndarray | None = None) -> np.ndarray:
    """What the generator of a run makes of latent vectors.

    Args:
      run: from `load`.
      z: float32 [N, d].
      label: int32 [N], where the model is conditional.

    Returns:
      Images [N, H, W, C] in [-1, 1], by averaged parameters and running statistics.

    Raises:
      ConfigError: labels of another shape than [N], that are no integers, or that name no class.
    """
    return decoder(run)(z, label)


def decoder(run: Run) -> Callable[..., np.ndarray]:
    """`decode` of one run as `call(z, label=None)`, its state placed and its program compiled once."""
    apply = _in_parts(run, lambda state, batch, rng: run.model.decode(state, **batch))

    def call(z: np.ndarray, label: np.ndarray | None = None) -> np.ndarray:
        if label is None:
            return apply({"z": z})
        label = np.asarray(label)
        _check_labels(label, len(z), run.model.num_classes)
        return apply({"z": z, "label": label.astype(np.int32)})

    return call


def _check_labels(label, count, classes):
    """Refuses what a mapped program would take without a word: one-hot, a class that is none is all zeros."""
    if not classes:
        raise ConfigError("label is for conditional models; this one knows no classes")
    if label.shape != (count,) or label.dtype.kind not in "iu":
        message = f"label is {label.dtype} {list(label.shape)}; allowed: integers [{count}], one for each z"
        raise ConfigError(message)
    wrong = label[(label < 0) | (label >= classes)]
    if len(wrong):
        raise ConfigError(f"label={wrong[0]} is not allowed; allowed: 0 to {classes - 1}")


def _in_parts(run, fn):
    apply, state = parallel.pmap_apply(fn), parallel.replicate(run.state)

    def call(columns, seed=0):
        size = len(next(iter(columns.values())))
        parts = [
            apply(
                state,
                {name: column[i * _BATCH : (i + 1) * _BATCH] for name, column in columns.items()},
                seed,
                i,
            )
            for i in range(-(-size // _BATCH))
        ]
        return jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)

    return call


def key(config: ConfigDict) -> str:
    """A name for what `config` computes: equal where only reporting and paths differ."""
    reporting = set(FREE) - {"steps", "best", "checkpoint_rule"}
    fields = {k: v for k, v in config.to_dict().items() if k not in reporting}
    fields["data"] = {k: v for k, v in fields["data"].items() if f"data.{k}" not in reporting}
    text = json.dumps(fields, sort_keys=True)
    return f"{config.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def ensure(config: ConfigDict, train: Train) -> dict[str, Classifier]:
    """The finished runs that `config.requires` names, by name; trains those that are not in the cache.

    Args:
      config: of the run that requires them; where files are and how to report is passed on.
      train: `train(config, workdir, wait)`, which resumes, or returns at once where finished.
    """
    wanted = {name: inherit(config, required) for name, required in config.requires.items()}
    found = {}
    for name, required in wanted.items():
        path = Path(config.cache_dir) / key(required)
        train(required, path, wait=True)
        found[name] = Classifier(load(path))
    return found


def required(config: ConfigDict, name: str) -> Classifier:
    """One of the runs that `config.requires` names, from the cache, where it must be finished.

    Raises:
      WorkdirError: it is not there; the message says how it is made.
    """
    path = Path(config.cache_dir) / key(inherit(config, config.requires[name]))
    if Workdir(path, writes=False).result is None:
        message = f"{name}, which run {config.name!r} requires, is not finished in {path}; "
        raise WorkdirError(
            message + "--mode=train or --mode=eval of the run, in the same folder, finishes it"
        )
    return Classifier(load(path))


def inherit(config: ConfigDict, required: ConfigDict) -> ConfigDict:
    """A required run's configuration with its parent's place of files and way of reporting."""
    required = required.copy_and_resolve_references()
    with required.unlocked():
        for field in ("platform", "distributed", "log_seconds", "debug_nans", "cache_dir"):
            required[field] = config[field]
        for field in ("data_dir", "manual_dir"):
            required.data[field] = required.data[field] or config.data[field]
    return required
