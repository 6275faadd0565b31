"""pix2pix from labels of facades to photographs at the paper's size, 256 pixels.

    python -m gan_jax.main --config=configs/pix2pix_facades.py
    python experiments/label_score.py --translator=configs/pix2pix_facades.py --fcn=configs/fcn_facades.py

The networks, losses and jitter are the paper's. Training takes 200 epochs of 400 pairs with a batch of one,
as in the paper. The files are the official ones: `facades/train`, `val` and `test` below the folder of files.
Each picture has the photograph on the left and the labels on the right. The configuration is made for an
accelerator.
"""

from gan_jax.config import apply, default, model, quick
from gan_jax.config.recipes import facades, slices
from gan_jax.config.recipes.translation import paired


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "pix2pix_facades"
    config.model = model("pix2pix")
    config.data.sets.facades = facades.pictures()
    sides = {"source": facades.LABELS, "target": facades.PHOTOS}
    paired(config, "facades[train]", "facades[test]", every=2000, num=8, **sides)
    for role in config.evals.samples.roles.values():
        role.split = "val"
    config.data.size, config.data.load_size, config.data.flip = 256, 286, True
    config.batch_size = 1
    config.steps = 80_000
    config.checkpoint_every = 2000
    return apply(config, arg, part, mid, photo2labels, l1, cgan, encoder, quick)


def part(config):
    """128 pixels and networks half as wide, for one core. Reads the pictures from `facades/facades.zip`."""
    config.data.sets.facades = facades.pictures(facades.ZIP)
    config.data.size, config.data.load_size = 128, 143
    config.model.levels, config.model.g_width, config.model.d_width = 7, 32, 32
    config.steps = 24_000
    config.checkpoint_every = config.evals.samples.every = 1000


def mid(config):
    """128 pixels and the paper's widths, for an accelerator. Reads the pictures as `part` does."""
    part(config)
    config.model.g_width = config.model.d_width = 64
    config.steps = 20_000


def photo2labels(config):
    """The other direction: from photographs to labels."""
    for name, side in (("source", "left"), ("target", "right")):
        for role in slices.named(config, name):
            role.side = side


def l1(config):
    """Trains without D: the row L1 of the paper's table of losses."""
    config.model.gan_weight = 0.0


def cgan(config):
    """Trains without the distance of pixels: the row cGAN of the paper's table of losses."""
    config.model.l1 = 0.0


def encoder(config):
    """G without skips: the row "Encoder-decoder" of the paper's table of generators."""
    config.model.skips = False
