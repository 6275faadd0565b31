"""pix2pix on your own pairs of images (Isola et al. 2017, "Image-to-Image Translation").

    python -m gan_jax.main --config=configs/pix2pix.py --data=pairs/ --size=256

Each image shows the source on the left and the target on the right. Two folders with equal names are pairs
too: `--data=source=labels/,target=photos/`. The networks, losses and jitter are the paper's. Without `--data`
the pairs are embedded drawings and their grounds.
"""

from gan_jax.config import apply, dataset, default, model, quick
from gan_jax.config.recipes import slices
from gan_jax.config.recipes.translation import paired, small

LEFT, RIGHT = {"side": "left"}, {"side": "right"}


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "pix2pix"
    config.model = model("pix2pix", levels=7)
    config.data.sets.source, config.data.sets.target = dataset("scenes_game"), dataset("scenes_real")
    train, test = ("source[train]", "target[train]"), ("source[test]", "target[test]")
    paired(config, train, test, every=500, num=8, source=LEFT, target=RIGHT)
    config.data.size, config.data.load_size, config.data.flip = 128, 143, True
    config.batch_size = 1
    config.steps = 40_000
    config.checkpoint_every = 1000
    return apply(config, arg, backwards, small, quick)


def backwards(config):
    """The right half is the source, and the left half is the target."""
    for name, side in (("source", "right"), ("target", "left")):
        for role in slices.named(config, name):
            role.side = side
