"""CycleGAN between paintings of Monet and photographs of landscapes at the paper's size, 256 pixels.

    python -m gan_jax.main --config=configs/cyclegan_monet.py

The networks, losses and schedule are the paper's: 200 epochs of 6 287 images, the size of the larger set,
with a batch of one. The identity term, which keeps colours, has the paper's weight for paintings. Images are
enlarged to 286 pixels, cropped at random and mirrored. The data come through tensorflow-datasets. The
configuration is made for an accelerator.
"""

from gan_jax.config import apply, dataset, default, model, quick
from gan_jax.config.recipes.translation import for_two_cores, unpaired


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "cyclegan_monet"
    config.model = model("cyclegan", identity=0.5, decay_start=628_700, decay_end=1_257_400)
    config.data.sets.landscapes = dataset("cycle_gan/monet2photo", embedded="emoji")
    train, test = (("landscapes[trainA]", "landscapes[trainB]"), ("landscapes[testA]", "landscapes[testB]"))
    unpaired(config, train, test, every=2000, num=8)
    config.data.size, config.data.load_size, config.data.flip = 256, 286, True
    config.batch_size = 1
    config.steps = 1_257_400
    config.checkpoint_every = 2000
    return apply(config, arg, part, no_identity, quick)


def part(config):
    """128 pixels, the paper's blocks for them, and networks half as wide, for two cores.

    Reads the folders `monet_jpg` and `photo_jpg` in `monet/monet_photo_128.zip`. They have no test images, so
    the last tenth of each is held out.
    """
    files = {"trainA": "monet/monet_photo_128.zip/monet_jpg", "trainB": "monet/monet_photo_128.zip/photo_jpg"}
    config.data.sets.landscapes = dataset(files=files, channels=3, embedded="emoji")
    for name, split in (("source", "trainA"), ("target", "trainB")):
        config.data.roles[name].split = f"{split}[:90%]"
        for evaluation in config.evals.values():
            evaluation.roles[name].split = f"{split}[90%:]"
    for_two_cores(config, 10_000)


def no_identity(config):
    """Trains without the identity term: the paper's Fig. 9, in which colours change."""
    config.model.identity = 0.0
