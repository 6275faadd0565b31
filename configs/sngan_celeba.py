"""Spectral normalisation on faces of 64 pixels (Miyato et al. 2018, "Spectral Normalization for GANs").

    python -m gan_jax.main --config=configs/sngan_celeba.py

The networks are the paper's convolutional ones. Adam has the values of the paper's setting C, and the loss is
the hinge loss. The paper has no run on faces. The images get scores only by Inception's weights, see
`inception`, or by a classifier, see `judged`.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import drawn_faces, generation
from gan_jax.config.recipes.animals import cats
from gan_jax.config.recipes.drawn_faces import folder, judged
from gan_jax.config.recipes.generation import inception


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = generation.noise_to_image(
        "sngan_celeba",
        "celeb_a",
        size=64,
        batch_size=64,
        steps=50_000,
        judge=False,
        generator="sndcgan",
        discriminator="sndcgan",
        channels=3,
        z_dim=128,
        spectral=True,
        loss="hinge",
    )
    return apply(config, arg, inception, folder, part, cats, judged, quick)


def part(config):
    """Reads 8 000 faces at half size from GAN_JAX_DATA. The networks are half as wide, for two cores."""
    drawn_faces.files(config, drawn_faces.PART, drawn_faces.PART_LEARNED)
    config.model.g_width = config.model.d_width = 32
    config.model.decay_start, config.model.decay_end, config.model.ema = 1500, 3000, 0.99
    config.steps = 3000
    config.evals.samples.every = 500
