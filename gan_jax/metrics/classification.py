"""Accuracy of predicted classes, from one confusion matrix over the whole set."""

from typing import Any

import numpy as np


def confusion(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Counts [classes, classes]: row = true label, column = predicted label."""
    counts = np.bincount(labels.astype(np.int64) * classes + predicted, minlength=classes**2)
    return counts.reshape(classes, classes)


def scores(counts: np.ndarray) -> dict[str, Any]:
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
