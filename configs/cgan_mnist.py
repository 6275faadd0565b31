"""Conditional GAN on MNIST (Mirza, Osindero 2014, "Conditional Generative Adversarial Nets").

    python -m gan_jax.main --config=configs/cgan_mnist.py

Both networks are given the class beside noise or image, and are the paper's: maxout units in D, dropout
in both. Departures: SGD begins at 0.02, since at the paper's 0.1 D diverges within twenty steps from these
initial values; its rate falls linearly and its momentum stays 0.5; z is uniform on [-1, 1], not [0, 1]; the
last step is kept, not that of the best Parzen likelihood.
"""

from gan_jax.config import apply, last
from gan_jax.config import quick as shared_quick
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import fashion


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
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
    """Convolutions that are given the class at every layer, by Adam, as the public code of DCGAN has them."""
    config.model.generator = config.model.discriminator = "cgan_conv"
    config.batch_size = 128
    adam(config)


def mlp(config):
    """Smaller fully connected networks and normal z, by Adam."""
    config.model.generator = config.model.discriminator = "mlp_cgan"
    config.model.z_prior = "normal"
    adam(config)


def part(config):
    """MNIST's official files, sized for two cores: some ten minutes of networks that learn by Adam.

    D is that of `conv` at a quarter of its width, and G is DCGAN's, for that of `conv` is soon behind so
    narrow; or the networks are those of `mlp`.
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
    """The shared one, with a D wide enough that none of the paper's layers is empty."""
    shared_quick(config)
    config.model.d_width = 24
