"""Spectral normalisation on your own images (Miyato et al. 2018).

    python -m gan_jax.main --config=configs/sngan.py --data=photos/ --size=64

The networks are the paper's convolutional ones, for 16, 32, 48 and 64 pixels. The loss is the hinge loss, and
Adam has the values of the paper's setting C. Without `--data` the images are embedded cartoon faces.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import inception, small, vgg16


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = generation.noise_to_image(
        "sngan",
        "emoji",
        size=64,
        batch_size=64,
        steps=20_000,
        every=500,
        judge=False,
        generator="sndcgan",
        discriminator="sndcgan",
        channels=3,
        z_dim=128,
        spectral=True,
        loss="hinge",
    )
    return apply(config, arg, inception, vgg16, small, quick)
