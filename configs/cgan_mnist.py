"""Conditional GAN on MNIST (Mirza, Osindero 2014, "Conditional Generative Adversarial Nets").

    python -m gan_jax.main --config=configs/cgan_mnist.py

Both networks are given the class, beside the noise or the image. The networks are the paper's: D has maxout
units, and both have dropout. Departures: the rate of SGD begins at 0.02, because D diverges within twenty
steps at the paper's 0.1 from these initial values. The rate falls linearly, and the momentum stays at 0.5. z
is uniform on [-1, 1] instead of [0, 1]. The last step is kept instead of the step with the best Parzen
likelihood.
"""

from gan_jax.config import apply, last
from gan_jax.config import quick as shared_quick
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import fashion


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = generation.noise_to_image(
        "cgan_mnist",
        "mnist",
        size=28,
        batch_size=100,
        steps=60_000,
        every=5000,
        classes=10,
        labels="input",
        generator="mirza",
        discriminator="mirza",
        z_prior="uniform",
        optimizer="sgd",
        g_learning_rate=0.02,
        d_learning_rate=0.02,
        decay_end=60_000,
    )
    return apply(config, arg, conv, mlp, fashion, part, quick)


def adam(config):
    """DCGAN's optimiser."""
    config.model.optimizer = "adam"
    config.model.g_learning_rate = config.model.d_learning_rate = 2e-4
    config.model.decay_end = 0


def conv(config):
    """Convolutions that are given the class at every layer, with Adam, as in the public code of DCGAN."""
    config.model.generator = config.model.discriminator = "cgan_conv"
    config.batch_size = 128
    adam(config)


def mlp(config):
    """Smaller fully connected networks with normal z, trained by Adam."""
    config.model.generator = config.model.discriminator = "mlp_cgan"
    config.model.z_prior = "normal"
    adam(config)


def part(config):
    """MNIST's official files and networks that Adam trains in about ten minutes on two cores.

    D is that of `conv` at a quarter of its width. G is DCGAN's, because the G of `conv` soon falls behind D
    at that width. After `mlp` the networks remain those of `mlp`.
    """
    if config.model.generator == "mlp_cgan":
        generation.part(config)
        config.batch_size, config.steps = 64, 50_000
        return
    generation.narrow(config)
    adam(config)
    config.model.generator = "dcgan"


@last
def quick(config):
    """The shared `quick`, with a D so wide that none of the paper's layers is empty."""
    shared_quick(config)
    config.model.d_width = 24
