"""WGAN with gradient penalty on MNIST (Gulrajani et al. 2017, "Improved Training of Wasserstein GANs").

    python -m gan_jax.main --config=configs/wgan_gp_mnist.py

The networks and values are those of the authors' MNIST script: 5x5 convolutions, no norm, five updates of the
critic, a penalty of 10, Adam at 1e-4 with b1 = 0.5 and b2 = 0.9. Departure: a G with batch norm is evaluated
by running statistics instead of those of the batch.
"""

from gan_jax.config import apply, last, quick
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import fashion


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
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
        gp_scale=2.0,  # the script's pixels are in [0, 1], so its slopes are twice these
        d_steps=5,
        g_learning_rate=1e-4,
        d_learning_rate=1e-4,
        b2=0.9,
    )
    return apply(config, arg, algorithm_1, one_sided, fashion, part, clip, quick)


def algorithm_1(config):
    """b1 = 0 and batch 64, as in the paper's Algorithm 1."""
    config.model.b1, config.batch_size = 0.0, 64


def one_sided(config):
    """Penalises only slopes above 1."""
    config.model.gp_sides = 1


def part(config):
    """Reads MNIST's official files and shrinks the networks, for two cores.

    G is DCGAN's and D is CGAN's, both at a quarter of their width. The critic has no norm and makes three
    updates for each update of G. Adam has a higher rate.
    """
    generation.narrow(config)
    config.model.generator, config.model.d_norm, config.model.d_steps = "dcgan", "none", 3
    config.model.gp_scale = 1.0  # results of these networks were measured with this scale
    config.model.g_learning_rate = config.model.d_learning_rate = 5e-4
    config.steps = 5000
    config.evals.samples.every = 1000


@last
def clip(config):
    """WGAN (Arjovsky et al. 2017), to compare: parameters within 0.01, RMSProp at 5e-5, batch norm in both.

    Departure: the critic always makes five updates, never a hundred.
    """
    config.model.gp_weight, config.model.clip, config.model.d_steps = 0.0, 0.01, 5
    config.model.optimizer = "rmsprop"
    config.model.g_learning_rate = config.model.d_learning_rate = 5e-5
    config.model.g_norm = config.model.d_norm = "batch"
