"""Progressive GAN on faces of 128 pixels (Karras et al. 2018, "Progressive Growing of GANs").

    python -m gan_jax.main --config=configs/pggan_celeba.py

The networks, the loss and the schedule are those of the authors' code for one GPU: 600 000 images of every
stable period and every fade, and 12 million in all. `paper` selects the paper's schedule. An iteration takes
128 images. At higher resolutions these are shared among several updates, so that an update has the published
number of images.
Departures: the rate is that of the code for all sides here. A number of images that is no multiple of a
batch is rounded. The judge of the score is a classifier of ten attributes, so that the score is not FID;
`inception` computes FID.
"""

from gan_jax.config import apply, quick
from gan_jax.config.recipes import growing
from gan_jax.config.recipes.generation import inception
from gan_jax.config.recipes.growing import folder
from gan_jax.config.recipes.measures import measures


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = growing.faces_by("pggan_celeba", "pggan", size=128)
    growing.schedule(config, 600_000, growing.ONE_GPU, 12_000_000)
    return apply(config, arg, paper, folder, inception, part, measures, quick)


def paper(config):
    """The paper's schedule: 800 000 images of each period and batches of 16; D compares all 16 images."""
    growing.schedule(config, 800_000, growing.PAPER, 19_000_000)
    config.model.group = 16


def part(config):
    """8 000 faces at 32 pixels with narrow networks, for two cores."""
    growing.part(config, period=20_000, last=60_000, batch_size=16)
    # So short periods need a higher rate and an average over fewer images.
    config.model.learning_rates, config.model.ema = (2e-3,), 0.995
