"""Accuracy of translations of labelled images, by a judge of the domain that they are translated to."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from gan_jax.errors import ConfigError
from gan_jax.evaluation import Batches, Network
from gan_jax.evaluation.shared.requirements import require_roles
from gan_jax.metrics import classification
from gan_jax.ops.directions import OTHER

METRICS = (*("accuracy", "examples", "untransferred_accuracy", "judge_accuracy", "f_accuracy", "chance"),)
FOR = "translates"
NEEDS = ("{given}_label",)
JUDGES = ("{judge}",)
JUDGE_METRICS = ("accuracy",)


def evaluate(
    apply: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]],
    batches: Batches,
    networks: Mapping[str, Network],
    *,
    given: str = "source",
    judge: str = "judge",
) -> dict[str, Any]:
    """The share of images x for which the judge's class of G(x) is the label of x (Taigman et al., Table 1).

    Args:
      apply: batch -> {'target': G(source) [B, H, W, C] in [-1, 1]}, or 'source' for target images.
      batches: `source` images and `source_label`, or those of the target. The labels are used only here.
      networks: the judge, a classifier of the domain translated to, and, for DTN, `f`.
      given: role of the images to translate: source, or target for models that go both ways.
      judge: name of the judge among `networks`.

    Returns:
      `accuracy`, `examples`, `per_class` and `confusion` of the judge on G(x). `judge_accuracy` and, with an
      f, `f_accuracy`, each on real test images of its own domain. `untransferred_accuracy`, of the judge on x
      itself. `chance`, of always answering the most frequent label.
    """
    network = networks[judge]
    labels, after, before = [], [], []
    for batch in batches:
        labels.append(batch[f"{given}_label"])
        logits = network.apply("predict", {"image": apply(batch)[OTHER[given]]})
        after.append(logits.argmax(-1))
        before.append(network.apply("predict", {"image": batch[given]}).argmax(-1))
    truth = np.concatenate(labels)
    values = classification.scores(classification.confusion(truth, np.concatenate(after), logits.shape[-1]))
    own = {"f_accuracy": networks["f"].metrics.get("accuracy")} if "f" in networks else {}
    return {
        **values,
        "untransferred_accuracy": float(np.mean(np.concatenate(before) == truth)),
        "judge_accuracy": network.metrics["accuracy"],
        **own,
        "chance": float(np.bincount(truth).max() / len(truth)),
    }


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, a direction without images, or a judge that is not required.

    Raises:
      ConfigError: naming the field, its value and what is allowed.
    """
    given, judge = options["given"], options["judge"]
    if given not in OTHER:
        raise ConfigError(f"given={given!r} is not allowed; allowed: {', '.join(OTHER)}")
    require_roles(roles, (given,), "its images are translated")
    if judge not in requires:
        raise ConfigError(f"judge={judge!r} is not required; required: {', '.join(requires) or 'nothing'}")
