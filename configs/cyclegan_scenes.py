"""CycleGAN from drawn scenes to photographed ones, both with label maps that it never sees.

    python -m gan_jax.main --config=configs/cyclegan_scenes.py
    python experiments/domain_adaptation.py --student=fcn

What GTA to Cityscapes is in large. Embedded scenes at 32 pixels; the two domains learn from drawings that
they do not share.
"""

from gan_jax.config import apply, default, model, quick
from gan_jax.config.recipes import scenes, slices
from gan_jax.config.recipes.translation import unpaired


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = default()
    config.name = "cyclegan_scenes"
    config.model = model(
        "cyclegan",
        g_width=32,
        blocks=3,
        downs=1,
        d_width=32,
        d_layers=2,
        decay_start=4000,
        decay_end=8000,
    )
    config.data.sets.game, config.data.sets.real = scenes.GAME, scenes.REAL
    train, test = (("game[train[:50%]]", "real[train[50%:]]"), ("game[test]", "real[test]"))
    unpaired(config, train, test, every=1000, num=32)
    config.batch_size = 4
    config.steps = 8000
    config.checkpoint_every = 500
    return apply(config, arg, folders, labels, quick)


def folders(config):
    """128 pixels, the paper's networks for them, from folders of images and label maps.

    See `scenes.folders`; 60 epochs of 3 000 images.
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
    """The source is the photographs' label maps in colours: labels to photographs, and back.

    Label maps are those of other photographs than the target's, where these learn; of the same, where tested.
    """
    for role in slices.named(config, "source"):
        role.update(set="real", derive="palette")
    config.data.roles.source.split, config.data.roles.target.split = "train[:50%]", "train[50%:]"
