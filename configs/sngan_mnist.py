"""Spectral normalisation on MNIST (Miyato et al. 2018, "Spectral Normalization for GANs").

    python -m gan_jax.main --config=configs/sngan_mnist.py

D's kernels are divided by their largest singular value, which is estimated by one power iteration an update.
The loss is the hinge loss. Adam has the values of the paper's setting C (2e-4, b1 0.5, b2 0.999, one update
of D). Departure: the networks are DCGAN's for 28 pixels, without norm in D. The paper's networks are for 32
and 48 pixels.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import fashion


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
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
    """The non-saturating loss, which the paper uses with its standard CNN."""
    config.model.loss = "nonsaturating"


def cifar10(config):
    """CIFAR-10 with the paper's standard CNN."""
    generation.cifar10(config)
    config.model.generator = config.model.discriminator = "sndcgan"
    config.model.z_dim = 128


def resnet(config):
    """CIFAR-10 with the paper's ResNets: five updates of D, b1 0, b2 0.9, a rate that falls to zero."""
    generation.cifar10(config)
    config.model.generator = config.model.discriminator = "sn_resnet"
    config.model.z_dim = 128
    config.model.d_steps, config.model.b1, config.model.b2 = 5, 0.0, 0.9
    config.model.decay_end = 50_000


def part(config):
    """Reads MNIST's official files. G has a quarter of the width and D is CGAN's, for two cores."""
    generation.narrow(config)
