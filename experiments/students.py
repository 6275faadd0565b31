"""Shared parts of experiments on translated images with labels: labelled roles and students."""

import io
import logging
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import tables

from gan_jax import config as configuration
from gan_jax.config.recipes import scenes
from gan_jax.errors import ConfigError, DataError
from gan_jax.ops.pixels import to_uint8
from gan_jax.runs import inputs
from gan_jax.runs.workdir import Workdir

MEASURES = {  # for each student: name in the result -> head of the table's column
    "classifier": {"accuracy": "accuracy"},
    "fcn": {"pixel_accuracy": "per-pixel", "class_accuracy": "per-class", "class_iou": "class IoU"},
}
FCN_STEPS = 1500
_PARTITION = 4096  # images translated in one part
_log = logging.getLogger("gan_jax.experiments")


def roles(config):
    """Training and test roles of both domains, with labels: `{'source': (train, test), 'target': ...}`.

    Raises:
      ConfigError: no evaluation has images of both domains.
    """
    both = {"source", "target"}
    tests = [config.evals[name] for name in ("test", "cycle") if name in config.evals]
    tests = [found for found in tests if both <= set(found.roles)]
    if not tests:
        raise ConfigError(f"{config.name}: neither evals.test nor evals.cycle has source and target")
    places = (config.data, tests[0])
    return {role: tuple({**place.roles[role].to_dict(), "labels": True} for place in places) for role in both}


def read(config, role, maps):
    """Images and labels of a role. Labels are maps if `maps` is True, else classes.

    Raises:
      DataError: the role has no such labels.
    """
    columns = inputs.load_role(config, role).columns
    if "label" not in columns or columns["label"].ndim != (3 if maps else 1):
        found = "no label" if "label" not in columns else f"labels of shape {list(columns['label'].shape)}"
        place, kind = describe(role), "maps [N, H, W]" if maps else "classes [N]"
        raise DataError(f"{place}: has {found}; this student needs {kind}")
    return columns["image"], columns["label"]


def describe(role):
    """A role's images in words."""
    derived = f", as {role['derive']}" if role.get("derive") else ""
    return f"{tables.describe('', role)}{derived}"


def student(kind, config, train, test, *, name, seed, steps=0):
    """The configuration of a student that is trained on labelled images and scored on others.

    Args:
      kind: 'classifier', with the network of the judge that the translator's configuration requires; or
        'fcn'.
      config: the translator's configuration, for sizes and places.
      train: role of the training images.
      test: role of the images that are scored.
      name: name of the run.
      seed: seed of the run.
      steps: training steps; 0 for the judge's own, or `FCN_STEPS`.

    Raises:
      ConfigError: naming what is wrong.
    """
    if kind == "fcn":
        made = _fcn(config, train, test, steps)
    elif "judge" not in config.requires:
        raise ConfigError(f"{config.name} requires no judge, and a classifier takes its network")
    else:
        made = config.requires.judge.copy_and_resolve_references()
        with made.unlocked():
            made.data.roles.image = train
            made.evals.test.roles.image = test
            made.steps = steps or made.steps
            made.model.schedule_steps = made.steps
    with made.unlocked():
        made.name, made.seed, made.tensorboard = name, seed, False
        made.cache_dir = config.cache_dir
        made.data.size, made.data.flip = config.data.size, config.data.flip
        made.data.data_dir, made.data.manual_dir = config.data.data_dir, config.data.manual_dir
    configuration.validate(made)
    return made


def _fcn(config, train, test, steps):
    classes = test.get("label_classes", 0)
    if not classes:
        raise ConfigError(f"{describe(test)}: label_classes is missing; the student needs their number")
    sizes: Any = {"batch_size": 8, "widths": (4, 4, 8)} if tables.QUICK.value else {}
    steps = steps or (2 if tables.QUICK.value else FCN_STEPS)
    return scenes.segmenter("fcn", train, test, classes=classes, steps=steps, **sizes)


def translated(generate, given, drawn, pictures):
    """A translator's translations of images, in parts: uint8 [N, H, W, C].

    `generate` is `functions.generator` of the translator's run.
    """
    parts = []
    for first in range(0, len(pictures), _PARTITION):
        part = pictures[first : first + _PARTITION]
        parts.append(to_uint8(generate({given: part}, first // _PARTITION)[drawn]))
        _log.info("%s to %s: %d of %d images translated", given, drawn, first + len(part), len(pictures))
    return np.concatenate(parts)


def store(path, pictures, labels):
    """Writes images with their labels as `.npz`, completely or not at all."""
    buffer = io.BytesIO()
    np.savez(buffer, image=pictures, label=labels.astype(np.uint8) if labels.ndim == 3 else labels)
    Workdir(Path(path).parent).write(Path(path).name, buffer.getvalue())


def stored_role(path, like, channels=0):
    """A role for images that `store` wrote, labelled like another role's.

    Grey images get three equal channels with `channels=3`; 0 leaves them as they are.
    """
    return {
        **({"channels": channels} if channels else {}),
        "name": "",
        "files": {"train": str(Path(path).absolute())},
        "split": "train",
        "exclude": (),
        "labels": True,
        "label_classes": like.get("label_classes", 0),
    }


def measured(kind, metrics):
    """The scores of one student in per cent, by name."""
    return {name: round(100 * metrics[name], 2) for name in MEASURES[kind]}


def cell(values):
    """The mean of a score over seeds, with the lowest and the highest if there are several."""
    spread = f" ({min(values):.2f} to {max(values):.2f})" if len(values) > 1 else ""
    return f"{statistics.mean(values):.2f}{spread}"
