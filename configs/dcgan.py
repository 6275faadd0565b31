"""DCGAN on your own images (Radford et al. 2015, "Unsupervised Representation Learning with DCGANs").

    python -m gan_jax.main --config=configs/dcgan.py --data=photos/ --size=64

The networks exist for 16, 28, 32, 64 and 128 pixels. The optimiser, batch size and initial values are the
paper's. Departures: widths begin at 64, kernels are 4x4, and z is normal, as in the public Torch code.
Without `--data` the images are embedded cartoon faces.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import inception, small, vgg16


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = generation.noise_to_image(
        "dcgan",
        "emoji",
        size=64,
        batch_size=128,
        steps=20_000,
        every=500,
        judge=False,
        generator="dcgan",
        discriminator="dcgan",
        channels=3,
    )
    return apply(config, arg, inception, vgg16, small, quick)
