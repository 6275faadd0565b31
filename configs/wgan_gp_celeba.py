"""WGAN with gradient penalty on faces of 64 pixels (Gulrajani et al. 2017, "Improved Training of WGANs").

    python -m gan_jax.main --config=configs/wgan_gp_celeba.py

The networks are DCGAN's without norm in the critic. The loss, the five updates of the critic and the
optimiser are the paper's. The paper has no run on faces. The images get scores only by Inception's weights,
see `inception`, or by a classifier, see `judged`.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import drawn_faces, generation
from gan_jax.config.recipes.animals import cats
from gan_jax.config.recipes.drawn_faces import folder, judged
from gan_jax.config.recipes.generation import inception


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = generation.noise_to_image(
        "wgan_gp_celeba",
        "celeb_a",
        size=64,
        batch_size=64,
        steps=100_000,
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
    return apply(config, arg, inception, folder, part, cats, judged, quick)


def part(config):
    """Reads 8 000 faces at half size from GAN_JAX_DATA. The networks are half as wide, for two cores."""
    drawn_faces.files(config, drawn_faces.PART, drawn_faces.PART_LEARNED)
    config.model.g_width = config.model.d_width = 32
    # So few steps need a higher rate.
    config.model.g_learning_rate = config.model.d_learning_rate = 5e-4
    config.model.decay_start, config.model.decay_end, config.model.ema = 600, 1200, 0.98
    config.steps = 1200
    config.evals.samples.every = 200
