"""CycleGAN between house numbers and handwritten digits, both ways, at 32 pixels.

    python -m gan_jax.main --config=configs/cyclegan_svhn_mnist.py:part

No label and no pair trains it, so nothing says which digit becomes which: scored is how often a judge of
MNIST sees in a translated house number the digit that it was. Chance, or another permutation of the digits,
is what a cycle alone may lead to. MNIST has three equal channels, but in `yunjey`. Variants:

    part    9 083 house numbers to learn from, 2 000 to score, from files; sized for two cores
    yunjey  networks and losses of yunjey's mnist-svhn-transfer: batch norm, cycle by squares of weight 1, no
            history; both players move once an iteration, where its code moves each twice
    quick   two steps of everything on the embedded digits
"""

from typing import Any

from gan_jax import config as gan_config

SVHN = {
    "train": "svhn/train_32x32_first1083.mat",
    "test": "svhn/test_32x32_first10000.mat",
}
MNIST = {
    "train": "mnist/train-images-idx3-ubyte.gz",
    "test": "mnist/t10k-images-idx3-ubyte.gz",
}


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = gan_config.default()
    config.name = "cyclegan_svhn_mnist"
    config.model = gan_config.model(
        "cyclegan",
        width=32,
        blocks=3,
        downs=1,
        d_width=32,
        d_layers=2,
        decay_start=20_000,
        decay_end=40_000,
    )
    config.batch_size = 4
    config.steps = 40_000
    config.checkpoint_every = 1000

    svhn = {split: gan_config.role("svhn_cropped", split) for split in ("train", "test")}
    mnist = {split: gan_config.role("mnist", split, channels=3) for split in ("train", "test")}
    config.data.roles.source = svhn["train"] | {"labels": False}
    config.data.roles.target = mnist["train"] | {"labels": False}
    both = {"source": svhn["test"], "target": mnist["test"]}
    config.evals.test = {"kind": "transfer", "every": 0, "roles": {"source": svhn["test"]}}
    config.evals.cycle = {"kind": "cycle", "every": 0, "roles": both}
    config.evals.samples = {"kind": "sheet", "every": 1000, "num": 32, "roles": both}
    config.requires.judge = gan_config.classifier(
        "judge_mnist", *(gan_config.role("mnist", split) for split in ("train", "test")), steps=1500
    )
    return gan_config.apply(config, arg, {"part": part(), **VARIANTS})


def part():
    """Files of a part of SVHN, all of MNIST, and a fifth of the steps."""
    svhn: dict[str, Any] = {"name": "", "files": SVHN}
    mnist: dict[str, Any] = {"name": "", "files": MNIST}
    places = {
        "data.roles.source": svhn | {"split": "test[:8000]+train"},
        "data.roles.target": mnist,
        "requires.judge.data.roles.image": mnist,
        "requires.judge.evals.test.roles.image": mnist,
    }
    for name in ("test", "cycle", "samples"):
        places[f"evals.{name}.roles.source"] = svhn | {"split": "test[8000:]"}
    for name in ("cycle", "samples"):
        places[f"evals.{name}.roles.target"] = mnist
    return {
        **{f"{place}.{k}": v for place, fields in places.items() for k, v in fields.items()},
        "steps": 8000,
        "model.decay_start": 4000,
        "model.decay_end": 8000,
        "requires.judge.model.widths": (32, 64, 128, 128),
        "requires.judge.model.schedule_steps": 1000,
        "requires.judge.steps": 1000,
    }


def quick():
    """Embedded digits in the place of every set."""
    street: dict[str, Any] = {"name": "digits_street", "files": {}}
    plain: dict[str, Any] = {"name": "digits_plain", "files": {}}
    places = {
        "data.roles.source": street | {"split": "validation"},
        "data.roles.target": plain | {"split": "validation"},
        "requires.judge.data.roles.image": plain | {"split": "validation"},
        "requires.judge.evals.test.roles.image": plain | {"split": "validation[:32]"},
    }
    for name in ("test", "cycle", "samples"):
        places[f"evals.{name}.roles.source"] = street | {"split": "validation[:32]"}
    for name in ("cycle", "samples"):
        places[f"evals.{name}.roles.target"] = plain | {"split": "validation[:32]"}
    return {
        **{f"{place}.{k}": v for place, fields in places.items() for k, v in fields.items()},
        "model.width": 4,
        "model.blocks": 1,
        "model.d_width": 4,
        "evals.samples.every": 2,
        "evals.samples.num": 16,
        "requires.judge.model.widths": (4, 4, 4, 8),
        "requires.judge.steps": 2,
        "requires.judge.batch_size": 8,
        **gan_config.QUICK,
    }


VARIANTS: dict[str, Any] = {
    "yunjey": {
        "model.generator": "mnist_svhn",
        "model.width": 64,
        "model.d_width": 64,
        "model.target_channels": 1,
        "model.cycle_distance": "mse",
        "model.cycle_forward": 1.0,
        "model.cycle_backward": 1.0,
        "model.disc_weight": 1.0,
        "model.pool": 0,
        "model.decay_start": 0,
        "model.decay_end": 0,
        "data.roles.target.channels": 1,
        "evals.cycle.roles.target.channels": 1,
        "evals.samples.roles.target.channels": 1,
        "batch_size": 64,
    },
    "quick": quick(),
}
