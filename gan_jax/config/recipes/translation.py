"""Image translation from a source to a target, with sheets during training and scores at the end."""

from typing import Any

import ml_collections

from gan_jax import models
from gan_jax.config.recipes.digits import shorten
from gan_jax.config.sets import role

Place = str | tuple[str, str]
Fields = dict[str, Any]
# CycleGAN's networks for images of 32 pixels.
FOR_32_PIXELS: Fields = {"g_width": 32, "blocks": 3, "downs": 1, "d_width": 32, "d_layers": 2}


def unpaired(
    config: ml_collections.ConfigDict,
    train: Place,
    test: Place,
    *,
    every: int,
    num: int,
    source: Fields | None = None,
    target: Fields | None = None,
) -> None:
    """Two domains without pairs. The score compares images with their translation there and back.

    Args:
      config: changed in place.
      train: place of the training images, such as "photos[train]", or a pair of places: the source's and the
        target's.
      test: place or places of the images that are scored and drawn.
      every: steps between sheets.
      num: images on a sheet.
      source: further fields of the source's roles.
      target: further fields of the target's roles.
    """
    _translation(config, "cycle", train, test, every, num, (source, target))


def paired(
    config: ml_collections.ConfigDict,
    train: Place,
    test: Place,
    *,
    every: int,
    num: int,
    source: Fields | None = None,
    target: Fields | None = None,
) -> None:
    """Two domains with pairs. The score is the distance to the target. `unpaired` explains the arguments."""
    config.data.kind = "paired"
    _translation(config, "paired", train, test, every, num, (source, target))
    config.evals.samples.truth = True


def small(config: ml_collections.ConfigDict) -> None:
    """Networks half as wide, a tenth of the steps, batches of at most 8 and a small judge, for two cores.

    The learning rates reach zero with the last step, where they do so at all.
    """
    config.model.g_width = config.model.d_width = 32
    config.steps //= 10
    config.batch_size = min(config.batch_size, 8)
    for field in models.model_class(config.model.name).SCHEDULES:
        config.model[field] //= 10
    for judge in config.requires.values():
        shorten(judge, 300)
        judge.batch_size, judge.model.input_size = 32, 32


def for_two_cores(config: ml_collections.ConfigDict, steps: int) -> None:
    """CycleGAN at 128 pixels with the paper's 6 blocks and networks half as wide.

    Args:
      config: changed in place.
      steps: steps of the run; the learning rates fall in its second half.
    """
    config.data.size, config.data.load_size = 128, 143
    config.model.g_width, config.model.blocks, config.model.d_width = 32, 6, 32
    config.model.decay_start, config.model.decay_end = steps // 2, steps
    config.steps = steps
    config.checkpoint_every = config.evals.samples.every = 1000


def paper_of_discogan(config: ml_collections.ConfigDict) -> None:
    """Sets DiscoGAN's loss as the paper prints it, with equal weights from the first step.

    The adversarial and the reconstruction terms remain. Feature matching and the curriculum are off.
    """
    config.model.gan_weight, config.model.fm_weight, config.model.curriculum = 1.0, 0.0, 0


def part_of_discogan(config: ml_collections.ConfigDict) -> None:
    """Sets half the width, a quarter of the batch and a fifth of the iterations, for two cores."""
    config.model.g_width = config.model.d_width = 32
    config.model.curriculum = 1000
    config.batch_size = 16
    config.steps = 4000


def _translation(config, kind, train, test, every, num, fields):
    def both(place):
        places = (place, place) if isinstance(place, str) else place
        found = zip(("source", "target"), places, fields, strict=True)
        return {name: role(where, labels=False, **(own or {})) for name, where, own in found}

    config.data.roles = both(train)
    config.evals.test = {"kind": kind, "every": 0, "roles": both(test)}
    config.evals.samples = {"kind": "sheet", "every": every, "num": num, "roles": both(test)}
