"""DCGAN on faces of 64 pixels (Radford et al. 2015, "Unsupervised Representation Learning with DCGANs").

    python -m gan_jax.main --config=configs/dcgan_celeba.py

The optimiser, batch size, epochs and initial values are the paper's. Departures: the paper's faces are not
public, so the faces are CelebA's. Widths begin at 64 and kernels are 4x4, as in the public Torch code. z is
normal instead of uniform. The images get scores only by
Inception's weights, see `inception`, or by a classifier, see `judged`.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import drawn_faces, generation
from gan_jax.config.recipes.animals import cats
from gan_jax.config.recipes.drawn_faces import folder, judged
from gan_jax.config.recipes.generation import inception


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = generation.noise_to_image(
        "dcgan_celeba",
        "celeb_a",
        size=64,
        batch_size=128,
        steps=31_775,  # 25 passes
        judge=False,
        generator="dcgan",
        discriminator="dcgan",
        channels=3,
    )
    return apply(config, arg, inception, folder, part, cats, judged, mid, quick)


def for_few_faces(config):
    """D with spectral normalisation and the hinge loss.

    With batch norm D soon memorises 7 000 training faces, and G learns nothing.
    """
    config.model.d_norm, config.model.spectral, config.model.loss = "none", True, "hinge"


def part(config):
    """Reads 8 000 faces at half size from GAN_JAX_DATA, for two cores; see `for_few_faces`."""
    drawn_faces.files(config, drawn_faces.PART, drawn_faces.PART_LEARNED)
    config.model.g_width = config.model.d_width = 32
    for_few_faces(config)
    # At equal rates D lags behind in so few steps, and colours fluctuate.
    config.model.g_learning_rate, config.model.d_learning_rate = 5e-4, 1e-3
    config.model.decay_start, config.model.decay_end, config.model.ema = 1500, 3000, 0.99
    config.batch_size = 64
    config.steps = 3000
    config.evals.samples.every = 500


def mid(config):
    """8 000 faces, a judge of their attributes and full widths, for an accelerator; see `for_few_faces`."""
    judged(config)
    for_few_faces(config)
    config.model.g_learning_rate, config.model.d_learning_rate = 5e-4, 1e-3
    config.model.decay_start, config.model.decay_end, config.model.ema = 5000, 10_000, 0.99
    config.batch_size = 64
    config.steps = 10_000
