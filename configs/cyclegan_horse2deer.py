"""CycleGAN between photographs of horses and of deer, 900 of each from CINIC-10, at 32 pixels.

    python -m gan_jax.main --config=configs/cyclegan_horse2deer.py:part

100 epochs at a constant rate and 100 of linear decay, as the paper has them; images are enlarged to 36 pixels
and cropped at random, in the paper's proportion. Variants:

    cat2dog  cats and dogs: a change of shape, of which the paper reports little success
    part     a tenth of the epochs; sized for two cores
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
    config.name = "cyclegan_horse2deer"
    config.model = gan_config.model(
        "cyclegan",
        width=32,
        blocks=3,
        d_width=32,
        d_layers=2,
        identity=0.5,
        decay_start=90_000,  # 100 epochs of 900
        decay_end=180_000,
    )
    config.data.load_size = 36
    config.data.flip = True
    config.batch_size = 1
    config.steps = 180_000
    config.checkpoint_every = 2000
    images = pair("horse2deer")
    config.data.roles = images["train"]
    config.evals.test = {"kind": "cycle", "every": 0, "roles": images["test"]}
    config.evals.samples = {"kind": "sheet", "every": 2000, "num": 32, "roles": images["test"]}
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
    "part": {"steps": 18_000, "model.decay_start": 9000, "model.decay_end": 18_000},
    "quick": {
        "data.roles": faces("validation[:128]"),
        "evals.test.roles": faces("validation[:64]"),
        "evals.samples.roles": faces("validation[:64]"),
        "evals.samples.every": 2,
        "evals.samples.num": 16,
        "model.width": 4,
        "model.blocks": 1,
        "model.d_width": 4,
        **gan_config.QUICK,
    },
}
