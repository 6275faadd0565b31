"""The first GAN on MNIST (Goodfellow et al. 2014, "Generative Adversarial Nets").

    python -m gan_jax.main --config=configs/gan_mnist.py

Two networks of one hidden layer, 100-128-784 and 784-128-1, as introductions to the subject have them. With
their usual rate, 0.01, all samples become one blob; here it is 2e-4. Variants, several of them separated by
commas:

    lecture_lr  the rate 0.01 and b1 0.9: shows the collapse
    minimax     G minimises log(1 - D), the paper's equation 1, instead of the loss that does not saturate
    k           three updates of D for each one of G, k of the paper's Algorithm 1
    mlp         two hidden layers of 256 leaky units, z of 64
    paper       the paper's networks (maxout and dropout in D, uniform z, kernels drawn uniformly) by SGD
                with momentum on the first 50 000 images. Departures: the momentum stays 0.5, the rate falls
                linearly, and biases begin at 0, not at the pixels' marginals
    fashion     Fashion-MNIST
    part        MNIST's official files from GAN_JAX_DATA; some minutes on two cores
    quick       two steps of everything on the embedded digits
"""

from typing import Any

from gan_jax.config import apply
from gan_jax.config.recipes import generation


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = generation.noise_to_image(
        "gan_mnist",
        "mnist",
        size=28,
        batch_size=100,
        steps=40_000,
        every=5000,
        generator="mlp_lecture",
        discriminator="mlp_lecture",
    )
    return apply(config, arg, VARIANTS)


VARIANTS: dict[str, Any] = {
    "lecture_lr": {"model.g_learning_rate": 0.01, "model.d_learning_rate": 0.01, "model.b1": 0.9},
    "minimax": {"model.loss": "minimax"},
    "k": {"model.d_steps": 3},
    "mlp": {"model.generator": "mlp", "model.discriminator": "mlp", "model.z_dim": 64},
    "paper": {
        "model.generator": "mlp_2014",
        "model.discriminator": "mlp_2014",
        "model.z_prior": "uniform",
        "model.z_scale": 3**0.5,  # of variance 1
        "model.optimizer": "sgd",
        "model.g_learning_rate": 0.1,
        "model.d_learning_rate": 0.1,
        "model.decay_start": 0,
        "model.decay_end": 125_000,  # 250 passes
        "data.roles.image.split": "train[:50000]",
        "steps": 125_000,
    },
    "fashion": generation.fashion,
    "part": generation.part,
    "quick": generation.quick,
}
