"""Seconds of one DCGAN training step (64 pixels), compared with a PyTorch twin of equal parameter counts.

    pip install -e '.[bench]'
    python benchmarks/dcgan_step.py --json=step.json

`peers.py` explains how the sides take turns. A step is an update of D and one of G, each with its own noise.
"""

import peers
from absl import flags

_SIZE = flags.DEFINE_enum("size", "64", ["16", "32", "64"], "side of the images in pixels")
_WIDTH = flags.DEFINE_integer("width", 64, "channels of the layers next to the images", lower_bound=1)


def ours():
    """Our step on fixed random data."""
    import numpy as np

    size, width = int(_SIZE.value), _WIDTH.value
    images = np.random.default_rng(0).uniform(-1, 1, (peers.BATCH.value, size, size, 3))
    fields = {"name": "gan", "size": size, "channels": 3, "g_width": width, "d_width": width}
    return peers.ours(fields, {"image": images.astype(np.float32)})


def torch():
    """The twin's step on fixed random data."""
    import torch_gans

    return torch_gans.dcgan(int(_SIZE.value), _WIDTH.value, peers.BATCH.value)


if __name__ == "__main__":
    peers.run(
        peers.Comparison(
            ours,
            torch,
            settings=lambda: {"size": int(_SIZE.value), "width": _WIDTH.value, "batch": peers.BATCH.value},
            images=lambda: peers.BATCH.value,
        )
    )
