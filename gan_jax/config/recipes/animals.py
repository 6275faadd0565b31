"""Photographs of animals: two unpaired kinds from CINIC-10 at 32 pixels, and cats from AFHQ at 64 pixels.

Each kind of CINIC-10 has 900 photographs for training and 100 for tests.
"""

from typing import Any

import ml_collections

from gan_jax.config.recipes import drawn_faces
from gan_jax.config.recipes.translation import unpaired
from gan_jax.config.sets import dataset

CATS = "afhq/afhq_cat_64.zip"  # 750 faces of cats
CATS_LEARNED = 600  # of them are for training


def animals(name: str) -> dict[str, Any]:
    """The data set `name`, 'horse2deer' or 'cat2dog', with the splits trainA, trainB, testA and testB."""
    folders = {split: f"cinic10/cinic10_unpaired.zip/{name}/{split}" for split in SPLITS}
    return dataset(files=folders, embedded="emoji")


SPLITS = ("trainA", "trainB", "testA", "testB")


def horses_and_deer(config: ml_collections.ConfigDict, every: int) -> None:
    """Sets horses as `source` and deer as `target`. A sheet is drawn at every `every` steps."""
    config.data.sets.animals = animals("horse2deer")
    train, test = (("animals[trainA]", "animals[trainB]"), ("animals[testA]", "animals[testB]"))
    unpaired(config, train, test, every=every, num=32)


def cat2dog(config: ml_collections.ConfigDict) -> None:
    """Replaces horses and deer by cats and dogs, to test a change of shape.

    CycleGAN's paper reports little success with such changes.
    """
    config.data.sets.animals = animals("cat2dog")


def cats(config: ml_collections.ConfigDict) -> None:
    """Replaces people by 750 cats, 600 for training, which the images show mirrored too."""
    drawn_faces.files(config, CATS, CATS_LEARNED)
    config.data.flip = True
