"""Conditional GAN on MNIST (Mirza, Osindero 2014, "Conditional Generative Adversarial Nets").

    python -m gan_jax.main --config=configs/cgan_mnist.py

Both networks are given the class beside noise or image, and are the paper's: maxout units in D, dropout
in both. Departures: SGD begins at 0.02, since at the paper's 0.1 D diverges within twenty steps from these
initial values; its rate falls linearly and its momentum stays 0.5; z is uniform on [-1, 1], not [0, 1]; the
last step is kept, not that of the best Parzen likelihood. Variants, several of them separated by commas:

    conv     convolutions that are given the class at every layer, by Adam, as the public code of DCGAN has
             them
    mlp      smaller fully connected networks and normal z, by Adam
    fashion  Fashion-MNIST
    part     MNIST's official files from GAN_JAX_DATA, sized for two cores: D of `conv` at a quarter of its
             width and DCGAN's G, for that of `conv` is soon behind so narrow; or the networks of `mlp`
    quick    two steps of everything on the embedded digits
"""

from typing import Any

from gan_jax.config import apply
from gan_jax.config.recipes import generation


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = generation.noise_to_image(
        "cgan_mnist",
        "mnist",
        size=28,
        batch_size=100,
        steps=60_000,
        every=5000,
        classes=10,
        labels="input",
        generator="mirza",
        discriminator="mirza",
        z_prior="uniform",
        optimizer="sgd",
        g_learning_rate=0.02,
        d_learning_rate=0.02,
        decay_end=60_000,
    )
    return apply(config, arg, VARIANTS)


_ADAM = {
    "model.optimizer": "adam",
    "model.g_learning_rate": 2e-4,
    "model.d_learning_rate": 2e-4,
    "model.decay_end": 0,
}
_CONV = {"model.generator": "cgan_conv", "model.discriminator": "cgan_conv", **_ADAM}


def part(config):
    """Ten minutes or so, of whichever networks learn by Adam."""
    if config.model.generator == "mlp_cgan":
        return generation.part(config, batch_size=64, steps=50_000)
    return {**generation.narrow(config), **_ADAM, "model.generator": "dcgan"}


VARIANTS: dict[str, Any] = {
    "conv": {**_CONV, "batch_size": 128},
    "mlp": {
        "model.generator": "mlp_cgan",
        "model.discriminator": "mlp_cgan",
        "model.z_prior": "normal",
        **_ADAM,
    },
    "fashion": generation.fashion,
    "part": part,
    "quick": lambda config: {**generation.quick(config), "model.g_width": 4, "model.d_width": 24},
}
