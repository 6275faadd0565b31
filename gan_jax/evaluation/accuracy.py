"""Accuracy of a classifier on labelled images."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gan_jax.evaluation import Batches, Network
from gan_jax.metrics import classification

METRICS = ("accuracy", "examples")
METHOD = "predict"
FOR = "tells_classes"
NEEDS = ("image_label",)


def evaluate(
    apply: Callable[[dict[str, np.ndarray]], np.ndarray],
    batches: Batches,
    networks: Mapping[str, Network],
) -> dict[str, Any]:
    """The share of `image` [B, H, W, C] whose largest logit is at `image_label` [B].

    Returns:
      The values of `classification.scores`.
    """
    del networks
    pairs = [(batch["image_label"], apply(batch)) for batch in batches]
    labels, logits = (np.concatenate(column) for column in zip(*pairs, strict=True))
    return classification.scores(classification.confusion(labels, logits.argmax(-1), logits.shape[-1]))
