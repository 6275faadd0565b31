"""CycleGAN from drawn scenes to photographed ones, both with label maps that it never sees.

    python -m gan_jax.main --config=configs/cyclegan_scenes.py
    python experiments/domain_adaptation.py --student=fcn

What GTA to Cityscapes is in large. Embedded scenes at 32 pixels; the two domains learn from drawings that
they do not share. Variants:

    folders  128 pixels, the paper's networks for them, from folders of images and label maps, see
             `recipes.scenes.role`; 60 epochs of 3 000 images
    labels   the source is the photographs' label maps in colours: labels to photographs, and back
    quick    two steps of everything
"""

from typing import Any

from gan_jax import config as gan_config
from gan_jax.config.recipes import scenes

PLACES = ("data", "evals.test", "evals.samples")


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = gan_config.default()
    config.name = "cyclegan_scenes"
    config.model = gan_config.model(
        "cyclegan",
        g_width=32,
        blocks=3,
        downs=1,
        d_width=32,
        d_layers=2,
        decay_start=4000,
        decay_end=8000,
    )
    config.batch_size = 4
    config.steps = 8000
    config.checkpoint_every = 500
    config.data.roles = {
        "source": scenes.role("game", "train[:50%]", labels=False),
        "target": scenes.role("real", "train[50%:]", labels=False),
    }
    tested = {
        "source": scenes.role("game", "test", labels=False),
        "target": scenes.role("real", "test", labels=False),
    }
    config.evals.test = {"kind": "cycle", "every": 0, "roles": tested}
    config.evals.samples = {"kind": "sheet", "every": 1000, "num": 32, "roles": tested}
    return gan_config.apply(config, arg, VARIANTS)


def folders():
    """Images on disk, the sizes of the paper's smaller experiments."""
    domains = {"source": "game", "target": "real"}
    roles = {
        f"{place}.roles.{role}": scenes.role(
            domain, "train" if place == "data" else "test", folders=True, labels=False
        )
        for place in PLACES
        for role, domain in domains.items()
    }
    return {
        **roles,
        "data.size": 128,
        "data.load_size": 143,
        "data.flip": True,
        "model.g_width": 64,
        "model.blocks": 6,
        "model.downs": 2,
        "model.d_width": 64,
        "model.d_layers": 3,
        "model.decay_start": 90_000,
        "model.decay_end": 180_000,
        "batch_size": 1,
        "steps": 180_000,
        "checkpoint_every": 2000,
    }


def labels(config):
    """Label maps of other photographs than the target's, where these learn; of the same, where tested."""
    changed: dict[str, Any] = {}
    stored = bool(config.data.roles.source.files)
    for place in PLACES:
        mine, its = ("train[:50%]", "train[50%:]") if place == "data" else ("test", "test")
        changed[f"{place}.roles.source"] = scenes.role(
            "real", mine, folders=stored, labels=False, derive="palette"
        )
        changed[f"{place}.roles.target.split"] = its
    return changed


def quick(config):
    """Of the embedded scenes only a few."""
    few = {"data.roles.source.split": "validation[:64]", "data.roles.target.split": "validation[64:128]"}
    for name, last in (("test", 32), ("samples", 16)):
        few |= {f"evals.{name}.roles.{role}.split": f"validation[-{last}:]" for role in ("source", "target")}
    return {
        **({} if config.data.roles.source.files else few),
        "evals.samples.every": 2,
        "evals.samples.num": 16,
        "model.g_width": 4,
        "model.blocks": 1,
        "model.d_width": 4,
        "model.decay_start": 1,
        "model.decay_end": 2,
        **gan_config.QUICK,
    }


VARIANTS: dict[str, Any] = {
    "folders": folders(),
    "labels": labels,
    "quick": quick,
}
