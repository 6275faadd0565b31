"""Runs that draw faces from noise: their data sets and what their configurations share."""

from typing import Any

import ml_collections

from gan_jax.config.recipes import faces, generation, slices
from gan_jax.config.recipes.classifiers import classifier
from gan_jax.config.recipes.digits import shorten
from gan_jax.config.sets import dataset, role

PART = "celeba/img_align_celeba_half_first8000.zip"  # 8 000 faces of 89 x 109 pixels
PART_LEARNED = 7000  # of them are for training
PART_TABLE: dict[str, Any] = {"attributes_file": faces.PART["attributes_file"], "attributes": faces.KEPT}


def files(config: ml_collections.ConfigDict, path: str, first: int, **fields: Any) -> None:
    """Reads faces from a folder or zip. Training leaves out those from number `first` on.

    `fields` are further fields of the data set.
    """
    config.data.sets.images = dataset(files={"train": path}, embedded="emoji", **fields)
    slices.of_set(config, "images", train=f"train[:{first}]", test=f"train[{first}:]")
    if "test" in config.evals:
        config.evals.test.roles.reference.split = f"train[:{min(first, 10_000)}]"


def folder(config: ml_collections.ConfigDict) -> None:
    """Reads the folder of faces celeba/img_align_celeba under GAN_JAX_DATA, without tfds."""
    files(config, "celeba/img_align_celeba", 182_637)


def judge(config: ml_collections.ConfigDict, size: int) -> None:
    """Scores faces of `size` pixels by a classifier of ten attributes, which is trained first."""
    config.requires.judge = classifier(
        "judge_faces",
        role("images[train]"),
        role("images[test]"),
        steps=10_000,
        size=size,
        input_size=32,
        attributes=faces.KEPT,
        flip=0.5,
    )
    config.evals.test = generation.scored(prefix="face")


def judged(config: ml_collections.ConfigDict) -> None:
    """Reads 8 000 faces from GAN_JAX_DATA, and scores images by a judge of ten attributes of these faces."""
    judge(config, config.data.size)
    shorten(config.requires.judge, 1000)
    files(config, PART, PART_LEARNED, **PART_TABLE)
