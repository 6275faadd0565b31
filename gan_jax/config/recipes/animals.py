"""Photographs of animals, from CINIC-10 at 32 pixels, and what stands in for them without the files."""

from typing import Any

from gan_jax import config as gan_config


def pair(name: str) -> dict[str, dict[str, Any]]:
    """The roles `source` and `target` by split, `train` and `test`: 900 and 100 images of each animal.

    Args:
      name: of the pair, a folder of the zip: 'horse2deer' or 'cat2dog'.
    """
    zipped = f"cinic10/cinic10_unpaired.zip/{name}"

    def role(letter, split):
        files = {part: f"{zipped}/{part}{letter}" for part in ("train", "test")}
        return gan_config.role(split=split, files=files, labels=False)

    return {split: {"source": role("A", split), "target": role("B", split)} for split in ("train", "test")}


def evaluations(name: str, every: int) -> dict[str, Any]:
    """The evaluations of a run on a pair: the cycle at the end and a sheet at every `every` steps."""
    return {
        "test": {"kind": "cycle", "every": 0, "roles": pair(name)["test"]},
        "samples": {"kind": "sheet", "every": every, "num": 32, "roles": pair(name)["test"]},
    }


def _faces(split):
    """Cartoon faces of men and of women."""
    return {
        "source": gan_config.role("emoji", split, labels=False, having=("Male",)),
        "target": gan_config.role("emoji", split, labels=False, lacking=("Male",)),
    }


CAT2DOG: dict[str, Any] = {  # a change of shape, of which the paper of CycleGAN reports little success
    "data.roles": pair("cat2dog")["train"],
    "evals.test.roles": pair("cat2dog")["test"],
    "evals.samples.roles": pair("cat2dog")["test"],
}
QUICK: dict[str, Any] = {
    "data.roles": _faces("validation[:128]"),
    "evals.test.roles": _faces("validation[:64]"),
    "evals.samples.roles": _faces("validation[:64]"),
    "evals.samples.every": 2,
    "evals.samples.num": 16,
    "model.g_width": 4,
    **gan_config.QUICK,
}
