"""Images from noise: a run, its judge, what is drawn and scored, and variants that such runs share."""

from typing import Any

import ml_collections

from gan_jax.config.defaults import default, model
from gan_jax.config.recipes.classifiers import classifier
from gan_jax.config.recipes.digits import MNIST_FILES, shorten
from gan_jax.config.sets import dataset, role

INCEPTION = "pt_inception-2015-12-05-6726825d.pth"  # as the field shares it; in the working folder

SETS: dict[str, dict[str, Any]] = {
    "mnist": dataset("mnist", embedded="digits_plain"),
    "fashion_mnist": dataset("fashion_mnist", embedded="digits_plain"),
    "cifar10": dataset("cifar10", embedded="digits_street"),
    "celeb_a": dataset("celeb_a", embedded="emoji"),
}
_PREFIXES = {"mnist": "digit", "fashion_mnist": "fashion", "cifar10": "cifar"}


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
    **fields: Any,
) -> ml_collections.ConfigDict:
    """A run of `models/gan.py` that draws a sheet now and then and is scored at its end.

    Scored are 10 000 images against the test set by the features of a judge, a classifier of the same data
    that is trained first. The same number of training images, scored alike, stands beside them.

    Args:
      name: of the run.
      images: one of SETS, with splits `train` and `test`.
      size: pixels a side.
      batch_size: of one update, over all devices.
      steps: updates of G.
      every: steps between sheets.
      classes: of a conditional model, whose sheets have a row for each; 0 for others.
      judge: whether the data have classes that a judge can tell.
      **fields: of the Model.
    """
    config = default()
    config.name = name
    config.model = model("gan", size=size, num_classes=classes, **fields)
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
    """A classifier of the images of `size` pixels, for `requires`."""
    both = role("images[train]"), role("images[test]")
    return classifier(f"judge_{images}", *both, steps=1500, size=size, input_size=32)


def scored(test: str = "test", **options: Any) -> dict[str, Any]:
    """The evaluation at the end of a run; `options` are of evaluation/generation.py."""
    roles = {
        "image": role(f"images[{test}]", labels=False),
        "reference": role("images[train[:10000]]", labels=False),
    }
    return {"kind": "generation", "every": 0, "roles": roles, **options}


def replace(config: ml_collections.ConfigDict, images: str) -> None:
    """Another data set in place of MNIST, for the judge and the names of the scores too."""
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
    """Scored by Inception-v3 instead of a judge, or of nothing."""
    config.evals.test = scored(features="inception", weights=INCEPTION)


def part(config: ml_collections.ConfigDict) -> None:
    """MNIST's official files under GAN_JAX_DATA and a judge that two cores train soon."""
    config.data.sets.images = MNIST_FILES
    shorten(config.requires.judge, 1000)


def narrow(config: ml_collections.ConfigDict) -> None:
    """`part` with convolutions a quarter as wide as published.

    D is that of CGAN, from the code of DCGAN's authors for digits: at 28 pixels DCGAN's has two convolutions,
    nothing above them sees a whole digit, and broken strokes pass.
    """
    part(config)
    config.model.discriminator = "cgan_conv"
    config.model.g_width = config.model.d_width = 16
    config.batch_size = 64
    config.steps = 10_000
