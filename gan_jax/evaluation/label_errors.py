"""Whether images carry the labels that a generator was asked for, by a judge of real images."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from gan_jax.errors import ConfigError, DataError
from gan_jax.evaluation import Apply, Batches, Network
from gan_jax.evaluation.shared.requirements import require_labels, require_roles
from gan_jax.metrics.label_errors import Counts, answers, judge_of, real_error
from gan_jax.ops.labels import LabelSets
from gan_jax.ops.pixels import to_float

METRICS = (
    *("error", "accuracy", "untouched_error", "untranslated_error", "real_error", "cycle_l1", "own_l1"),
    "examples",
)
FOR = "takes_requests"
NEEDS = ("source_label",)
JUDGES = ("{judge}",)
JUDGE_METRICS = ("accuracy",)


def evaluate(
    apply: Apply,
    batches: Batches,
    networks: Mapping[str, Network],
    *,
    labels: Sequence[Sequence[str]],
    exclusive: Sequence[bool],
    asked: str = "a",
    given: str = "",
    judge: str = "judge",
) -> dict[str, Any]:
    """Errors of the judge on G(x, c), for every image x and every label of a set as the target.

    c is `LabelSets.request`. Only images that c would change count. In Choi et al. 2018, Sec. 5.5, neutral
    faces get all other expressions; the role's `exclude` chooses such images.

    Args:
      apply: `source` [B, H, W, C] and `label` -> {'target': [B, H, W, C] in [-1, 1]}.
      batches: `source` and `source_label`, int32 [B] or [B, K]. The labels are used only here.
      networks: `judge`, trained on real images with the asked set's labels in the same order.
      labels: names of the model's labels, one list for each set.
      exclusive: for each set, whether its labels are classes.
      asked: role of the set of the wanted labels.
      given: role of the set that the images belong to; '' for the asked set.
      judge: name of the judge among `networks`.

    Returns:
      `error`, mean over targets, and `accuracy`, 1 - error. `untouched_error`, for attributes that should not
      change; None for classes. `untranslated_error`, the judge's error if x itself were taken for G(x, c).
      `real_error`, of the judge on its own test images. `cycle_l1`, mean |x - G(G(x, c), c')| on the scale
      [-1, 1]. `own_l1`, mean |x - G(x, c')| likewise. `examples`, the number of images x. `per_target`, name
      -> {`error`, `untouched_error`, `untranslated_error`, `real_error`, `examples`}.

    Raises:
      ConfigError: a set or judge is unknown, the judge has other labels, or attributes are asked of another
        set's images, which have unknown attributes.
      DataError: no target would change any image.
    """
    sets = LabelSets(labels, exclusive)
    to, of = sets.place(asked, "asked"), sets.place(given or asked, "given")
    _require_known(sets, to, of, asked, given)
    network = judge_of(networks, judge, sets.names[to], exclusive[to])
    counts = {name: Counts() for name in sets.names[to]}
    cycle, kept, examples = [], [], 0
    for batch in batches:
        before = answers(network.apply("predict", {"image": batch["source"]}), exclusive[to])
        examples += len(before)
        kept.append(_distance(batch, _again(apply, batch["source"], batch, sets, of)))
        for target, drawn in enumerate(_translations(apply, batch, sets, to, of)):
            start, request, made, again = drawn
            cycle.append(_distance(batch, again))
            after = answers(network.apply("predict", {"image": made}), exclusive[to])
            counts[sets.names[to][target]].add(start, request, before, after, target)
    found = {
        name: count.values(exclusive[to]) | {"real_error": real_error(network.metrics, name, k)}
        for k, (name, count) in enumerate(counts.items())
    }
    lengths = {"cycle_l1": _mean(cycle), "own_l1": _mean(kept), "examples": examples}
    return _summary(found, network) | lengths


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, sets of labels that there are not, and a judge or images that are missing.

    Raises:
      ConfigError: naming the field, its value and what is allowed.
    """
    require_roles(roles, ("source",), "its images are translated")
    sets = LabelSets(options["labels"], options["exclusive"])
    asked, given = options["asked"], options["given"]
    to, of = sets.place(asked, "asked"), sets.place(given or asked, "given")
    _require_known(sets, to, of, asked, given)
    if options["judge"] not in requires:
        known = ", ".join(requires) or "nothing"
        raise ConfigError(f"judge={options['judge']!r} is not required; required: {known}")


def check_model(model: Any, options: Mapping[str, Any]) -> None:
    """Raises ConfigError unless the model takes vectors of these labels."""
    require_labels(model, options)


def _mean(parts):
    return float(np.concatenate(parts).mean())


def _require_known(sets, to, of, asked, given):
    if to != of and not sets.exclusive[to]:
        unknown = f"given={given!r}: its images have unknown attributes of {asked!r}"
        raise ConfigError(f"{unknown}; ask for classes")


def _distance(batch, made):
    """The mean |x - made| of each image x, [B]."""
    return np.abs(to_float(batch["source"]) - made).mean(axis=(1, 2, 3))


def _translations(apply, batch, sets, to, of):
    """For each target: labels before, labels asked for, translated images, and images translated back."""
    source, own = batch["source"], np.asarray(sets.bits(of, batch["source_label"]))
    # Images of another set have none of these classes, so any class asked for is a change.
    start = own if to == of else np.zeros((len(own), len(sets.names[to])), np.float32)
    for target in range(len(sets.names[to])):
        request = sets.request(to, start, target)
        made = apply({"source": source, "label": np.asarray(sets.vector(to, request))})["target"]
        yield start, request, made, _again(apply, made, batch, sets, of)


def _again(apply, images, batch, sets, of):
    """What G makes of images by the own labels of the batch's images."""
    own = np.asarray(sets.vector(of, sets.bits(of, batch["source_label"])))
    return apply({"source": images, "label": own})["target"]


def _summary(found, network):
    def mean(field):
        known = [one[field] for one in found.values() if one[field] is not None]
        return float(np.mean(known)) if known else None

    error = mean("error")
    if error is None:
        raise DataError(f"no image would be changed by {', '.join(found)}")
    return {
        "error": error,
        "accuracy": 1 - error,
        "untouched_error": mean("untouched_error"),
        "untranslated_error": mean("untranslated_error"),
        "real_error": 1 - network.metrics["accuracy"],
        "per_target": found,
    }
