"""Pairs of digit sets for domain adaptation: a source with labels and a target without them, at 32 pixels.

MNIST and USPS are grey. SVHN and MNIST-M have colours. No label of the target is used in a training.
"""

from collections.abc import Callable
from typing import Any

import ml_collections

from gan_jax.config.recipes import digits, slices
from gan_jax.config.recipes.classifiers import classifier
from gan_jax.config.sets import dataset, role
from gan_jax.config.variants import Variant, reference

PAIRS = {  # name -> source, target
    "mnist_usps": ("mnist", "usps"),
    "usps_mnist": ("usps", "mnist"),
    "svhn_mnist": ("svhn", "mnist"),
    "mnist_mnist_m": ("mnist", "mnist_m"),
}
TITLES = {"mnist": "MNIST", "usps": "USPS", "svhn": "SVHN", "mnist_m": "MNIST-M"}
COLOURED = ("svhn", "mnist_m")


def _mnist_m(folder: str) -> dict[str, Any]:
    """MNIST-M's official files: two folders, and two lists of the images' classes."""
    parts = {part: f"{folder}/mnist_m_{part}" for part in ("train", "test")}
    lists = {part: f"{place}_labels.txt" for part, place in parts.items()}
    return dataset(files=parts, label_lists=lists, embedded="digits_street")


SETS = {
    "mnist": digits.MNIST,
    "svhn": digits.SVHN,
    "usps": dataset(files=dict.fromkeys(("train", "test"), "usps/usps.npz"), embedded="digits_plain"),
    "mnist_m": _mnist_m("mnist_m"),
}
# What `part` reads: all of MNIST and USPS, parts of SVHN and MNIST-M.
PART_SETS = {
    "mnist": digits.MNIST_FILES,
    "svhn": digits.SVHN_FILES,
    "usps": SETS["usps"],
    "mnist_m": _mnist_m("mnist_m/mnist_m_part.zip/mnist_m"),
}
# Steps of `part`, of batch 128. Students are as long as judges, so that all rows of a table are alike.
JUDGE_STEPS = 600
F_STEPS = {"svhn": digits.PART_STEPS["svhn"], "mnist": 600, "usps": 600}
F_CONVOLUTIONS = {"svhn": 2, "mnist": 1, "usps": 1}  # in each block; handwriting is easier than house numbers


def translated(config: ml_collections.ConfigDict, source: str, target: str) -> None:
    """Roles for a model that takes images of equal channels: three if a domain has colours.

    `test` scores translated images of the source by a judge of the target. `cycle` scores the translation
    there and back. The judge learns the target's labels. It only scores, and chooses nothing.
    """
    coloured = any(name in COLOURED for name in (source, target))
    fields = {"channels": 3} if coloured else {}
    config.model.source_channels = config.model.target_channels = 3 if coloured else 1
    both = _domains(config, source, target, **fields)
    config.evals.cycle = {"kind": "cycle", "every": 0, "roles": both}
    config.evals.samples = {"kind": "sheet", "every": 1000, "num": 32, "roles": both}


def transferred(config: ml_collections.ConfigDict, source: str, target: str) -> None:
    """Roles for DTN, whose f learns the source's labels. Each domain has its own channels.

    The last checkpoint counts, since a judge that chooses one would bring in the target's labels.
    """
    config.model.target_channels = 3 if target in COLOURED else 1
    tested = {"source": _domains(config, source, target)["source"]}
    config.evals.samples = {"kind": "sheet", "every": 500, "num": 64, "roles": tested}
    learned = role(f"{source}[train]"), role(f"{source}[test]")
    config.model.f_convs_per_block = F_CONVOLUTIONS[source]
    strong = {**digits.STRONG_F, "widths": digits.PART_WIDTHS, "convs_per_block": F_CONVOLUTIONS[source]}
    config.requires.f = classifier(f"f_{source}", *learned, steps=10_000, **strong)


def _domains(config: ml_collections.ConfigDict, source: str, target: str, **fields: Any) -> dict[str, Any]:
    """Sets the data sets, the training roles, `test` and the judge; returns the roles of the tests."""
    names = {"source": source, "target": target}
    config.data.sets = {}
    for name in names.values():  # one by one, since sets that are given together would share parts
        config.data.sets[name] = SETS[name]
    config.data.roles = {
        domain: role(f"{name}[train]", labels=False, **fields) for domain, name in names.items()
    }
    tested = {domain: role(f"{name}[test]", **fields) for domain, name in names.items()}
    config.evals.test = {"kind": "transfer", "every": 0, "roles": {"source": tested["source"]}}
    learned = role(f"{target}[train]"), role(f"{target}[test]")
    config.requires.judge = classifier(f"judge_{target}", *learned, steps=1500, widths=digits.PART_WIDTHS)
    return tested


def part(config: ml_collections.ConfigDict) -> None:
    """Reads files, and trains f and the judge for fewer steps.

    All of MNIST and USPS is read. Of SVHN 9 083 images are for training and 2 000 for scores. Of MNIST-M
    1 000 images are for training and 300 for scores.
    """
    for name in config.data.sets:
        config.data.sets[name] = PART_SETS[name]
    slices.of_set(config, "svhn", digits.PART_LEARNED, digits.PART_TESTED)
    config.requires.judge.steps = config.requires.judge.model.schedule_steps = JUDGE_STEPS
    if "f" in config.requires:
        f = config.requires.f
        f.steps = f.model.schedule_steps = F_STEPS[f.name.removeprefix("f_")]


def variants(build: Callable[[ml_collections.ConfigDict, str, str], None]) -> list[Variant]:
    """A variant for each pair, which `build` sets. The first pair is that of the configuration itself."""
    made = [_variant(name, build) for name in PAIRS]
    return [reference(made[0]), *made[1:]]


def _variant(name: str, build: Callable[[ml_collections.ConfigDict, str, str], None]) -> Variant:
    source, target = PAIRS[name]

    def variant(config: ml_collections.ConfigDict) -> None:
        build(config, source, target)

    variant.__name__ = name
    variant.__doc__ = f"{TITLES[source]} as the source and {TITLES[target]} as the target."
    return variant
