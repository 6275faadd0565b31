"""StyleGAN2 on faces of 64 pixels (Karras et al. 2020, "Analyzing and Improving the Image Quality").

    python -m gan_jax.main --config=configs/stylegan2_celeba.py

The paper has no run at this size. Fields are those that StyleGAN2-ADA's code chooses by itself ("auto") for
64 pixels and one GPU of batch 64: half the channels of configuration F, two mapping layers, R1's gamma of
2e-4 r^2 / B. 25 million images are 390 625 iterations.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import drawn_faces, generation
from gan_jax.config.recipes.drawn_faces import folder, judged
from gan_jax.config.recipes.generation import inception
from gan_jax.config.recipes.measures import measures


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = generation.noise_to_image(
        "stylegan2_celeba",
        "celeb_a",
        size=64,
        batch_size=64,
        steps=390_625,
        judge=False,
        kind="stylegan2",
        width_base=16_384,
        mapping_layers=2,
        class_layers=2,
        learning_rate=2.5e-3,
        r1_weight=2e-4 * 64**2 / 64,
        ema_half_life=20_000 / 64,
        ema_ramp=0.05,
        ada_length=500_000 // 64,
    )
    config.data.flip = True
    return apply(config, arg, inception, folder, part, judged, mid, ada, measures, quick)


def part(config):
    """8 000 faces at 32 pixels from GAN_JAX_DATA, with narrow networks, for two cores.

    Narrower networks see more images in the same time. The rate falls to zero in the second half. No
    latents are mixed, the path lengths are not penalised, and gamma is 0.01, as in StyleGAN2-ADA's settings
    for the 32 pixels of CIFAR-10. D sees faces mirrored, but with no further augmentation.
    """
    drawn_faces.files(config, drawn_faces.PART, drawn_faces.PART_LEARNED)
    config.data.size = config.model.size = 32
    config.model.width_base, config.model.width_max = 512, 128
    config.model.z_dim = config.model.w_dim = 128
    config.model.learning_rate, config.model.r1_weight = 4e-3, 0.01
    config.model.pl_weight = config.model.style_mixing = 0.0
    config.model.ema_half_life = 10_000 / 16
    config.batch_size = 16
    config.steps = 48_000
    config.model.decay_start, config.model.decay_end = 24_000, 48_000
    config.evals.samples.every = 4000


def mid(config):
    """8 000 faces, a judge of their attributes and layers of half the width, for an accelerator.

    Batches of 32 give more updates in the same time. Products are in bfloat16.
    """
    judged(config)
    config.model.width_base, config.model.width_max = 4096, 256
    config.model.learning_rate, config.model.r1_weight = 2e-3, 2e-4 * 64**2 / 32
    config.model.pl_weight = 0.0
    config.model.ema_half_life = 10_000 / 32
    config.precision = "bfloat16"
    config.batch_size = 32
    config.steps = 16_000


def ada(config):
    """Adaptive discriminator augmentation (Karras et al. 2020, "Training GANs with Limited Data")."""
    config.model.augment, config.model.augment_kinds = "ada", ("flip", "colour", "translation", "cutout")
    config.model.ada_length = 500_000 // config.batch_size
