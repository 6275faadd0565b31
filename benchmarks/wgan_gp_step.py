"""Seconds of one WGAN-GP training step on digits, ours against a PyTorch twin of equal parameter counts.

    pip install -e '.[bench]'
    python benchmarks/wgan_gp_step.py --json=step.json

`peers.py` says how the sides take turns. The networks are those of the authors' MNIST script, 5x5 kernels at
28 pixels. A step is `n_critic` updates of the critic on batches of their own, each with the second
derivatives of the gradient penalty, and one update of G.
"""

import peers
from absl import flags

_WIDTH = flags.DEFINE_integer("width", 64, "Channels next to the images", lower_bound=1)
_CRITIC = flags.DEFINE_integer("n_critic", 5, "Updates of the critic", lower_bound=1)
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
    """The twin's step, likewise."""
    import torch_gans

    return torch_gans.wgan_gp(_WIDTH.value, _CRITIC.value, peers.BATCH.value)


def settings():
    """What the figures are of."""
    return {"width": _WIDTH.value, "n_critic": _CRITIC.value, "batch": peers.BATCH.value}


if __name__ == "__main__":
    peers.run(peers.Comparison(ours, torch, settings, lambda: _CRITIC.value * peers.BATCH.value))
