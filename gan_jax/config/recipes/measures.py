"""Measures of generators beside the score of their images: path lengths, separability, droplets, phases."""

from typing import Any

import ml_collections

from gan_jax import models


def measures(config: ml_collections.ConfigDict) -> None:
    """Measures path lengths at the end by untrained features and, where layers take styles, three more.

    These are droplets, phases and, by the judge's answers if there is one, separability. `features` and
    `weights` of an evaluation choose other features, such as VGG's. Variants that change the layers come
    before this one.
    """
    built: Any = models.create(config.model)
    styled = built.has_styles and bool(built.styled_sides)
    for space in ("z", "w") if styled else ("z",):
        config.evals[f"path_{space}"] = _evaluation("path_length", space=space)
        if "judge" in config.requires:
            config.evals[f"separability_{space}"] = _evaluation("separability", space=space)
    for kind in ("droplets", "phase") if styled else ():
        config.evals[kind] = _evaluation(kind)


def _evaluation(kind, **options):
    """An evaluation at the end that reads no images. `quick` reduces the number of examples."""
    examples = {"path_length": 2000, "separability": 5000, "droplets": 256, "phase": 64}[kind]
    return {"kind": kind, "every": 0, "roles": {}, "examples": examples, **options}
