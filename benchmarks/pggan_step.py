"""Seconds of one progressive GAN training step, compared with a PyTorch twin of equal parameter counts.

    pip install -e '.[bench]'
    python benchmarks/pggan_step.py --json=step.json
    python benchmarks/pggan_step.py --size=16 --batch_size=8 --pairs=1 --counted=1

`peers.py` explains how the sides take turns. A step is that of the last stage once it is whole: an update of
D with gradient penalty and drift, an update of G, and G's average.
"""

import peers
from absl import flags

_SIZE = flags.DEFINE_integer("size", 64, "pixels a side, a power of two", lower_bound=8)
_BASE = flags.DEFINE_integer("width_base", 4096, "channels times pixels a side")
_MAX = flags.DEFINE_integer("width_max", 128, "most channels", lower_bound=1)
flags.set_default(peers.BATCH, 16)

_WHOLE = 10**6  # an iteration long after the last fade


def ours():
    """Our step on fixed random data."""
    import numpy as np

    images = np.random.default_rng(0).uniform(-1, 1, (peers.BATCH.value, _SIZE.value, _SIZE.value, 3))
    fields = {
        "name": "pggan",
        "size": _SIZE.value,
        "z_dim": _MAX.value,
        "width_base": _BASE.value,
        "width_max": _MAX.value,
        "stable_steps": 1,
        "fade_steps": 1,
    }
    return peers.ours(fields, {"image": images.astype(np.float32)}, start=_WHOLE)


def torch():
    """The twin's step on fixed random data."""
    import torch_growing

    widths = _BASE.value, _MAX.value
    return torch_growing.pggan(_SIZE.value, _MAX.value, *widths, peers.BATCH.value)


def settings():
    """The settings of the figures."""
    widths = {"width_base": _BASE.value, "width_max": _MAX.value}
    return {"size": _SIZE.value, **widths, "batch": peers.BATCH.value}


if __name__ == "__main__":
    peers.run(peers.Comparison(ours, torch, settings, lambda: peers.BATCH.value))
