"""Runs of models that grow, on faces: published schedules, data, judge, and shared variants."""

import math
from collections.abc import Sequence
from typing import Any

import ml_collections

from gan_jax.config.recipes import drawn_faces, faces, generation
from gan_jax.config.recipes.digits import shorten
from gan_jax.config.sets import dataset

# Images in an update, by stage from 4 pixels on; later stages have the last one.
ONE_GPU = (128, 128, 128, 64, 32, 16, 8, 4, 4)
EIGHT_GPUS = (512, 256, 128, 64, 32)
PAPER = (16, 16, 16, 16, 16, 16, 14, 6, 3)


def schedule(
    config: ml_collections.ConfigDict, period: int, batches: Sequence[int], total: int, start_size: int = 4
) -> None:
    """Sets the fields of growth from numbers of images.

    An iteration takes as many images as the updates of every stage can share equally.

    Args:
      config: changed in place; its model has a size already.
      period: images of each stable period and of each fade.
      batches: images in an update, by stage from 4 pixels on; later stages have the last one.
      total: images of the whole run.
      start_size: pixels a side at the start.
    """
    stages = int(math.log2(config.model.size)) - 1
    own = [batches[min(stage, len(batches) - 1)] for stage in range(stages)]
    used = own[int(math.log2(start_size)) - 2 :]
    config.batch_size = math.lcm(*used)
    # Stages below the start never train; any number of updates does for them.
    config.model.updates = (*(1 for _ in own[: stages - len(used)]), *(config.batch_size // n for n in used))
    config.model.start_size = start_size
    config.model.stable_steps = config.model.fade_steps = round(period / config.batch_size)
    config.steps = round(total / config.batch_size)


def faces_by(name: str, kind: str, *, size: int, **fields: Any) -> ml_collections.ConfigDict:
    """A run of a model that draws faces of CelebA, mirrored at random, scored by a judge of their attributes.

    Args:
      name: name of the run.
      kind: name of the model.
      size: pixels a side.
      **fields: fields of the Model.
    """
    config = generation.noise_to_image(
        name, "celeb_a", size=size, batch_size=128, steps=1, judge=False, kind=kind, **fields
    )
    config.data.sets.images = dataset("celeb_a", attributes=faces.KEPT, embedded="emoji")
    config.data.flip = True
    drawn_faces.judge(config, size)
    return config


def folder(config: ml_collections.ConfigDict) -> None:
    """Reads CelebA's official folder and table under GAN_JAX_DATA, without tfds."""
    table = {"attributes_file": faces.PHOTOS["attributes_file"], "attributes": faces.KEPT}
    drawn_faces.files(config, faces.PHOTOS["files"]["train"], 182_637, **table)


def part(config: ml_collections.ConfigDict, period: int, last: int, batch_size: int) -> None:
    """8 000 faces at half size from GAN_JAX_DATA, at 32 pixels with narrow networks, for two cores.

    Args:
      config: changed in place.
      period: images of each stable period and of each fade.
      last: images of the last stage after its fade.
      batch_size: images of an update.
    """
    drawn_faces.files(config, drawn_faces.PART, drawn_faces.PART_LEARNED, **drawn_faces.PART_TABLE)
    config.data.size = config.model.size = config.requires.judge.data.size = 32
    shorten(config.requires.judge, 1000)
    config.model.width_base, config.model.width_max, config.model.z_dim = 1024, 64, 64
    growths = int(math.log2(32 / config.model.start_size))
    total = 2 * growths * period + last
    schedule(config, period, (batch_size,), total, config.model.start_size)
    config.evals.samples.every = config.model.stable_steps
    config.checkpoint_every = 500
