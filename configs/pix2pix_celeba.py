"""pix2pix from drawings of faces to photographs, pairs made in code from CelebA.

    python -m gan_jax.main --config=configs/pix2pix_celeba.py:part

The source is the photograph's edges (Sobel, in integers), computed after crop and mirror. The paper's
networks for 128 pixels, its losses and batch of 4 for edges and colours; 5 epochs. Scored is the
distance to the photograph. Variants:

    colour  the source is the photograph in grey
    part    the first 8 000 photographs at 64 pixels, networks half as wide; sized for two cores
    quick   two steps of everything on embedded cartoon faces
"""

from typing import Any

from gan_jax import config as gan_config

PHOTOS = {"files": {"train": "celeba/img_align_celeba"}}
PART = {"files": {"train": "celeba/img_align_celeba_half_first8000.zip"}}
PLACES = ("data", "evals.test", "evals.samples")


def roles(split, **data):
    """Edges as `source` and the photographs as `target`."""
    return {
        "source": gan_config.role(split=split, labels=False, derive="edges", **data),
        "target": gan_config.role(split=split, labels=False, **data),
    }


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = gan_config.default()
    config.name = "pix2pix_celeba"
    config.model = gan_config.model("pix2pix", levels=7)
    config.data.kind = "paired"
    config.data.size = 128
    config.data.load_size = 143
    config.data.flip = True
    config.batch_size = 4
    config.steps = 200_000
    config.checkpoint_every = 2000
    test = roles("train[182637:]", **PHOTOS)
    config.data.roles = roles("train[:162770]", **PHOTOS)
    config.evals.test = {"kind": "paired", "every": 0, "roles": test}
    config.evals.samples = {"kind": "sheet", "every": 2000, "num": 32, "roles": test}
    return gan_config.apply(config, arg, VARIANTS)


VARIANTS: dict[str, Any] = {
    "part": {
        "data.size": 64,
        "data.load_size": 0,
        # The same persons may appear among the last 800.
        "data.roles": roles("train[:7200]", **PART),
        "evals.test.roles": roles("train[7200:]", **PART),
        "evals.samples.roles": roles("train[7200:]", **PART),
        "evals.samples.every": 500,
        "model.levels": 6,
        "model.g_width": 32,
        "model.d_width": 32,
        "steps": 8000,
        "checkpoint_every": 500,
    },
    "quick": {
        "data.size": 32,
        "data.load_size": 36,
        "data.roles": roles("validation[:64]", name="emoji"),
        "evals.test.roles": roles("validation[:32]", name="emoji"),
        "evals.samples.roles": roles("validation[:16]", name="emoji"),
        "evals.samples.every": 2,
        "evals.samples.num": 16,
        "model.levels": 3,
        "model.g_width": 4,
        "model.d_width": 4,
        "model.d_layers": 2,
        **gan_config.QUICK,
    },
    "colour": {f"{place}.roles.source.derive": "grey" for place in PLACES},
}
