"""pix2pix from label maps, in the colours of their classes, to photographs.

    python -m gan_jax.main --config=configs/pix2pix_scenes.py
    python experiments/label_score.py

The task is a small version of Cityscapes' labels to photographs. The scenes are embedded, at 32 pixels.
"""

from gan_jax.config import apply, default, model, quick
from gan_jax.config.recipes import scenes
from gan_jax.config.recipes.translation import paired

COLOURS = {"derive": "palette"}


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "pix2pix_scenes"
    config.model = model("pix2pix", levels=5, g_width=32, d_width=32, d_layers=2)
    config.data.sets.real = scenes.REAL
    paired(config, "real[train]", "real[test]", every=1000, num=32, source=COLOURS)
    config.batch_size = 4
    config.steps = 8000
    config.checkpoint_every = 500
    return apply(config, arg, folders, l1, cgan, quick)


def folders(config):
    """Reads folders of images and label maps at 256 pixels.

    The networks, the jitter and the batch of one are the paper's. `scenes.folders` describes the folders.
    Training takes 100 epochs of 3 000 pairs.
    """
    config.data.sets.real = scenes.folders("real")
    config.data.size, config.data.load_size, config.data.flip = 256, 286, True
    config.model.levels, config.model.d_layers = 8, 3
    config.model.g_width = config.model.d_width = 64
    config.batch_size = 1
    config.steps = 300_000
    config.checkpoint_every = 2000


def l1(config):
    """Trains without D: the row L1 of the paper's ablation."""
    config.model.gan_weight = 0.0


def cgan(config):
    """Trains without the distance of pixels: the row cGAN of the paper's ablation."""
    config.model.l1 = 0.0
