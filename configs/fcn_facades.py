"""A small FCN that reads photographs of facades: the judge of photographs made from their label maps.

    python -m gan_jax.main --config=configs/fcn_facades.py
    python experiments/label_score.py --translator=configs/pix2pix_facades.py --fcn=configs/fcn_facades.py

The CMP facades have twelve classes, which the colours of their label maps tell, see `recipes/facades.py`. The
FCN learns from the 400 photographs that pix2pix learns from, and is scored on the test photographs.
"""

from gan_jax.config import apply, quick, role
from gan_jax.config.recipes import facades, scenes


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    train, test = role("facades[train]", **facades.PHOTOS), role("facades[test]", **facades.PHOTOS)
    sizes = {"classes": len(facades.CLASSES), "size": 256, "batch_size": 8, "steps": 10_000}
    config = scenes.segmenter("fcn_facades", train, test, **sizes)
    config.data.sets.facades = facades.pictures()
    config.data.load_size, config.data.flip = 286, True
    return apply(config, arg, part, quick)


def part(config):
    """128 pixels and fewer steps, for two cores. Reads the pictures from `facades/facades.zip`."""
    config.data.sets.facades = facades.pictures(facades.ZIP)
    config.data.size, config.data.load_size = 128, 143
    config.steps = config.model.schedule_steps = 2000
