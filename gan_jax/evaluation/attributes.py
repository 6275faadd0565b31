"""How well a classifier recognises binary attributes, each attribute by itself."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gan_jax.evaluation import Batches, Network
from gan_jax.metrics.attributes import check_names, measures, summary

METRICS = ("accuracy", "balanced_accuracy", "auc", "average_precision", "chance", "examples")
METHOD = "predict"
FOR = "tells_classes"
NEEDS = ("image_label",)


def evaluate(
    apply: Callable[[dict[str, np.ndarray]], np.ndarray],
    batches: Batches,
    networks: Mapping[str, Network],
    *,
    attributes: Sequence[str],
) -> dict[str, Any]:
    """Measures of the logits of `image` [B, H, W, C] against `image_label` [B, K] in {0, 1}.

    Args:
      apply: batch -> logits [B, K].
      batches: images with their labels.
      networks: not used.
      attributes: names of the K columns, in order.

    Returns:
      `attributes` and the values of `summary`.

    Raises:
      ConfigError: the number of names differs from the number of columns.
    """
    del networks
    pairs = [(batch["image_label"], apply(batch)) for batch in batches]
    labels, logits = (np.concatenate(column) for column in zip(*pairs, strict=True))
    check_names(attributes, labels, "image_label")
    return {
        "attributes": list(attributes),
        **summary({name: measures(labels[:, k], logits[:, k]) for k, name in enumerate(attributes)}),
        "examples": len(labels),
    }
