"""Auxiliary classifier GAN on MNIST (Odena, Olah, Shlens 2017, "Conditional Image Synthesis with AC-GANs").

    python -m gan_jax.main --config=configs/acgan_mnist.py

G is given the class beside 100 noise dimensions. D tells real images from fakes, and classifies both. The
optimiser and the batch size are the paper's. Departures: the networks are DCGAN's for 28 pixels at half the
width, and D has a second head. The paper's networks are for 32 and 128 pixels.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import fashion


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
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
    """D learns the classes of real images only, to measure what the classes of fakes add."""
    config.model.aux_on_fake = False


def multiply(config):
    """G is given z times a learned vector of the class, as in some public implementations."""
    config.model.label_input = "multiply"


def paper_d(config):
    """Uses the paper's D: six convolutions with dropout."""
    config.model.discriminator, config.model.d_width = "acgan", 16


def part(config):
    """Reads MNIST's official files. G has half the width again and D is CGAN's, for two cores."""
    generation.narrow(config)
