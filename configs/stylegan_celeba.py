"""StyleGAN on faces of 128 pixels (Karras et al. 2019, "A Style-Based Generator Architecture for GANs").

    python -m gan_jax.main --config=configs/stylegan_celeba.py

The networks, the loss, the rates and the schedule are those of the authors' code for one GPU: 600 000 images
of every stable period and every fade, from 8 pixels on, and 25 million in all. An iteration takes 128
images. At higher resolutions these are shared among several updates, so that an update has the published
number of images. `a_baseline` to `e_noise` are lines of the paper's Table 1, and the configuration itself is
line F. Departures: the paper's data are FFHQ and CelebA-HQ at 1024 pixels. A number of images that is no
multiple of a batch is rounded. The judge of the score is a classifier of ten attributes, so that the score
is not FID; `inception` computes FID.
"""

from gan_jax.config import apply, quick, reference
from gan_jax.config.recipes import growing
from gan_jax.config.recipes.generation import inception
from gan_jax.config.recipes.growing import folder
from gan_jax.config.recipes.measures import measures


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = growing.faces_by(
        "stylegan_celeba",
        "stylegan",
        size=128,
        learning_rates=(1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1.5e-3),
        ema_half_life=10_000 / 128,
    )
    growing.schedule(config, 600_000, growing.ONE_GPU, 25_000_000, start_size=8)
    rows = a_baseline, b_tuned, c_styles, d_constant, e_noise, f_mixing
    return apply(config, arg, folder, inception, part, *rows, measures, quick)


def part(config):
    """8 000 faces at 32 pixels with narrow networks, for two cores.

    R1's gamma of 10 is for 1024 pixels. It would leave D nearly constant at 32.
    """
    growing.part(config, period=20_000, last=60_000, batch_size=16)
    config.model.w_dim, config.model.mapping_layers = 64, 4
    # So short periods need a higher rate and an average over fewer images.
    config.model.learning_rates, config.model.ema_half_life = (2e-3,), 2000 / 16
    config.model.r1_weight = 0.1


def a_baseline(config):
    """Line A of Table 1: progressive GAN, by its own loss.

    It starts from 8 pixels as the other lines do, so that all lines see as many images at each side.
    """
    b_tuned(config)
    config.model.blurred = False
    config.model.loss, config.model.gp_weight, config.model.drift = "wasserstein", 10.0, 1e-3
    config.model.r1_weight = 0.0


def b_tuned(config):
    """Line B: progressive GAN with filters where the side changes, and StyleGAN's loss."""
    c_styles(config)
    config.model.adain = False


def c_styles(config):
    """Line C: a mapping network and styles. The first layer takes the style in place of the latent."""
    d_constant(config)
    config.model.constant = False


def d_constant(config):
    """Line D: a learned constant in place of the first layer's input."""
    e_noise(config)
    config.model.noise = False


def e_noise(config):
    """Line E: noise in every layer, and no mixing of styles."""
    config.model.style_mixing = 0.0


@reference
def f_mixing(config):
    """Line F: everything, with mixing of styles."""
    config.model.style_mixing = 0.9
