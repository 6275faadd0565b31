"""DCGAN on faces of 64 pixels (Radford et al. 2015, "Unsupervised Representation Learning with DCGANs").

    python -m gan_jax.main --config=configs/dcgan_celeba.py

Optimiser, batch, passes and initial values are the paper's. Departures: its faces are not public, these are
CelebA's; widths begin at 64 and kernels are 4x4, as in the public Torch code; z is normal, not uniform.
Nothing scores these images unless Inception's weights are there. Variants, several of them separated by
commas:

    folder     a folder or zip of faces under GAN_JAX_DATA, celeba/img_align_celeba
    inception  scored by Inception-v3, whose weights are a file in the working folder
    part       8 000 faces at half size from GAN_JAX_DATA, sized for two cores; D has spectral normalisation
               and the hinge loss, for with batch norm it knows 7 000 faces at once and G learns nothing
    quick      two steps of everything on the embedded cartoon faces
"""

from typing import Any

from gan_jax.config import apply
from gan_jax.config.recipes import generation


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = generation.noise_to_image(
        "dcgan_celeba",
        "celeb_a",
        size=64,
        batch_size=128,
        steps=31_775,  # 25 passes
        judge=False,
        generator="dcgan",
        discriminator="dcgan",
        channels=3,
    )
    return apply(config, arg, VARIANTS)


def faces(config, path, first):
    """Faces in a folder or zip, of which those from `first` on are not trained on."""
    parts = {"data.roles.image": f"train[:{first}]", "evals.samples.roles.image": f"train[{first}:]"}
    if "test" in config.evals:
        parts["evals.test.roles.image"] = f"train[{first}:]"
        parts["evals.test.roles.reference"] = f"train[:{min(first, 10_000)}]"
    splits = {f"{role}.split": split for role, split in parts.items()}
    return {**generation.everywhere(config, {"name": "", "files": {"train": path}}), **splits}


VARIANTS: dict[str, Any] = {
    "inception": generation.inception,
    "folder": lambda config: faces(config, "celeba/img_align_celeba", 182_637),
    "part": lambda config: {
        **faces(config, "celeba/img_align_celeba_half_first8000.zip", 7000),
        "model.g_width": 32,
        "model.d_width": 32,
        "model.d_norm": "none",
        "model.spectral": True,
        "model.loss": "hinge",
        "model.g_learning_rate": 5e-4,
        "model.d_learning_rate": 1e-3,  # at equal rates of so few steps D lags, and colours swing
        "model.decay_start": 1500,
        "model.decay_end": 3000,
        "model.ema": 0.99,
        "batch_size": 64,
        "steps": 3000,
        "evals.samples.every": 500,
    },
    "quick": lambda config: {**generation.quick(config, "emoji"), "model.size": 32, "data.size": 32},
}
