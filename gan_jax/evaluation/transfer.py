"""Accuracy of images transferred from a labelled source domain, by a judge of the target domain."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gan_jax.evaluation import Batches, Network
from gan_jax.evaluation.accuracy import confusion, from_confusion


def evaluate(
    apply: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]],
    batches: Batches,
    networks: Mapping[str, Network],
) -> dict[str, Any]:
    """The share of source images x whose label is what the judge sees in G(x) (Taigman et al., Table 1).

    Args:
      apply: batch -> {'target': G(source) [B, H, W, C] in [-1, 1]}.
      batches: `source` images and `source_label`; labels are read here and nowhere else.
      networks: `judge`, a classifier of the target domain, and, for DTN, `f`.

    Returns:
      `accuracy`, `examples`, `per_class` and `confusion` of the judge on G(x); beside them
      `judge_accuracy` and, with an f, `f_accuracy` (each on real images of its own domain's test set),
      `untransferred_accuracy` (the judge on x itself) and `chance` (always the commonest label).
    """
    judge = networks["judge"]
    labels, after, before = [], [], []
    for batch in batches:
        labels.append(batch["source_label"])
        logits = judge.predict(apply(batch)["target"])
        after.append(logits.argmax(-1))
        before.append(judge.predict(batch["source"]).argmax(-1))
    truth = np.concatenate(labels)
    values = from_confusion(confusion(truth, np.concatenate(after), logits.shape[-1]))
    own = {"f_accuracy": networks["f"].accuracy} if "f" in networks else {}
    return {
        **values,
        "untransferred_accuracy": float(np.mean(np.concatenate(before) == truth)),
        "judge_accuracy": judge.accuracy,
        **own,
        "chance": float(np.bincount(truth).max() / len(truth)),
    }
