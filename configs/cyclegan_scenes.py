"""CycleGAN from drawn scenes to photographed ones. It never sees the label maps that both have.

    python -m gan_jax.main --config=configs/cyclegan_scenes.py
    python experiments/domain_adaptation.py --student=fcn

The task is a small version of GTA to Cityscapes. The scenes are embedded, at 32 pixels. The two domains learn
from different drawings.
"""

from gan_jax.config import apply, default, model, quick
from gan_jax.config.recipes import scenes, slices
from gan_jax.config.recipes.translation import FOR_32_PIXELS, unpaired


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "cyclegan_scenes"
    config.model = model("cyclegan", **FOR_32_PIXELS, decay_start=4000, decay_end=8000)
    config.data.sets.game, config.data.sets.real = scenes.GAME, scenes.REAL
    train, test = (("game[train[:50%]]", "real[train[50%:]]"), ("game[test]", "real[test]"))
    unpaired(config, train, test, every=1000, num=32)
    config.batch_size = 4
    config.steps = 8000
    config.checkpoint_every = 500
    return apply(config, arg, folders, labels, quick)


def folders(config):
    """Reads folders of images and label maps at 128 pixels, with the paper's networks for that size.

    `scenes.folders` describes the folders. Training takes 60 epochs of 3 000 images.
    """
    config.data.sets.game, config.data.sets.real = scenes.folders("game"), scenes.folders("real")
    for role in config.data.roles.values():
        role.split = "train"
    config.data.size, config.data.load_size, config.data.flip = 128, 143, True
    config.model.g_width = config.model.d_width = 64
    config.model.blocks, config.model.downs, config.model.d_layers = 6, 2, 3
    config.model.decay_start, config.model.decay_end = 90_000, 180_000
    config.batch_size = 1
    config.steps = 180_000
    config.checkpoint_every = 2000


def labels(config):
    """Translates the photographs' label maps, in colours, to photographs and back.

    The label maps and the photographs in training do not belong together. Those in the test do.
    """
    for role in slices.named(config, "source"):
        role.update(set="real", derive="palette")
    config.data.roles.source.split, config.data.roles.target.split = "train[:50%]", "train[50%:]"
