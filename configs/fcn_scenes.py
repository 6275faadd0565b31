"""A small FCN on scenes with label maps: the oracle of photographs, or with `game` the one without them.

    python -m gan_jax.main --config=configs/fcn_scenes.py

Scored on photographs that were not trained on, per pixel, per class and by IoU. Embedded scenes, eleven
classes.
"""

from gan_jax.config import apply, quick, role
from gan_jax.config.recipes import scenes


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = scenes.segmenter("fcn_scenes", role("real[train]"), role("real[test]"), classes=11, steps=1500)
    config.data.sets.game, config.data.sets.real = scenes.GAME, scenes.REAL
    return apply(config, arg, folders, game, quick)


def folders(config):
    """19 classes at 128 pixels, from folders of images and label maps, see `scenes.folders`."""
    config.data.sets.game, config.data.sets.real = scenes.folders("game"), scenes.folders("real")
    config.data.size, config.data.flip = 128, True
    config.model.num_classes = scenes.CLASSES["folders"]
    config.steps = config.model.schedule_steps = 20_000
    config.batch_size = 16


def game(config):
    """Drawn scenes to learn from, scored on photographs alike."""
    config.data.roles.image = role("game[train]")
