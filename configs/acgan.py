"""Auxiliary classifier GAN on your own images with classes (Odena, Olah, Shlens 2017).

    python -m gan_jax.main --config=configs/acgan.py --data=flowers/ --size=64

G is given the class, and D also classifies. The networks are DCGAN's, for 16, 28, 32, 64 and 128 pixels. The
folder has a sub-folder for each class. A judge, a classifier of the same classes, is trained first and
scores the images. Without `--data` the images are embedded house numbers.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import small


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = generation.noise_to_image(
        "acgan",
        "digits_street",
        size=32,
        batch_size=100,
        steps=20_000,
        every=500,
        classes=10,
        labels="auxiliary",
        generator="dcgan",
        discriminator="dcgan",
        channels=3,
    )
    return apply(config, arg, small, quick)
