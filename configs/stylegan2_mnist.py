"""StyleGAN2 on MNIST at 32 pixels (Karras et al. 2020).

    python -m gan_jax.main --config=configs/stylegan2_mnist.py

The paper has no digits. The networks are small, the path lengths are not penalised, and R1's gamma is 0.1. A
mirrored digit is no digit, so that there is no augmentation.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import inception
from gan_jax.config.recipes.measures import measures


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = generation.noise_to_image(
        "stylegan2_mnist",
        "mnist",
        size=32,
        batch_size=32,
        steps=8000,
        kind="stylegan2",
        channels=1,
        z_dim=64,
        w_dim=64,
        width_base=1024,
        width_max=64,
        mapping_layers=2,
        class_layers=2,
        style_mixing=0.0,
        pl_weight=0.0,
        r1_weight=0.1,
        learning_rate=2.5e-3,
        ema_half_life=2000 / 32,
    )
    return apply(config, arg, inception, part, conditional, measures, quick)


def part(config):
    """MNIST's official files from GAN_JAX_DATA, and narrow networks, for two cores.

    Narrower networks and smaller batches make more updates in the same time. The rate falls to zero in the
    second half, as in `stylegan2_celeba:part`.
    """
    generation.part(config)
    config.model.width_base, config.model.width_max = 512, 128
    config.model.learning_rate = 4e-3
    config.model.ema_half_life = 10_000 / 16
    config.batch_size = 16
    config.steps = 20_000
    config.model.decay_start, config.model.decay_end = 10_000, 20_000
    config.evals.samples.every = 1000


def conditional(config):
    """Digits of a wanted class: the class enters the mapping network, and D is a projection discriminator."""
    config.model.num_classes = config.evals.samples.classes = 10
    config.data.roles.image.labels = True
