"""WGAN with gradient penalty on MNIST (Gulrajani et al. 2017, "Improved Training of Wasserstein GANs").

    python -m gan_jax.main --config=configs/wgan_gp_mnist.py

Networks and values are those of the authors' MNIST script: 5x5 convolutions, no norm, five updates of the
critic, a penalty of 10, Adam at 1e-4 with b1 = 0.5 and b2 = 0.9. Departure: G is evaluated by running
statistics where it has batch norm, not by those of the batch. Variants, several of them separated by
commas:

    algorithm_1  b1 = 0 and batch 64, as the paper's Algorithm 1 has them
    one_sided    only slopes above 1 are penalised
    clip         WGAN (Arjovsky et al. 2017): parameters within 0.01, RMSProp at 5e-5, batch norm in both.
                 Departure: the critic makes five updates throughout, never a hundred
    fashion      Fashion-MNIST
    part         MNIST's official files from GAN_JAX_DATA; DCGAN's G and CGAN's D at a quarter of
                 their width, without norm in the critic, three updates of it and a faster Adam, sized
                 for two cores
    quick        two steps of everything on the embedded digits
"""

from typing import Any

from gan_jax.config import apply
from gan_jax.config.recipes import generation


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = generation.noise_to_image(
        "wgan_gp_mnist",
        "mnist",
        size=28,
        batch_size=50,
        steps=200_000,
        every=5000,
        generator="wgan",
        discriminator="wgan",
        z_dim=128,
        loss="wasserstein",
        gp_weight=10.0,
        gp_scale=2.0,  # the script's pixels are in [0, 1], so that its slopes are twice ours
        d_steps=5,
        g_learning_rate=1e-4,
        d_learning_rate=1e-4,
        b2=0.9,
    )
    return apply(config, arg, VARIANTS)


VARIANTS: dict[str, Any] = {
    "algorithm_1": {"model.b1": 0.0, "batch_size": 64},
    "one_sided": {"model.gp_sides": 1},
    "fashion": generation.fashion,
    "part": lambda config: {
        **generation.narrow(config),
        "model.generator": "dcgan",
        "model.d_norm": "none",
        "model.gp_scale": 1.0,  # these are not the script's networks, and were measured so
        "model.d_steps": 3,
        "model.g_learning_rate": 5e-4,
        "model.d_learning_rate": 5e-4,
        "steps": 5000,
        "evals.samples.every": 1000,
    },
    "clip": {
        "model.gp_weight": 0.0,
        "model.clip": 0.01,
        "model.optimizer": "rmsprop",
        "model.g_learning_rate": 5e-5,
        "model.d_learning_rate": 5e-5,
        "model.g_norm": "batch",
        "model.d_norm": "batch",
        "model.d_steps": 5,
    },
    "quick": generation.quick,
}
