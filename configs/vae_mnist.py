"""Variational autoencoder on MNIST (Kingma, Welling 2013, "Auto-Encoding Variational Bayes").

    python -m gan_jax.main --config=configs/vae_mnist.py

The network, optimiser and batch size are those of the public PyTorch and Flax examples, whose test loss after
ten epochs is about 104 nats. Departures from the paper: 400 ReLU units instead of 500 tanh units, Adam
instead of Adagrad, 20 latent dimensions, no prior of the weights. Grey pixels are learned as if they were
probabilities, as is usual. The scores are the bound on the test images and, at the end, the quality of
generated images by the features of a judge.
"""

from gan_jax.config import apply, default, model, quick, role
from gan_jax.config.recipes import generation
from gan_jax.config.recipes.generation import fashion, part

EPOCH = 469  # steps of batch 128


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "vae_mnist"
    config.model = model("vae")
    config.data.sets.images = generation.SETS["mnist"]
    config.data.size = 28
    config.data.roles.image = role("images[train]", labels=False)
    for name, kind in {"test": "elbo", "samples": "sheet", "reconstructions": "reconstructions"}.items():
        config.evals[name] = {"kind": kind, "every": EPOCH, "roles": {"image": role("images[test]")}}
    config.evals.samples.num = config.evals.reconstructions.num = 64
    config.requires.judge = generation.judge_of("mnist", 28)
    config.evals.generation = generation.scored(prefix="digit")
    config.batch_size = 128
    config.steps = 10 * EPOCH
    config.checkpoint_every = EPOCH
    return apply(config, arg, z2, aevb, conv, binary, gaussian, seed, fashion, part, quick)


def z2(config):
    """Two latent dimensions and 20 epochs, to draw the latent plane."""
    config.model.z_dim = 2
    config.steps = 20 * EPOCH
    for name, kind in {"map": "latent_map", "means": "latent_scatter"}.items():
        config.evals[name] = {"kind": kind, "every": EPOCH, "roles": {"image": role("images[test]")}}


def aevb(config):
    """The paper's network, Adagrad, batch 100, kernels from N(0, 0.01), and two latent dimensions."""
    z2(config)
    config.model.network = "aevb"
    config.model.optimizer, config.model.learning_rate = "adagrad", 0.02
    config.batch_size = 100
    config.steps = 20 * 600


def conv(config):
    """A network of two strided convolutions instead of a fully connected one."""
    config.model.network = "conv"


def binary(config):
    """Draws binary pixels anew in every batch, so that the bound is one of a proper likelihood, in nats."""
    config.model.binarize = "dynamic"


def gaussian(config):
    """Makes p(x|z) a Gaussian of standard deviation 0.1."""
    config.model.likelihood, config.model.sigma = "gaussian", 0.1


def seed(config):
    """Makes the reconstruction loss a squared error without a factor."""
    config.model.likelihood = "seed"
