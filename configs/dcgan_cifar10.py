"""DCGAN on CIFAR-10 (Radford, Metz, Chintala 2015, "Unsupervised Representation Learning with DCGANs").

    python -m gan_jax.main --config=configs/dcgan_cifar10.py

The optimiser, batch size and initial values are the paper's. The paper trains on other images and uses D's
features for CIFAR-10. Departures: the networks for 32 pixels resample three times instead of four. Widths
begin at 64 and kernels are 4x4, as in the public Torch code. z is normal instead of uniform.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import inception


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = generation.noise_to_image(
        "dcgan_cifar10",
        "cifar10",
        size=32,
        batch_size=128,
        steps=19_500,  # 50 passes
        generator="dcgan",
        discriminator="dcgan",
        channels=3,
    )
    return apply(config, arg, inception, quick)
