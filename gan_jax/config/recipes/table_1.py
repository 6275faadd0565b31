"""The rows of DTN's Table 1 as variants, each with the figure in the paper, and DTN's other direction."""

from typing import Any

import ml_collections

from gan_jax.config.sets import role
from gan_jax.config.variants import Variant, last, reference

# Taigman et al. 2016, Table 1 (DTN): the fields that each row changes, and the row's accuracy on SVHN ->
# MNIST in per cent. `baseline` is described in Sec. 3.
TABLE_1: dict[str, tuple[dict[str, Any], float]] = {
    "dtn": ({}, 90.66),
    "no_tid": ({"model.beta": 0.0}, 88.40),
    "no_const": ({"model.alpha": 0.0}, 74.55),
    "no_f": ({"model.encoder": "trained"}, 36.90),
    "no_adversary": ({"model.adversary": "none"}, 34.70),
    "neither": ({"model.alpha": 0.0, "model.beta": 0.0}, 5.28),
    "original": ({"model.encoder": "identity", "steps": 0}, 40.06),
    "baseline": (
        {"model.encoder": "trained", "model.adversary": "binary", "model.beta": 0.0},
        13.71,
    ),
}


def rows() -> list[Variant]:
    """DTN's ablations as variants, in the order of the paper's Table 1.

    The rows apply last, so that a variant that shrinks the run does not undo what a row changes.
    """
    return [_row(name, change) for name, (change, _) in TABLE_1.items()]


def _row(name: str, change: dict[str, Any]) -> Variant:
    def variant(config: ml_collections.ConfigDict) -> None:
        config.update_from_flattened_dict(change)

    changed = ", ".join(f"{field}={value!r}" for field, value in change.items())
    variant.__name__ = name
    variant.__doc__ = f"A row of DTN's Table 1: {changed or 'DTN itself'}."
    return last(variant if change else reference(variant))


def reverse(config: ml_collections.ConfigDict) -> None:
    """Reverses DTN's direction: the two domains change places, and f stays (Fig. 9 of the paper).

    The judge is a second classifier with f's architecture and data, but another seed, because f trains g.
    """
    source, target = (config.data.roles[name].to_dict() for name in ("source", "target"))
    f, test = config.requires.f, config.requires.judge.evals.test.roles.image.to_dict()
    config.data.roles.source, config.data.roles.target = target, source
    config.evals.validation.roles.source = role(f"{target['set']}[{target['split']}[:1000]]")
    config.evals.test.roles.source = config.evals.samples.roles.source = test
    config.requires.judge = f.to_dict()
    config.requires.judge.name = f"judge_{f.name.removeprefix('f_')}"
    config.requires.judge.seed = f.seed + 1
    config.model.target_channels = 3
