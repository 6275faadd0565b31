"""WGAN with gradient penalty on your own images (Gulrajani et al. 2017).

    python -m gan_jax.main --config=configs/wgan_gp.py --data=photos/ --size=64

The networks are DCGAN's without norm in the critic, for 16, 28, 32, 64 and 128 pixels. The loss, the five
updates of the critic and the optimiser are the paper's. Without `--data` the images are embedded cartoon
faces.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import inception, small, vgg16


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = generation.noise_to_image(
        "wgan_gp",
        "emoji",
        size=64,
        batch_size=64,
        steps=20_000,
        every=500,
        judge=False,
        generator="dcgan",
        discriminator="dcgan",
        d_norm="none",
        channels=3,
        z_dim=128,
        loss="wasserstein",
        gp_weight=10.0,
        d_steps=5,
        g_learning_rate=1e-4,
        d_learning_rate=1e-4,
        b1=0.0,
        b2=0.9,
    )
    return apply(config, arg, inception, vgg16, small, quick)
