"""pix2pix from labels of facades to photographs at the paper's size, 256 pixels.

    python -m gan_jax.main --config=configs/pix2pix_facades.py

Networks, losses, jitter and 200 epochs of 400 pairs, one at a time, as in the paper. The files are the
official ones: `facades/train`, `val` and `test` below the folder of files, photograph on the left and
labels on the right of each picture. Made for an accelerator. Variants:

    photo2labels  the other direction
    quick         two steps of everything on embedded cartoon faces
"""

from typing import Any

from gan_jax import config as gan_config

FILES = {split: f"facades/{split}" for split in ("train", "val", "test")}
PLACES = ("data", "evals.test", "evals.samples")


def roles(split):
    """Labels as `source`, photographs as `target`."""
    return {
        role: gan_config.role(split=split, files=FILES, labels=False, side=side, channels=3)
        for role, side in (("source", "right"), ("target", "left"))
    }


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = gan_config.default()
    config.name = "pix2pix_facades"
    config.model = gan_config.model("pix2pix")
    config.data.kind = "paired"
    config.data.size = 256
    config.data.load_size = 286
    config.data.flip = True
    config.batch_size = 1
    config.steps = 80_000
    config.checkpoint_every = 2000
    config.data.roles = roles("train")
    config.evals.test = {"kind": "paired", "every": 0, "roles": roles("test")}
    config.evals.samples = {"kind": "sheet", "every": 2000, "num": 8, "roles": roles("val")}
    return gan_config.apply(config, arg, VARIANTS)


def faces(split):
    """Edges of cartoon faces, and the faces."""
    return {
        "source": gan_config.role("emoji", split, labels=False, derive="edges", channels=3),
        "target": gan_config.role("emoji", split, labels=False),
    }


def sides():
    """Each role takes the other half of a picture."""
    halves = {"source": "left", "target": "right"}
    return {f"{place}.roles.{role}.side": side for place in PLACES for role, side in halves.items()}


VARIANTS: dict[str, Any] = {
    "photo2labels": sides(),
    "quick": {
        "data.size": 32,
        "data.load_size": 36,
        "data.roles": faces("validation[:64]"),
        "evals.test.roles": faces("validation[:32]"),
        "evals.samples.roles": faces("validation[:16]"),
        "evals.samples.every": 2,
        "evals.samples.num": 8,
        "model.levels": 3,
        "model.g_width": 4,
        "model.d_width": 4,
        "model.d_layers": 2,
        **gan_config.QUICK,
    },
}
