"""The first GAN on MNIST (Goodfellow et al. 2014, "Generative Adversarial Nets").

    python -m gan_jax.main --config=configs/gan_mnist.py

The two networks have one hidden layer each, 100-128-784 and 784-128-1, as in introductions to the subject. At
the usual rate of these introductions, 0.01, all samples become one blob. The rate here is 2e-4.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import fashion, part


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
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
    """The rate 0.01 and b1 0.9 of introductions, to show the collapse."""
    config.model.g_learning_rate = config.model.d_learning_rate = 0.01
    config.model.b1 = 0.9


def minimax(config):
    """G minimises log(1 - D), the paper's equation 1, instead of the non-saturating loss."""
    config.model.loss = "minimax"


def k(config):
    """Three updates of D for each update of G, the k of the paper's Algorithm 1."""
    config.model.d_steps = 3


def mlp(config):
    """Deeper networks: two hidden layers of 256 leaky units, and z of 64 dimensions."""
    config.model.generator = config.model.discriminator = "mlp"
    config.model.z_dim = 64


def paper(config):
    """The paper's networks, trained by SGD with momentum on the first 50 000 images.

    D has maxout and dropout. z is uniform, and kernels are drawn uniformly. Departures: the momentum stays at
    0.5. The rate falls linearly. Biases begin at 0 instead of the pixels' marginals.
    """
    config.model.generator = config.model.discriminator = "mlp_2014"
    config.model.z_prior, config.model.z_scale = "uniform", 3**0.5  # of variance 1
    config.model.optimizer = "sgd"
    config.model.g_learning_rate = config.model.d_learning_rate = 0.1
    config.steps = config.model.decay_end = 125_000  # 250 passes
    config.data.roles.image.split = "train[:50000]"
