"""CycleGAN on CelebA: gives faces an attribute, and takes it away (Zhu et al. 2017).

    python -m gan_jax.main --config=configs/cyclegan_celeba.py:blond

One run learns one attribute in both directions, as StarGAN's paper compares CycleGAN: `Male` without a
variant. Networks, losses and batch size are those of CycleGAN's paper for 128 pixels. Data and judge are
those of `stargan_celeba`. Departures: CycleGAN keeps its own discriminator, where StarGAN's authors gave it
theirs. The papers do not say how long that training took. This project trains for as many images of each
domain as StarGAN.
"""

from gan_jax.config import apply, default, model, quick
from gan_jax.config.recipes import attributes


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "cyclegan_celeba"
    config.model = model("cyclegan", blocks=6, decay_start=400_000, decay_end=800_000)
    attributes.one(config, 128, "directions")
    config.batch_size = 1
    config.steps = 800_000
    config.checkpoint_every = 1000
    return apply(config, arg, *attributes.WANTED, part, quick)


def part(config):
    """8 000 photographs at 64 pixels and small networks, for two cores."""
    attributes.half(config, 64)
    config.model.g_width = config.model.d_width = 32
    config.model.blocks = 4
    config.model.decay_start, config.model.decay_end = 2000, 4000
    config.batch_size = 4
    config.steps = 4000
