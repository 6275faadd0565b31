"""Two kinds of animals, 900 and 100 photographs of each from CINIC-10, at 32 pixels, without pairs."""

from typing import Any

import ml_collections

from gan_jax.config.recipes.translation import unpaired
from gan_jax.config.sets import dataset


def animals(name: str) -> dict[str, Any]:
    """A data set with the splits trainA, trainB, testA and testB: 'horse2deer' or 'cat2dog'."""
    folders = {split: f"cinic10/cinic10_unpaired.zip/{name}/{split}" for split in SPLITS}
    return dataset(files=folders, embedded="emoji")


SPLITS = ("trainA", "trainB", "testA", "testB")


def horses_and_deer(config: ml_collections.ConfigDict, every: int) -> None:
    """Horses as `source` and deer as `target`; a sheet is drawn at every `every` steps."""
    config.data.sets.animals = animals("horse2deer")
    train, test = (("animals[trainA]", "animals[trainB]"), ("animals[testA]", "animals[testB]"))
    unpaired(config, train, test, every=every, num=32)


def cat2dog(config: ml_collections.ConfigDict) -> None:
    """Cats and dogs: a change of shape, of which the paper of CycleGAN reports little success."""
    config.data.sets.animals = animals("cat2dog")
