"""House numbers and handwriting: their data sets, their classifiers, and the translation between them."""

from typing import Any

import ml_collections

from gan_jax.config.recipes import slices
from gan_jax.config.recipes.classifiers import classifier
from gan_jax.config.sets import dataset, role

MNIST = dataset("mnist", embedded="digits_plain")
SVHN = dataset("svhn_cropped", embedded="digits_street")
MNIST_FILES = dataset(
    files={"train": "mnist/train-images-idx3-ubyte.gz", "test": "mnist/t10k-images-idx3-ubyte.gz"},
    embedded="digits_plain",
)
# A part of SVHN: 9 083 training images, and 2 000 images of its test set for scores.
SVHN_FILES = dataset(
    files={"train": "svhn/train_32x32_first1083.mat", "test": "svhn/test_32x32_first10000.mat"},
    embedded="digits_street",
)
PART_LEARNED, PART_TESTED = "test[:8000]+train", "test[8000:]"
PART_WIDTHS = (32, 64, 128, 128)  # widths of a small classifier, which two cores train quickly
PART_STEPS = {"mnist": 1000, "svhn": 2130}  # 2130 steps are 30 epochs of the house numbers

# Fields of a classifier of house numbers. Each block has two convolutions with batch norm, which is folded
# into the convolutions after training. The images are changed strongly: some are negated, and some get two
# tones. The classifier therefore reads dark digits on light ground and light digits on dark ground.
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


def mnist_judge() -> ml_collections.ConfigDict:
    """The run of a classifier of MNIST, for `requires`."""
    return classifier("judge_mnist", role("mnist"), role("mnist[test]"), steps=1500)


def shorten(judge: ml_collections.ConfigDict, steps: int, widths: tuple[int, ...] = PART_WIDTHS) -> None:
    """Makes a required classifier small, and its training one short cycle of the learning rate."""
    judge.model.widths = widths
    judge.model.schedule_steps = judge.steps = steps


def both_ways(config: ml_collections.ConfigDict) -> None:
    """SVHN as `source` and MNIST, in three equal channels, as `target`, without labels and without pairs.

    `test` scores translated house numbers by a judge of MNIST. `backward` scores translated handwriting by a
    judge of SVHN, which is the same network as DTN's f. `cycle` scores the translation there and back.
    """
    config.data.sets.svhn, config.data.sets.mnist = SVHN, MNIST
    config.data.roles.source = role("svhn[train]", labels=False)
    config.data.roles.target = role("mnist[train]", labels=False, channels=3)
    both = {"source": role("svhn[test]"), "target": role("mnist[test]", channels=3)}
    config.evals.test = {"kind": "transfer", "every": 0, "roles": {"source": both["source"]}}
    config.evals.backward = {
        "kind": "transfer",
        "every": 0,
        "given": "target",
        "judge": "judge_source",
        "roles": {"target": both["target"]},
    }
    config.evals.cycle = {"kind": "cycle", "every": 0, "roles": both}
    config.evals.samples = {"kind": "sheet", "every": 1000, "num": 32, "roles": both}
    config.requires.judge = mnist_judge()
    svhn = role("svhn[train]"), role("svhn[test]")
    config.requires.judge_source = classifier("f_svhn", *svhn, steps=10_000, **STRONG_F)


def both_ways_part(config: ml_collections.ConfigDict) -> None:
    """Reads a part of SVHN, 9 083 images for training and 2 000 for scores, and all of MNIST from files."""
    config.data.sets.svhn, config.data.sets.mnist = SVHN_FILES, MNIST_FILES
    slices.of_set(config, "svhn", PART_LEARNED, PART_TESTED)
    shorten(config.requires.judge, PART_STEPS["mnist"])
    shorten(config.requires.judge_source, PART_STEPS["svhn"])
