"""Seconds of one StarGAN training step (128 pixels), compared with a PyTorch twin of equal parameter counts.

    pip install -e '.[bench]'
    python benchmarks/stargan_step.py --json=step.json

`peers.py` explains how the sides take turns. A step is `n_critic` updates of D and one of G. Each update of D
has its own batch and the second derivatives of the gradient penalty.
"""

import peers
from absl import flags

_SIZE = flags.DEFINE_integer("size", 128, "side of the images in pixels, a power of 2", lower_bound=8)
_WIDTH = flags.DEFINE_integer("width", 64, "channels of the first layers", lower_bound=1)
_BLOCKS = flags.DEFINE_integer("blocks", 6, "residual blocks of G", lower_bound=0)
_CRITIC = flags.DEFINE_integer("n_critic", 5, "updates of D in a step", lower_bound=1)
_LABELS = 5
flags.set_default(peers.BATCH, 16)


def downs():
    """The number of strided layers of D, down to 2x2 pixels."""
    return _SIZE.value.bit_length() - 2


def ours():
    """Our step on fixed random data."""
    import numpy as np

    rng, count = np.random.default_rng(0), _CRITIC.value * peers.BATCH.value
    images = rng.uniform(-1, 1, (count, _SIZE.value, _SIZE.value, 3)).astype(np.float32)
    batch = {"a": images, "a_label": rng.integers(2, size=(count, _LABELS)).astype(np.int32)}
    fields = {
        "name": "stargan",
        "labels": (tuple(f"attribute_{i}" for i in range(_LABELS)),),
        "g_width": _WIDTH.value,
        "g_blocks": _BLOCKS.value,
        "d_width": _WIDTH.value,
        "d_downs": downs(),
        "n_critic": _CRITIC.value,
    }
    return peers.ours(fields, batch)


def torch():
    """The twin's step on fixed random data."""
    import torch_translation

    sizes = _SIZE.value, _WIDTH.value, _BLOCKS.value, downs()
    return torch_translation.stargan(*sizes, _CRITIC.value, peers.BATCH.value, _LABELS)


def settings():
    """The settings of the figures."""
    sizes = {"size": _SIZE.value, "width": _WIDTH.value, "blocks": _BLOCKS.value}
    return {**sizes, "n_critic": _CRITIC.value, "batch": peers.BATCH.value}


if __name__ == "__main__":
    peers.run(peers.Comparison(ours, torch, settings, lambda: _CRITIC.value * peers.BATCH.value))
