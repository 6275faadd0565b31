"""DiscoGAN between photographs of men and of women, from CelebA, at 64 pixels.

    python -m gan_jax.main --config=configs/discogan_celeba_gender.py:part

The networks and losses of the official code, which squeezes whole photographs to a square; the paper and the
code say nothing of how long to train, 60 000 iterations are this project's. Variants:

    paper  the equation as printed: adversarial and reconstruction terms of equal weight, from the start
    part   the first 8 000 photographs at half size, of these the middle square; sized for two cores
    quick  two steps of everything on embedded cartoon faces
"""

from typing import Any

from gan_jax import config as gan_config

PHOTOS = {"files": {"train": "celeba/img_align_celeba"}, "attributes_file": "celeba/list_attr_celeba.txt"}
PART = {
    "files": {"train": "celeba/img_align_celeba_half_first8000.zip"},
    "attributes_file": "celeba/list_attr_celeba_first8000.txt",
}


def roles(split, **data):
    """Men as `source`, women as `target`."""
    return {
        "source": gan_config.role(split=split, labels=False, having=("Male",), **data),
        "target": gan_config.role(split=split, labels=False, lacking=("Male",), **data),
    }


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = gan_config.default()
    config.name = "discogan_celeba_gender"
    config.model = gan_config.model("discogan")
    config.data.size = 64
    config.batch_size = 64
    config.steps = 60_000
    config.checkpoint_every = 2000
    train, test = (roles(f"train[{rows}]", resize="squeeze", **PHOTOS) for rows in (":162770", "182637:"))
    config.data.roles = train
    config.evals.test = {"kind": "cycle", "every": 0, "roles": test}
    config.evals.samples = {"kind": "sheet", "every": 2000, "num": 32, "roles": test}
    return gan_config.apply(config, arg, VARIANTS)


VARIANTS: dict[str, Any] = {
    "part": {
        # The same persons may appear among the last 800.
        "data.roles": roles("train[:7200]", **PART),
        "evals.test.roles": roles("train[7200:]", **PART),
        "evals.samples.roles": roles("train[7200:]", **PART),
        "evals.samples.every": 500,
        "model.g_width": 32,
        "model.d_width": 32,
        "model.curriculum": 1000,
        "batch_size": 16,
        "steps": 4000,
        "checkpoint_every": 500,
    },
    "quick": {
        "data.size": 32,
        "data.roles": roles("validation[:128]", name="emoji"),
        "evals.test.roles": roles("validation[:64]", name="emoji"),
        "evals.samples.roles": roles("validation[:64]", name="emoji"),
        "evals.samples.every": 2,
        "evals.samples.num": 16,
        "model.g_width": 4,
        "model.d_width": 4,
        "model.levels": 3,
        "model.update_interval": 2,  # both players move
        "model.curriculum": 2,
        **gan_config.QUICK,
    },
    "paper": {"model.gan_weight": 1.0, "model.fm_weight": 0.0, "model.curriculum": 0},
}
