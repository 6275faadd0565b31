"""DCGAN on MNIST (Radford, Metz, Chintala 2015, "Unsupervised Representation Learning with DCGANs").

    python -m gan_jax.main --config=configs/dcgan_mnist.py

The optimiser, batch size and initial values are the paper's. Departures: the networks for 28 pixels resample
twice instead of four times. Widths begin at 64 and kernels are 4x4, as in the public Torch code. z is normal
instead of uniform. The flag --config.model.loss=lsgan, for example, sets another loss.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import fashion


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
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
    """Reads MNIST's official files. G has a quarter of the width and D is CGAN's, for two cores."""
    generation.narrow(config)
