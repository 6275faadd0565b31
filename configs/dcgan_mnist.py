"""DCGAN on MNIST (Radford, Metz, Chintala 2015, "Unsupervised Representation Learning with DCGANs").

    python -m gan_jax.main --config=configs/dcgan_mnist.py

Optimiser, batch and initial values are the paper's. Departures: images of 28 pixels have two resamplings
instead of four, widths begin at 64 and the kernels are 4x4, as in the public Torch code; z is normal, not
uniform. Any other loss is one flag away, --config.model.loss=lsgan.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import fashion


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = generation.noise_to_image(
        "dcgan_mnist",
        "mnist",
        size=28,
        batch_size=128,
        steps=11_725,  # 25 passes
        generator="dcgan",
        discriminator="dcgan",
    )
    return apply(config, arg, fashion, part, quick)


def part(config):
    """MNIST's official files; a quarter of the width and D of CGAN, sized for two cores."""
    generation.narrow(config)
