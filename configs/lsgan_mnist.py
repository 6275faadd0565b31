"""Least-squares GAN on MNIST (Mao et al. 2017, "Least Squares Generative Adversarial Networks").

    python -m gan_jax.main --config=configs/lsgan_mnist.py

The labels (a, b, c) = (0, 1, 1) and Adam at 2e-4 with b1 = 0.5 are the paper's for small images. Departure:
the networks are those of DCGAN at 28 pixels; the paper's draw 112. Variants, several of them separated by
commas:

    pearson  (a, b, c) = (-1, 1, 0), with which G minimises Pearson's chi^2
    no_norm  no batch norm in D: of the paper's comparison of stability (Sec. 4.3); add ...
    rmsprop  ... this, for another column of it ...
    sigmoid  ... or this, the loss that it is compared with
    fashion  Fashion-MNIST
    part     MNIST's official files from GAN_JAX_DATA; a quarter of the width and D of CGAN, sized for two
             cores
    quick    two steps of everything on the embedded digits
"""

from typing import Any

from gan_jax.config import apply
from gan_jax.config.recipes import generation


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = generation.noise_to_image(
        "lsgan_mnist",
        "mnist",
        size=28,
        batch_size=64,
        steps=20_000,
        generator="dcgan",
        discriminator="dcgan",
        loss="lsgan",
    )
    return apply(config, arg, VARIANTS)


VARIANTS: dict[str, Any] = {
    "pearson": {"model.lsgan_a": -1.0, "model.lsgan_b": 1.0, "model.lsgan_c": 0.0},
    "no_norm": {"model.d_norm": "none"},
    "rmsprop": {
        "model.optimizer": "rmsprop_tf",
        "model.g_learning_rate": 1e-4,
        "model.d_learning_rate": 1e-4,
    },
    "sigmoid": {"model.loss": "nonsaturating"},
    "fashion": generation.fashion,
    "part": generation.narrow,
    "quick": generation.quick,
}
