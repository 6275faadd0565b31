"""How well a classifier recognises binary attributes, each attribute by itself."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gan_jax.errors import ConfigError, DataError
from gan_jax.evaluation import Batches, Network


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


def check_names(attributes: Sequence[str], labels: np.ndarray, column: str) -> None:
    """Raises ConfigError unless labels [N, K] have as many columns as there are names."""
    if labels.ndim != 2 or labels.shape[1] != len(attributes):
        found = f"{column} has {[*labels.shape[1:]]} for each image"
        raise ConfigError(f"attributes={tuple(attributes)} are {len(attributes)} names, but {found}")


def measures(labels: np.ndarray, scores: np.ndarray) -> dict[str, Any]:
    """How well scores [N], positive for yes, predict labels [N] in {0, 1}.

    Returns:
      `accuracy`; `balanced_accuracy`, the mean over both labels, 0.5 for a constant answer; `auc` (ROC) and
      `average_precision`, which depend on the order of the scores only; `prevalence` of the label; and
      `answered`, the share of positive scores. Measures that need both labels are None if one label is
      absent.
    """
    from sklearn import metrics

    truth, answers = labels > 0, scores > 0
    values: dict[str, Any] = {
        "accuracy": float(np.mean(answers == truth)),
        "balanced_accuracy": None,
        "auc": None,
        "average_precision": None,
        "prevalence": float(truth.mean()),
        "answered": float(answers.mean()),
    }
    if truth.any() and not truth.all():
        values["balanced_accuracy"] = float(metrics.balanced_accuracy_score(truth, answers))
        values["auc"] = float(metrics.roc_auc_score(truth, scores))
        values["average_precision"] = float(metrics.average_precision_score(truth, scores))
    return values


def summary(per_attribute: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Means over the attributes whose measures are known, and `per_attribute` itself.

    `chance` is the mean accuracy of always giving the more frequent answer.

    Raises:
      DataError: no attribute is present in some images and absent in others, so nothing can be measured.
    """
    means = {}
    for name in ("accuracy", "balanced_accuracy", "auc", "average_precision"):
        known = [value for found in per_attribute.values() if (value := found[name]) is not None]
        if not known:
            raise DataError(f"every image has the same attributes of {', '.join(per_attribute)}")
        means[name] = float(np.mean(known))
    commoner = [max(found["prevalence"], 1 - found["prevalence"]) for found in per_attribute.values()]
    return {
        **means,
        "chance": float(np.mean(commoner)),
        "per_attribute": {name: dict(found) for name, found in per_attribute.items()},
    }
