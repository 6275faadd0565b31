"""Variants that papers print figures of, as changes of a configuration, with those figures."""

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


def reverse(config: Any) -> dict[str, Any]:
    """DTN's other direction as a variant: the two domains change places, f stays (Fig. 9 of its paper).

    The judge is a second classifier of f's kind and data, of another seed: f itself trains g.
    """
    required = {name: config.requires[name].to_dict() for name in ("f", "judge")}
    source, target = (config.data.roles[role].to_dict() for role in ("source", "target"))
    test = required["judge"]["evals"]["test"]["roles"]["image"]
    name = "judge_" + required["f"]["name"].removeprefix("f_")
    judge = required["f"] | {"name": name, "seed": required["f"]["seed"] + 1}
    return {
        "data.roles.source": target,
        "data.roles.target": source,
        "evals.validation.roles.source": target | {"labels": True, "split": f"{target['split']}[:1000]"},
        "evals.test.roles.source": test,
        "evals.samples.roles.source": test,
        "requires.judge": judge,
        "model.target_channels": 3,
    }


def variants() -> dict[str, dict[str, Any]]:
    """DTN's ablations as variants, in the order of the paper's Table 1."""
    return {name: change for name, (change, _) in TABLE_1.items()}
