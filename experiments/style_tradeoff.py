"""Precision and recall of the runs of `style_generation.py`, with styles truncated by several factors.

Truncation trades recall for precision (Kynkäänniemi et al. 2019, figure 4). One pair of values therefore does
not say which of two models is better. A curve that lies above a point does.
"""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax.drawing import plots
from gan_jax.inference import score
from gan_jax.runs import inputs, required, restore

TRUNCATIONS = 0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.15

_MOST = 10_000  # images of each kind, as many as the evaluation `generation` compares
_ENDS = {"fid": "_frechet", "precision": "_precision", "recall": "_recall"}  # of the names of `--mode=score`
_HEAD = "| run | truncation | Fréchet | precision | recall |\n| --- | ---: | ---: | ---: | ---: |"
_TEXT = """\
## Precision and recall by truncation

Samples are those of `--mode=sample`. Their noise maps are fixed, so that the scores at 1 differ a little from
those above.
"""


def scored(
    folder: Path, run: restore.Run, owner: Any, vgg: str, truncations: Sequence[float]
) -> list[dict[str, float]]:
    """Scores of as many samples of a run as there are test images, at most 10 000, for each truncation.

    Args:
      folder: the run's folder.
      run: the run. If its layers take no styles, its samples are scored once.
      owner: the configuration that has the judge of these images; None for the features of VGG-16.
      vgg: the weights of VGG-16.
      truncations: factors of the distance between styles and their mean.

    Returns:
      `truncation`, `fid`, `precision` and `recall`. `fid` is the Fréchet distance of the features.
    """
    model: Any = run.model
    styled = model.has_styles and bool(model.styled_sides)
    real = inputs.load_role(run.config, run.config.evals.samples.roles.image).columns["image"][:_MOST]
    features, weights = "vgg16", vgg
    if owner is not None:
        features, weights = str(required.place(required.inherit(owner, owner.requires.judge))), ""
    rows = []
    with tempfile.TemporaryDirectory() as place:
        np.savez(f"{place}/real.npz", image=np.asarray(real))
        for truncation in truncations if styled else (1.0,):
            found = score.run(
                input=str(folder),
                reference=f"{place}/real.npz",
                features=features,
                weights=weights,
                num=len(real),
                truncation=truncation,
                cache=place,
            )
            values = {name: _ending(found, end) for name, end in _ENDS.items()}
            rows.append({"truncation": truncation, **values})
    return rows


def _ending(scores: Mapping[str, Any], end: str) -> float:
    (value,) = (value for name, value in scores.items() if name.endswith(end))
    return value


def markdown(found: Mapping[str, Iterable[Mapping[str, float]]]) -> str:
    """A table of all runs, by their names."""
    lines = []
    for name, rows in found.items():
        for row in rows:
            scores = f"{row['fid']:.3g} | {row['precision']:.3f} | {row['recall']:.3f}"
            lines.append(f"| {name} | {row['truncation']:g} | {scores} |")
    return "\n".join([_TEXT, _HEAD, *lines]) + "\n"


def picture(found: Mapping[str, Sequence[Mapping[str, float]]]) -> bytes:
    """A curve for each run with styles, and a point for each other run."""
    curves = {
        name: [(row["recall"], row["precision"], f"{row['truncation']:g}") for row in rows]
        for name, rows in found.items()
    }
    return plots.tradeoffs(curves, across="recall", up="precision")
