"""DiscoGAN between photographs of horses and of deer, 900 of each from CINIC-10, at 32 pixels.

    python -m gan_jax.main --config=configs/discogan_horse2deer.py:part

The official code's losses on networks of one level less, for 32 pixels. Beside configs/cyclegan_horse2deer.py
it is one side of experiments/cyclegan_discogan.py. Variants:

    cat2dog  cats and dogs
    paper    the equation as printed: adversarial and reconstruction terms of equal weight, from the start
    part     half as wide, a quarter of the batch, a fifth of the iterations; sized for two cores
    quick    two steps of everything on embedded cartoon faces
"""

from typing import Any

from gan_jax import config as gan_config


def pair(name):
    """`source` and `target` of training and of test: a folder of the zip each."""
    zipped = f"cinic10/cinic10_unpaired.zip/{name}"

    def role(letter, split):
        files = {part: f"{zipped}/{part}{letter}" for part in ("train", "test")}
        return gan_config.role(split=split, files=files, labels=False)

    return {split: {"source": role("A", split), "target": role("B", split)} for split in ("train", "test")}


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = gan_config.default()
    config.name = "discogan_horse2deer"
    config.model = gan_config.model("discogan", levels=3, curriculum=3000)
    config.batch_size = 64
    config.steps = 20_000
    config.checkpoint_every = 1000
    images = pair("horse2deer")
    config.data.roles = images["train"]
    config.evals.test = {"kind": "cycle", "every": 0, "roles": images["test"]}
    config.evals.samples = {"kind": "sheet", "every": 1000, "num": 32, "roles": images["test"]}
    return gan_config.apply(config, arg, VARIANTS)


def faces(split):
    """Cartoon faces of men and of women."""
    return {
        "source": gan_config.role("emoji", split, labels=False, having=("Male",)),
        "target": gan_config.role("emoji", split, labels=False, lacking=("Male",)),
    }


VARIANTS: dict[str, Any] = {
    "cat2dog": {
        "data.roles": pair("cat2dog")["train"],
        "evals.test.roles": pair("cat2dog")["test"],
        "evals.samples.roles": pair("cat2dog")["test"],
    },
    "part": {"model.width": 32, "model.curriculum": 1000, "batch_size": 16, "steps": 4000},
    "quick": {
        "data.roles": faces("validation[:128]"),
        "evals.test.roles": faces("validation[:64]"),
        "evals.samples.roles": faces("validation[:64]"),
        "evals.samples.every": 2,
        "evals.samples.num": 16,
        "model.width": 4,
        "model.update_interval": 2,  # both players move
        "model.curriculum": 2,
        **gan_config.QUICK,
    },
    "paper": {"model.gan_weight": 1.0, "model.fm_weight": 0.0, "model.curriculum": 0},
}
