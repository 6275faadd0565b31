"""DiscoGAN between your own two sets of images (Kim et al. 2017).

    python -m gan_jax.main --config=configs/discogan.py --data=source=shoes/,target=bags/ --size=64

One folder with the sub-folders trainA, trainB, testA and testB will do too. The networks and losses are the
official code's for 64 pixels. Without `--data` the images are embedded drawings, plain and over photographs'
grounds.
"""

from gan_jax.config import apply, dataset, default, model, quick
from gan_jax.config.recipes.translation import small, unpaired


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "discogan"
    config.model = model("discogan")
    config.data.sets.source, config.data.sets.target = dataset("scenes_game"), dataset("scenes_real")
    train, test = ("source[train]", "target[train]"), ("source[test]", "target[test]")
    unpaired(config, train, test, every=500, num=16)
    config.data.size = 64
    config.batch_size = 64
    config.steps = 20_000
    config.checkpoint_every = 1000
    return apply(config, arg, small, quick)
