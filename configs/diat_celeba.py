"""DIAT on CelebA: gives faces an attribute (Li, Zuo and Zhang 2016).

    python -m gan_jax.main --config=configs/diat_celeba.py:blond

One run learns one attribute in one direction, as StarGAN's paper compares DIAT: `Male` without a variant. The
networks are those with which StarGAN's authors trained DIAT, at 128 pixels. Data, judge and batch size are
those of `stargan_celeba`. The papers do not say how long that training took. This project trains G as often
as StarGAN's.
"""

from gan_jax.config import apply, default, model, quick
from gan_jax.config.recipes import attributes


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "diat_celeba"
    config.model = model("diat", decay_start=25_050, decay_end=50_100)
    attributes.one(config, 128, "direction")
    config.batch_size = 16
    config.steps = 50_100
    config.checkpoint_every = 1000
    return apply(config, arg, *attributes.WANTED, reverse, part, quick)


def reverse(config):
    """Takes the attribute away."""
    attributes.reverse(config)


def part(config):
    """8 000 photographs at 64 pixels and small networks, for two cores."""
    attributes.half(config, 64)
    config.model.g_width = config.model.d_width = 32
    config.model.blocks, config.model.d_downs = 4, 5
    config.model.decay_start, config.model.decay_end = 2000, 4000
    config.batch_size = 8
    config.steps = 4000
