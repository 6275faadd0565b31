"""A small FCN on scenes with label maps. It learns from photographs, or with `game` from drawn scenes.

    python -m gan_jax.main --config=configs/fcn_scenes.py

The run on photographs is the oracle of domain adaptation. The scores are the accuracies per pixel and per
class and the IoU on photographs outside the training set. The scenes are embedded and have eleven classes.
"""

from gan_jax.config import apply, quick, role
from gan_jax.config.recipes import scenes


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = scenes.segmenter("fcn_scenes", role("real[train]"), role("real[test]"), classes=11, steps=1500)
    config.data.sets.game, config.data.sets.real = scenes.GAME, scenes.REAL
    return apply(config, arg, folders, game, quick)


def folders(config):
    """Reads folders of images and label maps of 19 classes at 128 pixels, see `scenes.folders`."""
    config.data.sets.game, config.data.sets.real = scenes.folders("game"), scenes.folders("real")
    config.data.size, config.data.flip = 128, True
    config.model.num_classes = scenes.CLASSES["folders"]
    config.steps = config.model.schedule_steps = 20_000
    config.batch_size = 16


def game(config):
    """Learns from drawn scenes but is scored on photographs: the baseline of domain adaptation."""
    config.data.roles.image = role("game[train]")
