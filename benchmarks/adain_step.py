"""Seconds of one AdaIN training step (128 pixels), compared with a PyTorch twin of equal parameter counts.

    pip install -e '.[bench]'
    python benchmarks/adain_step.py --json=step.json

`peers.py` explains how the sides take turns. A step is one update of the decoder. VGG has random weights,
which do not change the time. It maps the contents, the styles and the decoder's images.
"""

import peers
from absl import flags

_SIZE = flags.DEFINE_integer("size", 128, "side of the images in pixels, a multiple of 8", lower_bound=16)
_DEPTH = flags.DEFINE_enum("depth", "19", ["16", "19"], "layers of VGG")
_THROUGH = flags.DEFINE_enum("through", "relu4_1", ["relu2_1", "relu3_1", "relu4_1"], "the last layer of VGG")
flags.set_default(peers.BATCH, 4)


def ours():
    """Our step on fixed random data."""
    import numpy as np

    rng, shape = np.random.default_rng(0), (peers.BATCH.value, _SIZE.value, _SIZE.value, 3)
    batch = {role: rng.uniform(-1, 1, shape).astype(np.float32) for role in ("content", "style")}
    fields = {"name": "adain", "depth": int(_DEPTH.value), "through": _THROUGH.value}
    return peers.ours(fields, batch, frozen=("encoder",))


def torch():
    """The twin's step on fixed random data."""
    import torch_adain

    return torch_adain.adain(_SIZE.value, int(_DEPTH.value), _THROUGH.value, peers.BATCH.value)


def settings():
    """The settings of the figures."""
    sizes = {"size": _SIZE.value, "depth": int(_DEPTH.value), "through": _THROUGH.value}
    return {**sizes, "batch": f"{peers.BATCH.value} + {peers.BATCH.value}"}


if __name__ == "__main__":
    peers.run(peers.Comparison(ours, torch, settings, lambda: 2 * peers.BATCH.value))
