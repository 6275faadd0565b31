"""The first GAN on MNIST (Goodfellow et al. 2014, "Generative Adversarial Nets").

    python -m gan_jax.main --config=configs/gan_mnist.py

Two networks of one hidden layer, 100-128-784 and 784-128-1, as introductions to the subject have them. With
their usual rate, 0.01, all samples become one blob; here it is 2e-4.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import fashion, part


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = generation.noise_to_image(
        "gan_mnist",
        "mnist",
        size=28,
        batch_size=100,
        steps=40_000,
        every=5000,
        generator="mlp_lecture",
        discriminator="mlp_lecture",
    )
    return apply(config, arg, lecture_lr, minimax, k, mlp, paper, fashion, part, quick)


def lecture_lr(config):
    """The rate 0.01 and b1 0.9: shows the collapse."""
    config.model.g_learning_rate = config.model.d_learning_rate = 0.01
    config.model.b1 = 0.9


def minimax(config):
    """G minimises log(1 - D), the paper's equation 1, instead of the loss that does not saturate."""
    config.model.loss = "minimax"


def k(config):
    """Three updates of D for each one of G, k of the paper's Algorithm 1."""
    config.model.d_steps = 3


def mlp(config):
    """Two hidden layers of 256 leaky units, z of 64."""
    config.model.generator = config.model.discriminator = "mlp"
    config.model.z_dim = 64


def paper(config):
    """The paper's networks by SGD with momentum on the first 50 000 images.

    Maxout and dropout in D, uniform z, kernels drawn uniformly. Departures: the momentum stays 0.5, the rate
    falls linearly, and biases begin at 0, not at the pixels' marginals.
    """
    config.model.generator = config.model.discriminator = "mlp_2014"
    config.model.z_prior, config.model.z_scale = "uniform", 3**0.5  # of variance 1
    config.model.optimizer = "sgd"
    config.model.g_learning_rate = config.model.d_learning_rate = 0.1
    config.steps = config.model.decay_end = 125_000  # 250 passes
    config.data.roles.image.split = "train[:50000]"
