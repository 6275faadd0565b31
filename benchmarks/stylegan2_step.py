"""Seconds of a StyleGAN2 iteration, compared with a PyTorch twin of equal parameter counts.

    pip install -e '.[bench]'
    python benchmarks/stylegan2_step.py --json=step.json
    python benchmarks/stylegan2_step.py --filters=library
    python benchmarks/stylegan2_step.py --size=16 --batch_size=8 --pairs=1

`peers.py` explains how the sides take turns. A step is an iteration: D moves, then G and G's average. R1
comes every 16 iterations and the path lengths every 4 ("lazy regularisation"). A turn therefore counts 16
iterations, or a multiple of 16. `--filters` chooses the twin's form of the filters, see `torch_style.py`. The
honest ratio is the one beside the faster form.
"""

from typing import Any

import peers
from absl import flags

_SIZE = flags.DEFINE_integer("size", 64, "pixels a side, a power of two", lower_bound=8)
_BASE = flags.DEFINE_integer("width_base", 4096, "channels times pixels a side")
_MAX = flags.DEFINE_integer("width_max", 128, "most channels", lower_bound=1)
_FILTERS = flags.DEFINE_enum("filters", "slices", ["slices", "library"], "the twin's form of the filters")
flags.set_default(peers.BATCH, 16)
flags.set_default(peers.COUNTED, 16)
flags.set_default(peers.PAIRS, 5)

_CYCLE = 16  # iterations after which both penalties have had their turns
_FIELDS: dict[str, Any] = {
    "mapping_layers": 2,
    "style_mixing": 0.9,
    "r1_weight": 0.1,
    "r1_every": _CYCLE,
    "pl_weight": 2.0,
    "pl_every": 4,
    "learning_rate": 2e-3,
}


def ours():
    """Our step on fixed random data."""
    import numpy as np

    images = np.random.default_rng(0).uniform(-1, 1, (peers.BATCH.value, _SIZE.value, _SIZE.value, 3))
    widths = {"width_base": _BASE.value, "width_max": _MAX.value}
    latents = {"z_dim": _MAX.value, "w_dim": _MAX.value}
    fields = {"name": "stylegan2", "size": _SIZE.value, **widths, **latents, **_FIELDS}
    return peers.ours(fields, {"image": images.astype(np.float32)}, cycle=_CYCLE)


def torch():
    """The twin's step on fixed random data."""
    import torch_stylegan2

    sizes = _SIZE.value, _MAX.value, _BASE.value, _MAX.value, peers.BATCH.value
    return torch_stylegan2.stylegan2(*sizes, _FILTERS.value, **_FIELDS)


def settings():
    """The settings of the figures."""
    widths = {"width_base": _BASE.value, "width_max": _MAX.value}
    return {"size": _SIZE.value, **widths, "batch": peers.BATCH.value, "filters": _FILTERS.value}


if __name__ == "__main__":
    peers.run(peers.Comparison(ours, torch, settings, lambda: peers.BATCH.value, cycle=_CYCLE))
