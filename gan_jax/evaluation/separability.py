"""Linear separability of a model's latents by a judge's answers (Karras et al. 2019, Sec. 4.2)."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from gan_jax.errors import ConfigError
from gan_jax.evaluation import Apply, Batches, Network
from gan_jax.evaluation.shared.requirements import (
    require_choice,
    require_count,
    require_styles,
    require_tested,
)
from gan_jax.metrics import separability
from gan_jax.ops.pixels import to_uint8

METRICS = ("separability_{space}", "constant", "judge_accuracy", "examples")
FOR = "draws_from_noise"
JUDGES = ("{judge}",)

_PART = 256  # images at a time


def evaluate(
    apply: Apply,
    batches: Batches,
    networks: Mapping[str, Network],
    *,
    space: str = "w",
    examples: int = 5000,
    judge: str = "judge",
) -> dict[str, Any]:
    """How well planes separate latents, or styles, by the attributes that a judge sees in their images.

    The paper draws 200 000 images and has judges of 40 attributes. For a judge of classes, each class is an
    attribute. The score rises with the number of attributes and falls with the number of images, so that only
    scores of equal numbers and of one judge are comparable.

    Args:
      apply: the model, which draws images of latents.
      batches: not used.
      networks: the judge, a classifier of attributes or of classes.
      space: 'z' for latents, 'w' for styles.
      examples: number of images; half of them are kept for each attribute.
      judge: name of the judge among `networks`.

    Returns:
      `separability_<space>`, 1 if planes separate all attributes; `entropies`, the conditional entropy of
      each attribute in nats, by name; `constant`, the number of attributes that all kept images share;
      `judge_accuracy` on the judge's own test images; `examples`.
    """
    del batches
    network, z, conditions = networks[judge], apply.latents(examples), apply.conditions(examples)
    logits = []
    for start in range(0, examples, _PART):
        columns = {name: c[start : start + _PART] for name, c in {"z": z, **conditions}.items()}
        pictures = to_uint8(apply.method("decode", columns))
        logits.append(network.apply("predict", {"image": pictures}))
    answers = np.concatenate(logits)
    if "confusion" in network.metrics:
        answers, names = _one_against_rest(answers), [str(k) for k in range(answers.shape[1])]
    else:
        names = list(network.metrics["attributes"])
    points = apply.method("styles", {"z": z, **conditions})[:, 0] if space == "w" else z
    found = separability.separability(points, answers)
    return {
        f"separability_{space}": found["score"],
        "entropies": dict(zip(names, found["entropies"], strict=True)),
        "constant": found["constant"],
        "judge_accuracy": network.metrics.get("accuracy"),
        "judge_sha256": network.sha256,
        "examples": examples,
    }


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, options that cannot be evaluated.

    Raises:
      ConfigError: naming the field, its value and what is allowed.
    """
    del roles
    require_choice(options, "space", ("z", "w"))
    require_count(options, "examples", 8)
    if options["judge"] not in requires:
        known = ", ".join(requires) or "nothing"
        raise ConfigError(f"judge={options['judge']!r} is not required; required: {known}")


def check_judge(options: Mapping[str, Any], test: Mapping[str, Any] | None) -> None:
    """Refuses a judge that measures neither its classes nor its attributes.

    Raises:
      ConfigError: naming the field of the judge, its value and what is allowed.
    """
    del options
    require_tested(test, ("accuracy", "attributes"))


def check_model(model: Any, options: Mapping[str, Any]) -> None:
    """Refuses, for space='w', models without styles.

    Raises:
      ConfigError: naming what is missing.
    """
    if options["space"] == "w":
        require_styles(model, "space='w'")


def _one_against_rest(logits):
    """The log odds [n, K] of each class against all others."""
    rest = [np.logaddexp.reduce(np.delete(logits, k, 1), axis=1) for k in range(logits.shape[1])]
    return logits - np.stack(rest, 1)
