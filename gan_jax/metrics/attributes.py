"""How well scores predict binary attributes: measures of each attribute, and means over all."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gan_jax.errors import ConfigError, DataError


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
