"""Least-squares GAN on MNIST (Mao et al. 2017, "Least Squares Generative Adversarial Networks").

    python -m gan_jax.main --config=configs/lsgan_mnist.py

The labels (a, b, c) = (0, 1, 1) and Adam at 2e-4 with b1 = 0.5 are the paper's for small images. Departure:
the networks are DCGAN's for 28 pixels. The paper's networks draw images of 112 pixels.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import fashion


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = generation.noise_to_image(
        "lsgan_mnist",
        "mnist",
        size=28,
        batch_size=64,
        steps=20_000,
        generator="dcgan",
        discriminator="dcgan",
        loss="lsgan",
    )
    return apply(config, arg, pearson, no_norm, rmsprop, sigmoid, fashion, part, quick)


def pearson(config):
    """Sets (a, b, c) = (-1, 1, 0), with which G minimises Pearson's chi^2."""
    config.model.lsgan_a, config.model.lsgan_b, config.model.lsgan_c = -1.0, 1.0, 0.0


def no_norm(config):
    """D without batch norm, for the paper's comparison of stability (Sec. 4.3)."""
    config.model.d_norm = "none"


def rmsprop(config):
    """RMSProp instead of Adam, for the paper's comparison of stability (Sec. 4.3)."""
    config.model.optimizer = "rmsprop_tf"
    config.model.g_learning_rate = config.model.d_learning_rate = 1e-4


def sigmoid(config):
    """The non-saturating loss, with which the paper compares its own loss."""
    config.model.loss = "nonsaturating"


def part(config):
    """Reads MNIST's official files. G has a quarter of the width and D is CGAN's, for two cores."""
    generation.narrow(config)
