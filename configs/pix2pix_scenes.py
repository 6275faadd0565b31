"""pix2pix from label maps, in the colours of their classes, to photographs.

    python -m gan_jax.main --config=configs/pix2pix_scenes.py
    python experiments/label_score.py

Embedded scenes at 32 pixels: what Cityscapes' labels to photographs are in large. Variants:

    folders  256 pixels and the paper's networks, jitter and batch of one, from folders of images and label
             maps, see `recipes.scenes.role`; 100 epochs of 3 000 pairs
    l1       without D: the L1 of the paper's ablation
    cgan     without the distance of pixels: its cGAN
    quick    two steps of everything
"""

from typing import Any

from gan_jax import config as gan_config
from gan_jax.config.recipes import scenes

PLACES = ("data", "evals.test", "evals.samples")


def roles(split, folders=False):
    """Colours of label maps as `source`, the photographs as `target`."""
    return {
        "source": scenes.role("real", split, folders=folders, labels=False, derive="palette"),
        "target": scenes.role("real", split, folders=folders, labels=False),
    }


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = gan_config.default()
    config.name = "pix2pix_scenes"
    config.model = gan_config.model("pix2pix", levels=5, width=32, d_width=32, d_layers=2)
    config.data.kind = "paired"
    config.batch_size = 4
    config.steps = 8000
    config.checkpoint_every = 500
    config.data.roles = roles("train")
    config.evals.test = {"kind": "paired", "every": 0, "roles": roles("test")}
    config.evals.samples = {"kind": "sheet", "every": 1000, "num": 32, "roles": roles("test")}
    return gan_config.apply(config, arg, VARIANTS)


def quick(config):
    """Of the embedded scenes only a few."""
    splits = dict(zip(PLACES, ("validation[:64]", "validation[-32:]", "validation[-16:]"), strict=True))
    few = {f"{place}.roles.{role}.split": splits[place] for place in PLACES for role in ("source", "target")}
    return {
        **({} if config.data.roles.source.files else few),
        "evals.samples.every": 2,
        "evals.samples.num": 16,
        "model.levels": 3,
        "model.g_width": 4,
        "model.d_width": 4,
        **gan_config.QUICK,
    }


VARIANTS: dict[str, Any] = {
    "folders": {
        **{f"{place}.roles": roles("train" if place == "data" else "test", True) for place in PLACES},
        "data.size": 256,
        "data.load_size": 286,
        "data.flip": True,
        "model.levels": 8,
        "model.g_width": 64,
        "model.d_width": 64,
        "model.d_layers": 3,
        "batch_size": 1,
        "steps": 300_000,
        "checkpoint_every": 2000,
    },
    "l1": {"model.gan_weight": 0.0},
    "cgan": {"model.l1": 0.0},
    "quick": quick,
}
