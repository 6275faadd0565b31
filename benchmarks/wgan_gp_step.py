"""Seconds of one WGAN-GP training step on digits, compared with a PyTorch twin of equal parameter counts.

    pip install -e '.[bench]'
    python benchmarks/wgan_gp_step.py --json=step.json

`peers.py` explains how the sides take turns. The networks are those of the authors' MNIST script, with 5x5
kernels at 28 pixels. A step is `n_critic` updates of the critic and one of G. Each update of the critic has
its own batch and the second derivatives of the gradient penalty.
"""

import peers
from absl import flags

_WIDTH = flags.DEFINE_integer("width", 64, "channels of the layers next to the images", lower_bound=1)
_CRITIC = flags.DEFINE_integer("n_critic", 5, "updates of the critic in a step", lower_bound=1)
flags.set_default(peers.BATCH, 50)


def ours():
    """Our step on fixed random data."""
    import numpy as np

    images = np.random.default_rng(0).uniform(-1, 1, (_CRITIC.value * peers.BATCH.value, 28, 28, 1))
    fields = {
        "name": "gan",
        "generator": "wgan",
        "discriminator": "wgan",
        "size": 28,
        "z_dim": 128,
        "g_width": _WIDTH.value,
        "d_width": _WIDTH.value,
        "loss": "wasserstein",
        "gp_weight": 10.0,
        "d_steps": _CRITIC.value,
        "g_learning_rate": 1e-4,
        "d_learning_rate": 1e-4,
        "b2": 0.9,
    }
    return peers.ours(fields, {"image": images.astype(np.float32)})


def torch():
    """The twin's step on fixed random data."""
    import torch_gans

    return torch_gans.wgan_gp(_WIDTH.value, _CRITIC.value, peers.BATCH.value)


def settings():
    """The settings of the figures."""
    return {"width": _WIDTH.value, "n_critic": _CRITIC.value, "batch": peers.BATCH.value}


if __name__ == "__main__":
    peers.run(peers.Comparison(ours, torch, settings, lambda: _CRITIC.value * peers.BATCH.value))
