"""StarGAN on CelebA: hair colour, gender and age of faces (Choi et al. 2018, Sec. 5.4).

    python -m gan_jax.main --config=configs/stargan_celeba.py

The networks, weights, batch size and rates are the paper's, at 128 pixels. Training takes 20 epochs of the
training images. These are 250 500 updates of D and, because n_critic is 5, a fifth as many updates of G.
`steps` counts the updates of G. CelebA is read in its official layout under GAN_JAX_DATA. A ResNet-18 that is
trained on real images is the judge. The score is how often it does not see the requested attribute in a
generated image. Departures: the test images are the first 2 000 instead of 1 999 random ones, and 200 more
are kept for validation.
"""

from gan_jax.config import apply, default, model, quick
from gan_jax.config.recipes import attributes
from gan_jax.config.recipes.faces import HAIR


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "stargan_celeba"
    label = {"labels": (HAIR,), "exclusive": (False,)}
    config.model = model("stargan", **label, decay_start=25_050, decay_end=50_100)
    attributes.celeba(config, HAIR, 128)
    config.batch_size = 16
    config.steps = 50_100
    config.checkpoint_every = 1000
    return apply(config, arg, constant, part, mid, quick)


def constant(config):
    """The official code's schedule: 200 000 updates of D at a rate that hardly changes."""
    config.model.decay_start = config.model.decay_end = 0
    config.steps = 40_000


def half(config, size):
    """8 000 photographs at half size, and networks half as wide."""
    attributes.half(config, size)
    config.model.g_width = config.model.d_width = 32


def part(config):
    """8 000 photographs at 48 pixels and small networks, for two cores.

    The scores are not comparable with the paper's.
    """
    half(config, 48)
    config.model.g_blocks, config.model.d_downs = 3, 4
    config.model.decay_start, config.model.decay_end = 1500, 3000
    config.batch_size = 8
    config.steps = 3000


def mid(config):
    """8 000 photographs at 64 pixels and networks of medium depth, for an accelerator."""
    half(config, 64)
    config.model.g_blocks, config.model.d_downs = 4, 5
    config.model.decay_start, config.model.decay_end = 5000, 10_000
    config.steps = 10_000
