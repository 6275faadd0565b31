"""Seconds of one step of Gatys' style transfer, compared with a PyTorch twin of equal parameter counts.

    pip install -e '.[bench]'
    python benchmarks/gatys_step.py --json=step.json

`peers.py` explains how the sides take turns. A step is one evaluation of VGG-16 through conv5_1 and one move
of the image by Adam. The weights are random.
"""

import peers
from absl import flags

_SIZE = flags.DEFINE_integer("size", 256, "side of the pictures in pixels", lower_bound=32)


def ours():
    """Our step on fixed random pictures; the targets are measured first."""
    import numpy as np

    rng = np.random.default_rng(0)
    shape = (1, _SIZE.value, _SIZE.value, 3)
    batch = {role: rng.uniform(-1, 1, shape).astype(np.float32) for role in ("content", "style")}
    fields = {"name": "gatys", "perception": "vgg16", "optimizer": "adam"}
    return peers.ours(fields, batch, frozen=("features",))


def torch():
    """The twin's step on fixed random pictures."""
    import torch_gatys

    return torch_gatys.make(_SIZE.value)


if __name__ == "__main__":
    settings = lambda: {"size": _SIZE.value, "features": "vgg16 through relu5_1"}  # noqa: E731
    peers.run(peers.Comparison(ours, torch, settings=settings, images=lambda: 1))
