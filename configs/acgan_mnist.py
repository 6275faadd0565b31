"""Auxiliary classifier GAN on MNIST (Odena, Olah, Shlens 2017, "Conditional Image Synthesis with AC-GANs").

    python -m gan_jax.main --config=configs/acgan_mnist.py

G is given the class beside 100 noise dimensions; D tells real from fake and, of both, the class. Optimiser
and batch are the paper's. Departures: the networks are those of DCGAN at 28 pixels and half its width, D
with a second head; the paper's are for 32 and 128 pixels.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import fashion


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = generation.noise_to_image(
        "acgan_mnist",
        "mnist",
        size=28,
        batch_size=100,
        steps=50_000,
        every=5000,
        classes=10,
        labels="auxiliary",
        generator="dcgan",
        discriminator="dcgan",
        g_width=32,
        d_width=32,
    )
    return apply(config, arg, real_only, multiply, paper_d, fashion, part, quick)


def real_only(config):
    """D learns the classes of real images alone."""
    config.model.aux_on_fake = False


def multiply(config):
    """G is given z times a learned vector of the class, as some public codes have it."""
    config.model.label_input = "multiply"


def paper_d(config):
    """The paper's D: six convolutions with dropout."""
    config.model.discriminator, config.model.d_width = "acgan", 16


def part(config):
    """MNIST's official files from GAN_JAX_DATA; half the width again and D of CGAN, sized for two cores."""
    generation.narrow(config)
