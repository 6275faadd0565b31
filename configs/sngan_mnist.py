"""Spectral normalisation on MNIST (Miyato et al. 2018, "Spectral Normalization for GANs").

    python -m gan_jax.main --config=configs/sngan_mnist.py

D's kernels are divided by their largest singular value, one power iteration an update; the loss is the
hinge, Adam that of the paper's setting C (2e-4, b1 0.5, b2 0.999, one update of D). Departure: the networks
are those of DCGAN at 28 pixels, without norm in D; the paper's are for 32 and 48. Variants, several of them
separated by commas:

    bce      the loss of the first GAN, which the paper uses with its standard CNN
    cifar10  CIFAR-10 with the paper's standard CNN
    resnet   CIFAR-10 with its ResNets, five updates of D, b1 0, b2 0.9, a rate falling to zero
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
        "sngan_mnist",
        "mnist",
        size=28,
        batch_size=64,
        steps=50_000,
        every=5000,
        generator="dcgan",
        discriminator="dcgan",
        d_norm="none",
        spectral=True,
        loss="hinge",
    )
    return apply(config, arg, VARIANTS)


VARIANTS: dict[str, Any] = {
    "bce": {"model.loss": "nonsaturating"},
    "cifar10": lambda config: {
        **generation.cifar10(config),
        "model.generator": "sndcgan",
        "model.discriminator": "sndcgan",
        "model.z_dim": 128,
    },
    "resnet": lambda config: {
        **generation.cifar10(config),
        "model.z_dim": 128,
        "model.generator": "sn_resnet",
        "model.discriminator": "sn_resnet",
        "model.d_steps": 5,
        "model.b1": 0.0,
        "model.b2": 0.9,
        "model.decay_end": 50_000,
    },
    "fashion": generation.fashion,
    "part": generation.narrow,
    "quick": generation.quick,
}
