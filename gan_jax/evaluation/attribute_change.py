"""Whether translations of faces without some attributes have them, as a judge of real faces sees it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from gan_jax.errors import ConfigError, DataError, nearest
from gan_jax.evaluation import Apply, Batches, Network
from gan_jax.evaluation.shared.requirements import (
    require_attributes,
    require_choice,
    require_labels,
    require_roles,
)
from gan_jax.metrics.label_errors import Counts, answers, judge_of, real_error
from gan_jax.metrics.similarity import difference
from gan_jax.ops.directions import OTHER
from gan_jax.ops.labels import HAIR, LabelSets
from gan_jax.ops.pixels import to_uint8

METRICS = (
    *("error", "accuracy", "untouched_error", "untranslated_error", "real_error", "change", "cycle"),
    "examples",
)
FOR = "translates"
NEEDS = ("{given}_label",)
JUDGES = ("{judge}",)
WAYS = ("direction", "directions", "labels")


def evaluate(
    apply: Apply,
    batches: Batches,
    networks: Mapping[str, Network],
    *,
    attributes: Sequence[str],
    wanted: Sequence[str],
    present: bool = True,
    way: str = "direction",
    given: str = "source",
    judge: str = "judge",
) -> dict[str, Any]:
    """Errors of the judge on G(x), for the images x whose wanted attributes are to change.

    It measures models of one attribute and models of all attributes on the same images.

    Args:
      apply: `source` [B, H, W, C] -> {'target': [B, H, W, C] in [-1, 1]}; see `way`.
      batches: `source` and `source_label`, int32 [B, K], or those of `given`. The labels are used only here.
      networks: `judge`, trained on real images with these attributes in this order.
      attributes: names of the K attributes.
      wanted: names of the attributes that translations should have.
      present: False: translations should lack them.
      way: 'direction': G has no way back. 'directions': another generator turns `target` into `source`.
        'labels': G is also given `label`, the wanted labels of x, and the labels of x on the way back.
      given: the role of the images x: 'source', or 'target' for the other direction of two generators.
      judge: name of the judge among `networks`.

    Returns:
      `error`, mean over wanted attributes, and `accuracy`, 1 - error. `untouched_error`, for attributes to
      keep; colours of hair may change with a wanted one. `untranslated_error`, the judge's error if x were
      taken for G(x). `real_error`, of the judge on its test images for the wanted attributes. `change`, mean
      |x - G(x)|, and `cycle`, mean |x - what came back| or None, in grey levels of 255. `examples`, the
      number of images x. `per_target`, name -> {`error`, `untouched_error`, `untranslated_error`,
      `examples`}.

    Raises:
      ConfigError: the judge is unknown or has other attributes.
      DataError: no image would be changed.
    """
    sets = LabelSets((attributes,), (False,))
    network = judge_of(networks, judge, sets.names[0], exclusive=False)
    places = [sets.find(name)[1] for name in wanted]
    counts = {name: Counts() for name in wanted}
    changes, cycles, examples = [], [], 0
    for batch in batches:
        x, own = to_uint8(batch[given]), np.asarray(sets.bits(0, batch[f"{given}_label"]))
        asked = _request(own, sets.names[0], places, present)
        made, again = _both_ways(apply, batch[given], own, asked, way, given)
        before, after = (answers(network.apply("predict", {"image": image}), False) for image in (x, made))
        for name, place in zip(wanted, places, strict=True):
            counts[name].add(own, asked, before, after, place)
        changes.append((difference(x, to_uint8(made)), len(x)))
        cycles += [] if again is None else [(difference(x, to_uint8(again)), len(x))]
        examples += len(x)
    found = {name: count.values(False) for name, count in counts.items()}
    lengths = {"change": _weighted(changes), "cycle": _weighted(cycles), "examples": examples}
    return _summary(found, network, present) | lengths


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, wanted attributes and ways that there are not, and a judge that is missing.

    Raises:
      ConfigError: naming the field, its value and what is allowed.
    """
    require_choice(options, "way", WAYS)
    require_choice(options, "given", OTHER if options["way"] == "directions" else ("source",))
    require_roles(roles, (options["given"],), "its images are translated")
    if not options["wanted"]:
        raise ConfigError("wanted=() is not allowed; allowed: one of attributes or more")
    for name in options["wanted"]:
        if name not in options["attributes"]:
            raise ConfigError(f"wanted={name!r} {nearest(name, options['attributes'])}")
    if options["judge"] not in requires:
        raise ConfigError(f"judge={options['judge']!r} is not required; required: {', '.join(requires)}")


def check_model(model: Any, options: Mapping[str, Any]) -> None:
    """Refuses ways of asking that the model does not have, and labels that it does not take.

    Raises:
      ConfigError: naming the field, its value and what is allowed.
    """
    if (options["way"] == "labels") != model.takes_requests:
        allowed = "'labels'" if model.takes_requests else "'direction', 'directions'"
        raise ConfigError(f"way={options['way']!r} is not allowed for this model; allowed: {allowed}")
    if model.takes_requests:
        require_labels(model, {"labels": (options["attributes"],), "exclusive": (False,)})


def check_judge(options: Mapping[str, Any], test: Mapping[str, Any] | None) -> None:
    """Refuses a judge of other attributes.

    Raises:
      ConfigError: naming the field of the judge, its value and what is allowed.
    """
    require_attributes(test, options["attributes"])


def _request(own, names, places, present):
    """The labels to ask for, [B, K]: the wanted ones changed, and NaN for colours of hair that may change."""
    asked = np.array(own, np.float32)
    if any(names[place] in HAIR for place in places):
        asked[:, [k for k, name in enumerate(names) if name in HAIR]] = 0 if present else np.nan
    asked[:, places] = float(present)
    return asked


def _both_ways(apply, images, own, asked, way, given):
    """The translations of images, and what comes back of them; None without a way back."""
    if way == "labels":
        # A model cannot be asked for a label that may be either, so it keeps those of the image.
        wanted = np.where(np.isnan(asked), own, asked)
        made = apply({"source": images, "label": wanted})["target"]
        return made, apply({"source": made, "label": own})["target"]
    made = apply({given: images})[OTHER[given]]
    return made, apply({OTHER[given]: made})[given] if way == "directions" else None


def _weighted(parts):
    """The mean of pairs (value, weight), or None if there are none."""
    return float(np.average([value for value, _ in parts], weights=[n for _, n in parts])) if parts else None


def _summary(found, network, present):
    if not all(one["examples"] for one in found.values()):
        raise DataError(f"no image would be changed by wanted={tuple(found)}, present={present}")

    def mean(field):
        known = [one[field] for one in found.values() if one[field] is not None]
        return float(np.mean(known)) if known else None

    error = mean("error")
    return {
        "error": error,
        "accuracy": 1 - error,
        "untouched_error": mean("untouched_error"),
        "untranslated_error": mean("untranslated_error"),
        "real_error": float(np.mean([real_error(network.metrics, name, 0) for name in found])),
        "per_target": found,
    }
