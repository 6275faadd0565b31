"""WGAN with gradient penalty on MNIST (Gulrajani et al. 2017, "Improved Training of Wasserstein GANs").

    python -m gan_jax.main --config=configs/wgan_gp_mnist.py

Networks and values are those of the authors' MNIST script: 5x5 convolutions, no norm, five updates of the
critic, a penalty of 10, Adam at 1e-4 with b1 = 0.5 and b2 = 0.9. Departure: G is evaluated by running
statistics where it has batch norm, not by those of the batch.
"""

from gan_jax.config import apply, last, quick
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import fashion


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = generation.noise_to_image(
        "wgan_gp_mnist",
        "mnist",
        size=28,
        batch_size=50,
        steps=200_000,
        every=5000,
        generator="wgan",
        discriminator="wgan",
        z_dim=128,
        loss="wasserstein",
        gp_weight=10.0,
        gp_scale=2.0,  # the script's pixels are in [0, 1], so that its slopes are twice ours
        d_steps=5,
        g_learning_rate=1e-4,
        d_learning_rate=1e-4,
        b2=0.9,
    )
    return apply(config, arg, algorithm_1, one_sided, fashion, part, clip, quick)


def algorithm_1(config):
    """b1 = 0 and batch 64, as the paper's Algorithm 1 has them."""
    config.model.b1, config.batch_size = 0.0, 64


def one_sided(config):
    """Only slopes above 1 are penalised."""
    config.model.gp_sides = 1


def part(config):
    """MNIST's official files, sized for two cores.

    DCGAN's G and CGAN's D at a quarter of their width, without norm in the critic, three updates of it and a
    faster Adam.
    """
    generation.narrow(config)
    config.model.generator, config.model.d_norm, config.model.d_steps = "dcgan", "none", 3
    config.model.gp_scale = 1.0  # these are not the script's networks, and were measured so
    config.model.g_learning_rate = config.model.d_learning_rate = 5e-4
    config.steps = 5000
    config.evals.samples.every = 1000


@last
def clip(config):
    """WGAN (Arjovsky et al. 2017): parameters within 0.01, RMSProp at 5e-5, batch norm in both.

    Departure: the critic makes five updates throughout, never a hundred.
    """
    config.model.gp_weight, config.model.clip, config.model.d_steps = 0.0, 0.01, 5
    config.model.optimizer = "rmsprop"
    config.model.g_learning_rate = config.model.d_learning_rate = 5e-5
    config.model.g_norm = config.model.d_norm = "batch"
