"""Spectral normalisation on MNIST (Miyato et al. 2018, "Spectral Normalization for GANs").

    python -m gan_jax.main --config=configs/sngan_mnist.py

D's kernels are divided by their largest singular value, one power iteration an update; the loss is the
hinge, Adam that of the paper's setting C (2e-4, b1 0.5, b2 0.999, one update of D). Departure: the networks
are those of DCGAN at 28 pixels, without norm in D; the paper's are for 32 and 48.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import fashion


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = generation.noise_to_image(
        "sngan_mnist",
        "mnist",
        size=28,
        batch_size=64,
        steps=50_000,
        every=5000,
        generator="dcgan",
        discriminator="dcgan",
        d_norm="none",
        spectral=True,
        loss="hinge",
    )
    return apply(config, arg, bce, cifar10, resnet, fashion, part, quick)


def bce(config):
    """The loss of the first GAN, which the paper uses with its standard CNN."""
    config.model.loss = "nonsaturating"


def cifar10(config):
    """CIFAR-10 with the paper's standard CNN."""
    generation.cifar10(config)
    config.model.generator = config.model.discriminator = "sndcgan"
    config.model.z_dim = 128


def resnet(config):
    """CIFAR-10 with its ResNets, five updates of D, b1 0, b2 0.9, a rate falling to zero."""
    generation.cifar10(config)
    config.model.generator = config.model.discriminator = "sn_resnet"
    config.model.z_dim = 128
    config.model.d_steps, config.model.b1, config.model.b2 = 5, 0.0, 0.9
    config.model.decay_end = 50_000


def part(config):
    """MNIST's official files; a quarter of the width and D of CGAN, sized for two cores."""
    generation.narrow(config)
