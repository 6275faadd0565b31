"""Whether translated faces keep their attributes, judged by a classifier of the target domain only."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from gan_jax.errors import ConfigError
from gan_jax.evaluation import Batches, Network
from gan_jax.evaluation.shared.requirements import require_attributes, require_roles
from gan_jax.metrics.attributes import check_names, measures, summary

METRICS = (
    *("accuracy", "balanced_accuracy", "auc", "average_precision", "chance", "examples"),
    *("untransferred_balanced_accuracy", "judge_balanced_accuracy"),
)
FOR = "translates"
NEEDS = ("source_label",)
JUDGES = ("judge",)


def evaluate(
    apply: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]],
    batches: Batches,
    networks: Mapping[str, Network],
    *,
    attributes: Sequence[str],
    compare: Sequence[str] = (),
) -> dict[str, Any]:
    """Compares the judge's answers on G(x) with the labels of x, such as glasses, hair colour and smile.

    Args:
      apply: batch -> {'target': G(source) [B, H, W, C] in [-1, 1]}.
      batches: `source` images and `source_label` [B, K] in {0, 1}. The labels are used only here.
      networks: `judge`, a classifier of the target domain's attributes, and, for DTN, `f`.
      attributes: names of the K columns, in order.
      compare: names of the attributes to measure; all if empty.

    Returns:
      The values of `attributes.summary` for the judge on G(x). `prevalence` is that of the source's label,
      and `answered` is the share of transfers in which the judge sees the attribute. Each attribute also has
      `judge`, the judge's own measures on its domain's real test images; `f`, the same for f, or None if no f
      predicts this attribute; and `untransferred`, the measures of the judge's answers on x itself.
      `judge_balanced_accuracy` and `untransferred_balanced_accuracy` are means over attributes; chance gives
      0.5.

    Raises:
      ConfigError: the labels or the judge do not have an attribute.
      DataError: no attribute is present in some images and absent in others.
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
    of_f = networks["f"].metrics.get("per_attribute", {}) if "f" in networks else {}
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


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, attributes that there are not, and a judge that is missing.

    Raises:
      ConfigError: naming the field, its value and what is allowed.
    """
    require_roles(roles, ("source",), "its images are translated")
    _columns(options["compare"], options["attributes"], "attributes")
    if "judge" not in requires:
        raise ConfigError(f"a judge is not required; required: {', '.join(requires) or 'nothing'}")


def check_judge(options: Mapping[str, Any], test: Mapping[str, Any] | None) -> None:
    """Refuses a judge that does not know an attribute that is measured.

    Raises:
      ConfigError: naming the field of the judge, its value and what is allowed.
    """
    require_attributes(test, options["compare"] or options["attributes"])


def _columns(names: Sequence[str], known: Sequence[str], where: str) -> list[int]:
    missing = [name for name in names if name not in known]
    if missing:
        raise ConfigError(f"compare={missing[0]!r} is not among {where}: {', '.join(known) or 'none'}")
    return [list(known).index(name) for name in names]
