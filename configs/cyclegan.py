"""CycleGAN between your own two sets of images (Zhu et al. 2017).

    python -m gan_jax.main --config=configs/cyclegan.py --data=source=summer/,target=winter/ --size=128

One folder with the sub-folders trainA, trainB, testA and testB will do too. The networks and losses are the
paper's for 128 pixels. Without `--data` the images are embedded drawings, plain and over natural grounds.
"""

from gan_jax.config import apply, dataset, default, model, quick
from gan_jax.config.recipes.translation import small, unpaired


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "cyclegan"
    config.model = model("cyclegan", blocks=6, identity=0.5, decay_start=50_000, decay_end=100_000)
    config.data.sets.source, config.data.sets.target = dataset("scenes_game"), dataset("scenes_real")
    train, test = ("source[train]", "target[train]"), ("source[test]", "target[test]")
    unpaired(config, train, test, every=1000, num=8)
    config.data.size, config.data.load_size, config.data.flip = 128, 143, True
    config.batch_size = 1
    config.steps = 100_000
    config.checkpoint_every = 1000
    return apply(config, arg, small, quick)
