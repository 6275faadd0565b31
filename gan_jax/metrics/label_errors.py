"""How often a judge of real images does not see the labels that a translation was asked for."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gan_jax.errors import ConfigError


def answers(logits: np.ndarray, exclusive: bool) -> np.ndarray:
    """A judge's answers, bool [B, n]: the class of the largest logit, or attributes with positive logits."""
    if exclusive:
        return np.eye(logits.shape[-1], dtype=bool)[logits.argmax(-1)]
    return logits > 0


def judge_of(networks: Mapping[str, Any], name: str, labels: Sequence[str], exclusive: bool) -> Any:
    """The network `name`: a classifier of these labels in this order, classes or, if not, attributes.

    Raises:
      ConfigError: there is no such network, or it predicts other labels.
    """
    if name not in networks:
        raise ConfigError(f"judge={name!r} is not required; required: {', '.join(networks) or 'nothing'}")
    found = networks[name].metrics
    known = len(found.get("per_class", ())) if exclusive else tuple(found.get("attributes", ()))
    expected = len(labels) if exclusive else tuple(labels)
    if known != expected:
        raise ConfigError(f"judge={name!r} predicts {known}; the labels asked for are {expected}")
    return networks[name]


def real_error(metrics: Mapping[str, Any], name: str, k: int) -> float | None:
    """The error of a judge on its own test images, for label `name` or class `k`; None if it is not known.

    `metrics` are the judge's own, of its evaluation `accuracy` or `attributes`.
    """
    if "per_class" in metrics:
        right = metrics["per_class"][k]
        return None if right is None else 1 - right
    return 1 - metrics["per_attribute"][name]["accuracy"]


class Counts:
    """Counts of a judge's right and wrong answers for one target, batch by batch."""

    def __init__(self):
        """Nothing is counted yet."""
        self.asked, self.wrong, self.wrong_before = 0, 0, 0
        self.kept, self.lost = 0, 0

    def add(
        self, own: np.ndarray, request: np.ndarray, before: np.ndarray, after: np.ndarray, target: int
    ) -> None:
        """Counts the images of a batch whose label `target` is asked to change.

        `own` and `request` are the images' and the requested labels, [B, n] in {0, 1}. A requested NaN is a
        label that may be either. `before` and `after` are the judge's answers for the images and for their
        translations, bool [B, n].
        """
        wanted = request > 0
        change = request[:, target] != own[:, target]
        self.asked += int(change.sum())
        self.wrong += int((after != wanted)[change, target].sum())
        self.wrong_before += int((before != wanted)[change, target].sum())
        untouched = (request == own)[change]
        self.kept += int(untouched.sum())
        self.lost += int((after != wanted)[change][untouched].sum())

    def values(self, exclusive: bool) -> dict[str, Any]:
        """Shares of wrong answers in [0, 1], or None where nothing was asked, and the number of images."""
        share = lambda part, whole: part / whole if whole else None  # noqa: E731
        return {
            "error": share(self.wrong, self.asked),
            "untouched_error": None if exclusive else share(self.lost, self.kept),
            "untranslated_error": share(self.wrong_before, self.asked),
            "examples": self.asked,
        }
