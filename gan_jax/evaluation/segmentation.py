"""Segmentation scores of a network that predicts a class for every pixel."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from gan_jax.drawing import palette
from gan_jax.drawing.sheets import COLUMNS, labelled
from gan_jax.errors import ConfigError
from gan_jax.evaluation import Batches, Network
from gan_jax.evaluation.shared.requirements import require_roles
from gan_jax.metrics import segmentation

METRICS = ("pixel_accuracy", "class_accuracy", "class_iou", "examples")
METHOD = "predict"
FOR = "segments"
NEEDS = ("image_label",)


def evaluate(
    apply: Callable[[dict[str, np.ndarray]], np.ndarray],
    batches: Batches,
    networks: Mapping[str, Network],
    *,
    absent: str = "skip",
) -> dict[str, Any]:
    """Compares the largest logit of each pixel of `image` [B, H, W, C] with `image_label` [B, H, W].

    Args:
      apply: batch -> logits [B, H, W, K].
      batches: images and label maps; labels outside 0 to K - 1 are not counted.
      networks: not used.
      absent: see `metrics.segmentation.scores`.

    Returns:
      The scores of `metrics.segmentation.scores`, from one matrix for the whole set; `confusion`, that matrix
      in pixels; `examples`, the number of images; and `maps`, uint8 [H, W, 3]: images, true maps and
      predicted maps in the colours of `palette`.
    """
    del networks
    counts: Any = 0
    examples, rows = 0, list[tuple[str, np.ndarray]]()
    for batch in batches:
        logits = apply({"image": batch["image"]})
        predicted = logits.argmax(-1)
        counts += segmentation.confusion(batch["image_label"], predicted, logits.shape[-1])
        if not examples:
            truth = np.where(batch["image_label"] < 0, 255, batch["image_label"])
            drawn = {"image": batch["image"], "true map": palette.paint(truth)}
            drawn["predicted map"] = palette.paint(predicted)
            rows = [(title, pictures[:COLUMNS]) for title, pictures in drawn.items()]
        examples += len(predicted)
    return {
        **segmentation.scores(counts, absent),
        "confusion": counts.tolist(),
        "examples": examples,
        "maps": labelled([rows]),
    }


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, an unknown rule for absent classes, or a missing role `image`.

    Raises:
      ConfigError: naming the field, its value and what is allowed.
    """
    del requires
    if options["absent"] not in segmentation.ABSENT:
        allowed = ", ".join(segmentation.ABSENT)
        raise ConfigError(f"absent={options['absent']!r} is not allowed; allowed: {allowed}")
    require_roles(roles, ("image",), "its label maps are compared")
