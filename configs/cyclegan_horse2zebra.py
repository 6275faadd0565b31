"""CycleGAN between photographs of horses and of zebras at the paper's size, 256 pixels.

    python -m gan_jax.main --config=configs/cyclegan_horse2zebra.py

The networks, losses and schedule are the paper's: 200 epochs of 1 334 images, the size of the larger set,
with a batch of one. Images are enlarged to 286 pixels, cropped at random and mirrored. The data come through
tensorflow-datasets. The configuration is made for an accelerator.
"""

from gan_jax.config import apply, dataset, default, model, quick
from gan_jax.config.recipes.translation import for_two_cores, unpaired


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "cyclegan_horse2zebra"
    # The paper uses the identity term for paintings only. Both official codes use it here too.
    config.model = model("cyclegan", identity=0.5, decay_start=133_400, decay_end=266_800)
    config.data.sets.animals = dataset("cycle_gan/horse2zebra", embedded="emoji")
    train, test = (("animals[trainA]", "animals[trainB]"), ("animals[testA]", "animals[testB]"))
    unpaired(config, train, test, every=2000, num=8)
    config.data.size, config.data.load_size, config.data.flip = 256, 286, True
    config.batch_size = 1
    config.steps = 266_800
    config.checkpoint_every = 2000
    return apply(config, arg, folders, part, quick)


def folders(config):
    """Reads the folders `trainA`, `trainB`, `testA` and `testB` below `horse2zebra`, without tfds."""
    splits = {split: f"horse2zebra/{split}" for split in ("trainA", "trainB", "testA", "testB")}
    config.data.sets.animals = dataset(files=splits, channels=3, embedded="emoji")


def part(config):
    """128 pixels, the paper's blocks for them, and networks half as wide, for two cores.

    Reads the folders of `folders` in `horse2zebra/horse2zebra_128.zip`, without tfds.
    """
    folders(config)
    for split in config.data.sets.animals.files:
        config.data.sets.animals.files[split] = f"horse2zebra/horse2zebra_128.zip/horse2zebra/{split}"
    for_two_cores(config, 10_000)
