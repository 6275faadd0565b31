"""Accuracy of images transferred from a labelled domain to another, by a judge of the other."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from gan_jax.errors import ConfigError
from gan_jax.evaluation import Batches, Network, require_roles
from gan_jax.metrics import classification
from gan_jax.ops.directions import OTHER


def evaluate(
    apply: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]],
    batches: Batches,
    networks: Mapping[str, Network],
    *,
    given: str = "source",
    judge: str = "judge",
) -> dict[str, Any]:
    """The share of source images x whose label is what the judge sees in G(x) (Taigman et al., Table 1).

    Args:
      apply: batch -> {'target': G(source) [B, H, W, C] in [-1, 1]}, or 'source' of target images.
      batches: `source` images and `source_label`, or those of the target; labels are read here and nowhere
        else.
      networks: the judge, a classifier of the domain that images come to, and, for DTN, `f`.
      given: role of the images that are transferred: source, or target of models that go both ways.
      judge: name of the judge among `networks`.

    Returns:
      `accuracy`, `examples`, `per_class` and `confusion` of the judge on G(x); beside them
      `judge_accuracy` and, with an f, `f_accuracy` (each on real images of its own domain's test set),
      `untransferred_accuracy` (the judge on x itself) and `chance` (always the commonest label).
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
    """Refuses, before any work, a direction without images, and a judge that is not there.

    Raises:
      ConfigError: naming the field, its value and what is allowed.
    """
    given, judge = options["given"], options["judge"]
    if given not in OTHER:
        raise ConfigError(f"given={given!r} is not allowed; allowed: {', '.join(OTHER)}")
    require_roles(roles, (given,), "its images are those that are transferred")
    if judge not in requires:
        raise ConfigError(f"judge={judge!r} is not required; required: {', '.join(requires) or 'nothing'}")
