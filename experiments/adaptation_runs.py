"""Translations of labelled images, and students of them, for experiments/domain_adaptation.py."""

import numpy as np
import students
import tables

from gan_jax.metrics import segmentation
from gan_jax.runs import functions, restore

DIRECTIONS = {"s2t": ("source", "target"), "t2s": ("target", "source")}


def translate(config, folder, result, direction, given):
    """Paths of one translator's images of the labelled training and test images, made if missing.

    Args:
      config: the translator's configuration.
      folder: folder of its finished run.
      result: the run's result.
      direction: 's2t' or 't2s'.
      given: part -> images and labels to translate, with the parts `train` and `test`.

    Returns:
      part -> path of an `.npz` with `image` and `label`.
    """
    role, drawn = DIRECTIONS[direction]
    place = tables.place_of_runs() / "translated"
    stem = f"{config.name}_seed{config.seed}_{result['params_sha256'][:12]}_{direction}"
    paths = {part: place / f"{stem}_{part}.npz" for part in ("train", "test")}
    missing = {part: path for part, path in paths.items() if not path.is_file()}
    if missing:
        generate = functions.generator(restore.load(folder))
        for part, path in missing.items():
            pictures, labels = given[part]
            students.store(path, students.translated(generate, role, drawn, pictures), labels)
    return paths


def learn(row, kind, config, name, roles, seed):
    """Trains one student and adds its scores to a row; returns its configuration, result and predictor.

    Args:
      row: a row of the table; its scores and `runs` grow.
      kind: kind of the student, see `students.student`.
      config: the translator's configuration.
      name: name of the student's run.
      roles: roles of the training and of the test images.
      seed: seed of the run.
    """
    made = students.student(kind, config, *roles, name=name, seed=seed, steps=tables.STEPS.value)
    folder, result = tables.run(made)
    for measure, value in students.measured(kind, result["metrics"]).items():
        row.setdefault(measure, []).append(value)
    row["runs"].append({k: result[k] for k in ("seed", "seconds", "params_sha256", "commit")})
    return made, result, functions.predictor(restore.load(folder))


def labels_kept(kind, seen, labels, classes=0):
    """A student's scores on translated test images against the labels of their sources, in per cent.

    Args:
      kind: kind of the student.
      seen: the classes that it sees, [N] or [N, H, W].
      labels: the labels of the sources, of the same shape.
      classes: number of classes of label maps.
    """
    if kind == "classifier":
        return {"accuracy": round(100 * float(np.mean(seen == labels)), 2)}
    return students.measured(kind, segmentation.scores(segmentation.confusion(labels, seen, classes)))
