"""Seconds of one CycleGAN training step (128 pixels), compared with a PyTorch twin of equal parameter counts.

    pip install -e '.[bench]'
    python benchmarks/cyclegan_step.py --json=step.json

`peers.py` explains how the sides take turns. A step is an update of both generators, with identity terms, and
one of both discriminators on fakes from their pools.
"""

import peers
from absl import flags

_SIZE = flags.DEFINE_integer("size", 128, "side of the images in pixels, a multiple of 4", lower_bound=32)
_WIDTH = flags.DEFINE_integer("width", 64, "channels of the first layers", lower_bound=1)
_BLOCKS = flags.DEFINE_integer("blocks", 6, "residual blocks of a generator", lower_bound=0)
_IDENTITY = 0.5
flags.set_default(peers.BATCH, 1)


def ours():
    """Our step on fixed random data."""
    import numpy as np

    rng, shape = np.random.default_rng(0), (peers.BATCH.value, _SIZE.value, _SIZE.value, 3)
    batch = {role: rng.uniform(-1, 1, shape).astype(np.float32) for role in ("source", "target")}
    width = {"g_width": _WIDTH.value, "d_width": _WIDTH.value, "blocks": _BLOCKS.value}
    return peers.ours({"name": "cyclegan", "identity": _IDENTITY, **width}, batch)


def torch():
    """The twin's step on fixed random data."""
    import torch_translation

    sizes = _SIZE.value, _WIDTH.value, _BLOCKS.value
    return torch_translation.cyclegan(*sizes, peers.BATCH.value, _IDENTITY)


def settings():
    """The settings of the figures."""
    sizes = {"size": _SIZE.value, "width": _WIDTH.value, "blocks": _BLOCKS.value}
    return {**sizes, "batch": f"{peers.BATCH.value} + {peers.BATCH.value}"}


if __name__ == "__main__":
    peers.run(peers.Comparison(ours, torch, settings, lambda: 2 * peers.BATCH.value))
