"""A small FCN on scenes with label maps: the oracle of photographs, or with `game` the one without them.

    python -m gan_jax.main --config=configs/fcn_scenes.py

Scored on photographs that were not trained on, per pixel, per class and by IoU. Embedded scenes, eleven
classes. Variants:

    game     trained on drawn scenes instead, scored on photographs alike
    folders  19 classes at 128 pixels, from folders of images and label maps, see `recipes.scenes.role`
    quick    two steps of everything
"""

from typing import Any

from gan_jax import config as gan_config
from gan_jax.config.recipes import scenes


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    roles = (scenes.role("real", split) for split in ("train", "test"))
    config = scenes.segmenter("fcn_scenes", *roles, classes=11, steps=1500)
    return gan_config.apply(config, arg, VARIANTS)


def game(config):
    """Drawn scenes to learn from, of the same place."""
    folders = bool(config.data.roles.image.files)
    return {"data.roles.image": scenes.role("game", "train", folders=folders)}


def quick(config):
    """Of the embedded scenes only a few."""
    few = {"data.roles.image.split": "validation[:64]", "evals.test.roles.image.split": "validation[-32:]"}
    stored = bool(config.data.roles.image.files)
    sizes = {"model.widths": (4, 4, 8), "model.schedule_steps": 2}
    return {**({} if stored else few), **sizes, **gan_config.QUICK}


VARIANTS: dict[str, Any] = {
    "folders": {
        "data.size": 128,
        "data.flip": True,
        "data.roles.image": scenes.role("real", "train", folders=True),
        "evals.test.roles.image": scenes.role("real", "test", folders=True),
        "model.num_classes": scenes.CLASSES["folders"],
        "model.schedule_steps": 20_000,
        "steps": 20_000,
        "batch_size": 16,
    },
    "game": game,
    "quick": quick,
}
