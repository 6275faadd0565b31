"""What configurations share: data, judges, what is drawn and what is scored."""

from collections.abc import Iterator, Mapping
from typing import Any

import ml_collections

from gan_jax import config as gan_config
from gan_jax.config.recipes.digits import MNIST

INCEPTION = "pt_inception-2015-12-05-6726825d.pth"  # as the field shares it; in the working folder

_TINY = (4, 4, 4, 8)


def noise_to_image(
    name: str,
    dataset: str,
    *,
    size: int,
    batch_size: int,
    steps: int,
    every: int = 1000,
    classes: int = 0,
    judge: bool = True,
    test: str = "test",
    **fields: Any,
) -> ml_collections.ConfigDict:
    """A run of `models/gan.py` that draws a sheet now and then and is scored at its end.

    Scored are 10 000 images against the test set by the features of a judge, a classifier of the same data
    that is trained first. The same number of training images, scored alike, stands beside them.

    Args:
      name: of the run.
      dataset: of tfds, with splits `train` and `test`.
      size: pixels a side.
      batch_size: of one update, over all devices.
      steps: updates of G.
      every: steps between sheets.
      classes: of a conditional model, whose sheets have a row for each; 0 for others.
      judge: whether the data have classes that a judge can tell.
      test: the split that is scored against.
      **fields: of the Model.
    """
    config = gan_config.default()
    config.name = name
    config.model = gan_config.model("gan", size=size, num_classes=classes, **fields)
    config.data.size = size
    config.data.roles.image = gan_config.role(dataset, "train", labels=classes > 0)
    config.batch_size = batch_size
    config.steps = steps
    config.checkpoint_every = 1000
    tested = gan_config.role(dataset, test, labels=False)
    config.evals.samples = {
        "kind": "sheet",
        "every": every,
        "num": 64,
        "classes": classes,
        "roles": {"image": tested},
    }
    if judge:
        config.requires.judge = judge_of(dataset, size, test)
        config.evals.test = scored(dataset, test, prefix=_PREFIXES[dataset])
    return config


_PREFIXES = {"mnist": "digit", "fashion_mnist": "fashion", "cifar10": "cifar"}


def judge_of(dataset: str, size: int, test: str = "test") -> ml_collections.ConfigDict:
    """A classifier of a data set's images of `size` pixels, for `requires`."""
    train = gan_config.role(dataset, "train")
    tested = gan_config.role(dataset, test)
    return gan_config.classifier(f"judge_{dataset}", train, tested, steps=1500, size=size, input_size=32)


def scored(dataset: str, test: str = "test", **options: Any) -> dict[str, Any]:
    """The evaluation at the end of a run; `options` are of evaluation/generation.py."""
    roles = {
        "image": gan_config.role(dataset, test, labels=False),
        "reference": gan_config.role(dataset, "train[:10000]", labels=False),
    }
    return {"kind": "generation", "every": 0, "roles": roles, **options}


def everywhere(config: ml_collections.ConfigDict, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Values of these fields of every role, those of required runs included, for a variant."""
    return {f"{role}.{name}": value for role in _roles(config) for name, value in fields.items()}


def _roles(config: ml_collections.ConfigDict, prefix: str = "") -> Iterator[str]:
    yield from (f"{prefix}data.roles.{role}" for role in config.data.roles)
    for name, evaluation in config.evals.items():
        yield from (f"{prefix}evals.{name}.roles.{role}" for role in evaluation.roles)
    for name, required in config.requires.items():
        yield from _roles(required, f"{prefix}requires.{name}.")


def fashion(config: ml_collections.ConfigDict) -> dict[str, Any]:
    """Fashion-MNIST in place of MNIST, as a variant."""
    return {
        **everywhere(config, {"name": "fashion_mnist"}),
        "requires.judge.name": "judge_fashion_mnist",
        "evals.test.prefix": _PREFIXES["fashion_mnist"],
    }


def cifar10(config: ml_collections.ConfigDict) -> dict[str, Any]:
    """CIFAR-10 at 32 pixels in place of MNIST, as a variant."""
    return {
        **everywhere(config, {"name": "cifar10"}),
        "requires.judge.name": "judge_cifar10",
        "requires.judge.data.size": 32,
        "evals.test.prefix": _PREFIXES["cifar10"],
        "data.size": 32,
        "model.size": 32,
        "model.channels": 3,
    }


def inception(config: ml_collections.ConfigDict) -> dict[str, Any]:
    """Scored by Inception-v3 instead of a judge, or of nothing, as a variant."""
    return {"evals.test": scored(config.data.roles.image.name, features="inception", weights=INCEPTION)}


def part(config: ml_collections.ConfigDict, **fields: Any) -> dict[str, Any]:
    """MNIST's official files under GAN_JAX_DATA and a judge that two cores train soon, as a variant.

    `fields` are dotted ones besides, with `__` for the dot.
    """
    return {
        **everywhere(config, {"name": "", "files": MNIST}),
        "requires.judge.model.widths": (32, 64, 128, 128),
        "requires.judge.model.schedule_steps": 1000,
        "requires.judge.steps": 1000,
        **{name.replace("__", "."): value for name, value in fields.items()},
    }


def narrow(config: ml_collections.ConfigDict) -> dict[str, Any]:
    """`part` with convolutions a quarter as wide as published, as a variant.

    D is that of CGAN, from the code of DCGAN's authors for digits: at 28 pixels DCGAN's has two convolutions,
    nothing above them sees a whole digit, and broken strokes pass.
    """
    return part(
        config,
        model__discriminator="cgan_conv",
        model__g_width=16,
        model__d_width=16,
        batch_size=64,
        steps=10_000,
    )


def quick(config: ml_collections.ConfigDict, name: str = "") -> dict[str, Any]:
    """Two steps of everything on an embedded data set, with networks of a few channels, as a variant.

    `name` is of the data set; '' are the digits of as many channels as the model's images.
    """
    name = name or ("digits_plain" if config.model.channels == 1 else "digits_street")
    fields: dict[str, Any] = {
        **everywhere(config, {"name": name, "files": {}, "split": "validation[:64]"}),
        "model.g_width": 2,
        "model.d_width": 2,
        "model.z_dim": 4,
        "model.d_steps": min(2, config.model.d_steps),
        "evals.samples.every": 2,
        "evals.samples.num": 16,
    }
    if "judge" in config.requires:
        fields |= {
            "evals.test.every": 1,
            "evals.test.roles.image.split": "validation[:32]",
            "evals.test.roles.reference.split": "validation[32:64]",
            "requires.judge.model.widths": _TINY,
            "requires.judge.steps": 2,
            "requires.judge.batch_size": 8,
        }
    return {**fields, **gan_config.QUICK}
