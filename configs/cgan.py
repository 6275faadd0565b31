"""Conditional GAN on your own images with classes (Mirza, Osindero 2014).

    python -m gan_jax.main --config=configs/cgan.py --data=flowers/ --size=64

Both networks are given the class. The networks are DCGAN's, for 16, 28, 32, 64 and 128 pixels. The folder
has a sub-folder for each class. A judge, a classifier of the same classes, is trained first and scores the
images. Without `--data` the images are embedded house numbers.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import small


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = generation.noise_to_image(
        "cgan",
        "digits_street",
        size=32,
        batch_size=100,
        steps=20_000,
        every=500,
        classes=10,
        labels="input",
        generator="dcgan",
        discriminator="dcgan",
        channels=3,
    )
    return apply(config, arg, small, quick)
