"""House numbers and handwriting: where their files lie, a reader of the first, and both as two domains."""

from typing import Any

import ml_collections

from gan_jax import config as gan_config

MNIST = {
    "train": "mnist/train-images-idx3-ubyte.gz",
    "test": "mnist/t10k-images-idx3-ubyte.gz",
}
SVHN = {
    "train": "svhn/train_32x32_first1083.mat",
    "test": "svhn/test_32x32_first10000.mat",
}

_TINY = (4, 4, 4, 8)

# A reader of house numbers: convolutions doubled and batch-normalised (folded once it is trained), and images
# much changed, negated and put in two tones among them, so that it reads ink on paper and its opposite alike.
STRONG_F: dict[str, Any] = {
    "convs_per_block": 2,
    "batch_norm": True,
    "dropout": 0.3,
    "label_smoothing": 0.05,
    "learning_rate": 3e-3,
    "weight_decay": 5e-3,
    "rotation": 0.2,
    "scale": 0.15,
    "shear": 0.2,
    "shift": 2.4,
    "contrast": 0.4,
    "channel_contrast": 0.3,
    "brightness": 0.3,
    "negate": 0.3,
    "ink": 0.4,
}


def both_ways(config: ml_collections.ConfigDict) -> None:
    """SVHN as `source` and MNIST, in three equal channels, as `target`, without labels and without pairs.

    Scored are `test`, house numbers read by a judge of MNIST once they are translated, and `backward`,
    handwriting read by a judge of SVHN (the same network as DTN's f); `cycle` is the way there and back.
    """
    svhn = {split: gan_config.role("svhn_cropped", split) for split in ("train", "test")}
    mnist = {split: gan_config.role("mnist", split, channels=3) for split in ("train", "test")}
    config.data.roles.source = svhn["train"] | {"labels": False}
    config.data.roles.target = mnist["train"] | {"labels": False}
    both = {"source": svhn["test"], "target": mnist["test"]}
    transfer = {"kind": "transfer", "every": 0}
    config.evals.test = {**transfer, "roles": {"source": svhn["test"]}}
    backward = {**transfer, "given": "target", "judge": "judge_source"}
    config.evals.backward = {**backward, "roles": {"target": mnist["test"]}}
    config.evals.cycle = {"kind": "cycle", "every": 0, "roles": both}
    config.evals.samples = {"kind": "sheet", "every": 1000, "num": 32, "roles": both}
    config.requires.judge = gan_config.classifier(
        "judge_mnist", *(gan_config.role("mnist", split) for split in ("train", "test")), steps=1500
    )
    config.requires.judge_source = gan_config.classifier(
        "f_svhn", svhn["train"], svhn["test"], steps=10_000, **STRONG_F
    )


def both_ways_part(**fields: Any) -> dict[str, Any]:
    """9 083 house numbers to learn from and 2 000 to score, and all of MNIST, from files, as a variant.

    `fields` are dotted ones besides, with `__` for the dot.
    """
    learned, tested = "test[:8000]+train", "test[8000:]"
    source: dict[str, Any] = {"name": "", "files": SVHN}
    target: dict[str, Any] = {"name": "", "files": MNIST}
    steps = {"judge": 1000, "judge_source": 2130}  # 30 passes of the house numbers
    judges = {
        f"requires.{name}.{field}": value
        for name, count in steps.items()
        for field, value in {
            "model.widths": (32, 64, 128, 128),
            "model.schedule_steps": count,
            "steps": count,
        }.items()
    }
    places = _of_both(source | {"split": learned}, source | {"split": tested}, target, target)
    return {**places, **judges, **{name.replace("__", "."): value for name, value in fields.items()}}


def both_ways_quick(**fields: Any) -> dict[str, Any]:
    """Two steps of everything, the embedded digits in the place of both sets, as a variant.

    `fields` are dotted ones besides, with `__` for the dot.
    """
    source: dict[str, Any] = {"name": "digits_street", "files": {}}
    target: dict[str, Any] = {"name": "digits_plain", "files": {}}
    learned, tested = {"split": "validation"}, {"split": "validation[:32]"}
    judges = {
        f"requires.{name}.{field}": value
        for name in ("judge", "judge_source")
        for field, value in {"model.widths": _TINY, "steps": 2, "batch_size": 8}.items()
    }
    return {
        **_of_both(source | learned, source | tested, target | learned, target | tested),
        **judges,
        "requires.judge_source.model.convs_per_block": 1,
        "evals.samples.every": 2,
        "evals.samples.num": 16,
        **{name.replace("__", "."): value for name, value in fields.items()},
        **gan_config.QUICK,
    }


def _of_both(source, source_tested, target, target_tested):
    """Fields of every role of `both_ways`, those that are learned from and those that are scored."""
    places = {
        "data.roles.source": source,
        "data.roles.target": target,
        "requires.judge.data.roles.image": target,
        "requires.judge.evals.test.roles.image": target_tested,
        "requires.judge_source.data.roles.image": source,
        "requires.judge_source.evals.test.roles.image": source_tested,
    }
    for name in ("test", "cycle", "samples"):
        places[f"evals.{name}.roles.source"] = source_tested
    for name in ("backward", "cycle", "samples"):
        places[f"evals.{name}.roles.target"] = target_tested
    return {f"{place}.{field}": value for place, fields in places.items() for field, value in fields.items()}
