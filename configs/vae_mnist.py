"""Variational autoencoder on MNIST (Kingma, Welling 2013, "Auto-Encoding Variational Bayes").

    python -m gan_jax.main --config=configs/vae_mnist.py

Network, optimiser and batch are those of the public PyTorch and Flax examples, whose test loss after ten
epochs is about 104 nats. Departures from the paper: 400 units of ReLU for 500 of tanh, Adam for Adagrad,
20 latent dimensions, no prior of the weights; grey pixels are learnt as if they were probabilities, as
everywhere. Scored are the bound on the test images and, at the end, drawn images by the features of a judge.
Variants, several of them separated by commas:

    z2        two latent dimensions and 20 epochs; draws the latent plane
    aevb      the paper's network, Adagrad, batch 100, kernels from N(0, 0.01), two latent dimensions
    conv      two strided convolutions
    binary    pixels drawn anew in every batch: bounds in nats of a likelihood proper
    gaussian  p(x|z) a Gaussian of deviation 0.1
    seed      squared error without factor
    fashion   Fashion-MNIST
    part      MNIST's official files from GAN_JAX_DATA
    quick     two steps of everything on the embedded digits
"""

from typing import Any

from gan_jax import config as gan_config
from gan_jax.config.recipes import generation

EPOCH = 469  # steps of batch 128


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = gan_config.default()
    config.name = "vae_mnist"
    config.model = gan_config.model("vae")
    config.data.size = 28
    config.batch_size = 128
    config.steps = 10 * EPOCH
    config.checkpoint_every = EPOCH
    config.data.roles.image = gan_config.role("mnist", "train", labels=False)
    test = {"image": gan_config.role("mnist", "test")}
    config.evals.test = {"kind": "elbo", "every": EPOCH, "roles": test}
    for name, kind in (("samples", "sheet"), ("reconstructions", "reconstructions")):
        config.evals[name] = {"kind": kind, "every": EPOCH, "num": 64, "roles": test}
    config.requires.judge = generation.judge_of("mnist", 28)
    config.evals.generation = generation.scored("mnist", prefix="digit")
    return gan_config.apply(config, arg, VARIANTS)


def two_dimensions(config):
    """A plane to look at, and more steps to fill it."""
    test = config.evals.test.roles.to_dict()
    return {
        "model.z_dim": 2,
        "steps": 20 * EPOCH,
        "evals.map": {"kind": "latent_map", "every": EPOCH, "roles": test},
        "evals.means": {"kind": "latent_scatter", "every": EPOCH, "roles": test},
    }


def quick(config):
    """Two steps, as small as they come."""
    embedded = {"name": "digits_plain", "files": {}, "split": "validation[:64]"}
    return {
        **generation.everywhere(config, embedded),
        **{f"evals.{name}.every": 2 for name in config.evals if config.evals[name].every},
        "evals.test.every": 1,
        "evals.test.roles.image.split": "validation[:32]",
        "model.width": 8,
        "requires.judge.model.widths": (4, 4, 4, 8),
        "requires.judge.steps": 2,
        "requires.judge.batch_size": 8,
        **gan_config.QUICK,
    }


VARIANTS: dict[str, Any] = {
    "z2": two_dimensions,
    "aevb": lambda config: {
        **two_dimensions(config),
        "model.network": "aevb",
        "model.optimizer": "adagrad",
        "model.learning_rate": 0.02,
        "batch_size": 100,
        "steps": 20 * 600,
    },
    "conv": {"model.network": "conv"},
    "binary": {"model.binarize": "dynamic"},
    "gaussian": {"model.likelihood": "gaussian", "model.sigma": 0.1},
    "seed": {"model.likelihood": "seed"},
    "fashion": lambda config: {
        **generation.everywhere(config, {"name": "fashion_mnist"}),
        "requires.judge.name": "judge_fashion_mnist",
        "evals.generation.prefix": "fashion",
    },
    "part": generation.part,
    "quick": quick,
}
