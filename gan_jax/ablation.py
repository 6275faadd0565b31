"""Published ablations: rows as changes of a configuration, with the figures that were printed for them."""

from typing import Any

# Taigman et al. 2016, Table 1 (DTN): what each row changes, and the accuracy on SVHN -> MNIST in per cent.
# `baseline` is Sec. 3.
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
