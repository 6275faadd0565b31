"""Whether what is made of a face keeps its attributes, by a judge that knows the target domain alone."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gan_jax.errors import ConfigError
from gan_jax.evaluation import Batches, Network
from gan_jax.metrics.attributes import check_names, measures, summary


def evaluate(
    apply: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]],
    batches: Batches,
    networks: Mapping[str, Network],
    *,
    attributes: Sequence[str],
    compare: Sequence[str] = (),
) -> dict[str, Any]:
    """Measures of the judge's answers on G(x) against the labels of x: glasses, colour of hair, smile.

    Args:
      apply: batch -> {'target': G(source) [B, H, W, C] in [-1, 1]}.
      batches: `source` images and `source_label` [B, K] in {0, 1}; labels are read here and nowhere else.
      networks: `judge`, a classifier of the target domain's attributes, and `f`.
      attributes: names of the K columns, in order.
      compare: those that are measured; all of them if empty.

    Returns:
      The values of `attributes.summary` for the judge on G(x), where `prevalence` is of the source's label
      and `answered` the share of transfers in which the judge sees the attribute. With each attribute
      `judge`, the judge's own figures on real images of its domain's test set; `f`, likewise, None where f
      does not tell this attribute; and `untransferred`, those of the judge's answers on x itself. Mean
      balanced accuracies are `judge_balanced_accuracy` and `untransferred_balanced_accuracy`; by chance
      they are 0.5.

    Raises:
      ConfigError: an attribute that the labels or the judge do not have.
      DataError: no attribute that some images have and others do not.
    """
    judge = networks["judge"]
    names = list(compare or attributes)
    columns = _columns(names, attributes, "attributes")
    answers = _columns(names, judge.metrics.get("attributes", ()), "the judge's attributes")
    labels, after, before = [], [], []
    for batch in batches:
        labels.append(batch["source_label"])
        after.append(judge.apply("predict", {"image": apply(batch)["target"]}))
        before.append(judge.apply("predict", {"image": batch["source"]}))
    truth = np.concatenate(labels)
    check_names(attributes, truth, "source_label")

    def against_source(logits):
        scores = np.concatenate(logits)
        pairs = zip(names, columns, answers, strict=True)
        return {name: measures(truth[:, column], scores[:, answer]) for name, column, answer in pairs}

    transferred, untransferred = against_source(after), against_source(before)
    of_f = networks["f"].metrics.get("per_attribute", {})
    own = {name: judge.metrics["per_attribute"][name] for name in names}
    values = summary(transferred)
    for name, found in values["per_attribute"].items():
        found |= {"judge": own[name], "f": of_f.get(name), "untransferred": untransferred[name]}
    return {
        **values,
        "examples": len(truth),
        "untransferred_balanced_accuracy": summary(untransferred)["balanced_accuracy"],
        "judge_balanced_accuracy": summary(own)["balanced_accuracy"],
    }


def _columns(names: Sequence[str], known: Sequence[str], where: str) -> list[int]:
    missing = [name for name in names if name not in known]
    if missing:
        raise ConfigError(f"compare={missing[0]!r} is not among {where}: {', '.join(known) or 'none'}")
    return [list(known).index(name) for name in names]
