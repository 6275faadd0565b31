"""Accuracy of a classifier on labelled images."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gan_jax.evaluation import Batches, Network


def evaluate(
    apply: Callable[[dict[str, np.ndarray]], np.ndarray],
    batches: Batches,
    networks: Mapping[str, Network],
) -> dict[str, Any]:
    """The share of `image` [B, H, W, C] whose largest logit is at `image_label` [B].

    Returns:
      The values of `from_confusion`.
    """
    del networks
    pairs = [(batch["image_label"], apply(batch)) for batch in batches]
    labels, logits = (np.concatenate(column) for column in zip(*pairs, strict=True))
    return from_confusion(confusion(labels, logits.argmax(-1), logits.shape[-1]))


def confusion(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Counts [classes, classes]: row = true label, column = predicted label."""
    counts = np.bincount(labels.astype(np.int64) * classes + predicted, minlength=classes**2)
    return counts.reshape(classes, classes)


def from_confusion(counts: np.ndarray) -> dict[str, Any]:
    """`accuracy` in [0, 1], `examples`, `per_class` (None for an absent class) and `confusion`."""
    totals = counts.sum(1)
    return {
        "accuracy": float(np.trace(counts) / counts.sum()),
        "examples": int(counts.sum()),
        "per_class": [
            float(right / total) if total else None
            for right, total in zip(np.diag(counts), totals, strict=True)
        ],
        "confusion": counts.tolist(),
    }
