"""pix2pix from labels of facades to photographs at the paper's size, 256 pixels.

    python -m gan_jax.main --config=configs/pix2pix_facades.py

The networks, losses and jitter are the paper's. Training takes 200 epochs of 400 pairs with a batch of one,
as in the paper. The files are the official ones: `facades/train`, `val` and `test` below the folder of files.
Each picture has the photograph on the left and the labels on the right. The configuration is made for an
accelerator.
"""

from gan_jax.config import apply, dataset, default, model, quick
from gan_jax.config.recipes import slices
from gan_jax.config.recipes.translation import paired

LABELS, PHOTOS = {"side": "right"}, {"side": "left"}


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "pix2pix_facades"
    config.model = model("pix2pix")
    files = {split: f"facades/{split}" for split in ("train", "val", "test")}
    config.data.sets.facades = dataset(files=files, channels=3, embedded="emoji")
    paired(config, "facades[train]", "facades[test]", every=2000, num=8, source=LABELS, target=PHOTOS)
    for role in config.evals.samples.roles.values():
        role.split = "val"
    config.data.size, config.data.load_size, config.data.flip = 256, 286, True
    config.batch_size = 1
    config.steps = 80_000
    config.checkpoint_every = 2000
    return apply(config, arg, photo2labels, quick)


def photo2labels(config):
    """The other direction: from photographs to labels."""
    for name, side in (("source", "left"), ("target", "right")):
        for role in slices.named(config, name):
            role.side = side
