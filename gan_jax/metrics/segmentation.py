"""Segmentation scores from one confusion matrix over the whole test set (Long et al. 2015, section 5)."""

from typing import Any

import numpy as np

from gan_jax.metrics import classification

ABSENT = ("skip", "zero")


def confusion(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Counts of pixels, int64 [classes, classes]: row = true class, column = predicted class.

    Args:
      truth: integers of any shape. Values outside 0 to classes - 1, such as 255, are not counted.
      predicted: integers of the same shape, 0 to classes - 1 wherever `truth` is counted.
      classes: number of classes.

    Raises:
      ValueError: the shapes differ, or a counted prediction is not a class.
    """
    if truth.shape != predicted.shape:
        raise ValueError(f"truth has shape {truth.shape}, predictions {predicted.shape}; expected equal ones")
    counted = (truth >= 0) & (truth < classes)
    rows, columns = truth[counted].astype(np.int64), predicted[counted].astype(np.int64)
    if columns.size and not 0 <= columns.min() <= columns.max() < classes:
        raise ValueError(f"predictions are {columns.min()} to {columns.max()}; allowed: 0 to {classes - 1}")
    return classification.confusion(rows, columns, classes)


def scores(counts: np.ndarray, absent: str = "skip") -> dict[str, Any]:
    """The three scores of a confusion matrix M, in [0, 1]. None of them is a mean over images.

    Args:
      counts: M, integers [K, K], row = true class.
      absent: treatment of classes without a true pixel. 'skip' leaves them out of both means. 'zero' counts
        them as 0, as the scripts of pix2pix and CycleGAN do; their `nanmean` never meets a NaN.

    Returns:
      `pixel_accuracy`, sum_i M_ii / sum_ij M_ij; `class_accuracy`, the mean over classes of M_ii / sum_j
      M_ij; `class_iou`, the mean over classes of M_ii / (sum_j M_ij + sum_j M_ji - M_ii); and `per_class` and
      `per_class_iou`, the terms of both means, with None for a class without a true pixel.

    Raises:
      ValueError: no pixel is counted, or `absent` is not one of ABSENT.
    """
    if absent not in ABSENT:
        raise ValueError(f"absent={absent!r} is not allowed; allowed: {', '.join(ABSENT)}")
    if not counts.sum():
        raise ValueError("no pixel has a true class; scores need one")
    right, true, predicted = np.diag(counts), counts.sum(1), counts.sum(0)
    found = true > 0
    accuracy = right / np.where(found, true, 1)
    # An absent class has no right pixel, so its IoU is 0 for any union.
    iou = right / np.where(found, true + predicted - right, 1)
    kept = found if absent == "skip" else np.ones_like(found)
    return {
        "pixel_accuracy": float(right.sum() / counts.sum()),
        "class_accuracy": float(accuracy[kept].mean()),
        "class_iou": float(iou[kept].mean()),
        "per_class": _known(accuracy, found),
        "per_class_iou": _known(iou, found),
    }


def _known(values, found):
    return [float(value) if there else None for value, there in zip(values, found, strict=True)]
