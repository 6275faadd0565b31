"""Seconds of one AdaIN translation (512 pixels), compared with a PyTorch twin of equal parameter counts.

    pip install -e '.[bench]'
    python benchmarks/adain_translation.py --json=translation.json

`peers.py` explains how the sides take turns. A step encodes a photograph and a painting and decodes the
result. The weights are random, which does not change the time. A step reads and writes no file.
"""

import peers
from absl import flags

_SIZE = flags.DEFINE_integer("size", 512, "side of both images in pixels, a multiple of 8", lower_bound=16)
_DEPTH = flags.DEFINE_enum("depth", "19", ["16", "19"], "layers of VGG")
_THROUGH = flags.DEFINE_enum("through", "relu4_1", ["relu2_1", "relu3_1", "relu4_1"], "the last layer of VGG")
flags.set_default(peers.BATCH, 1)


def ours():
    """Our translation of fixed random images."""
    import jax
    import numpy as np

    from gan_jax.models import adain

    rng, shape = np.random.default_rng(0), (peers.BATCH.value, _SIZE.value, _SIZE.value, 3)
    batch = {role: rng.uniform(-1, 1, shape).astype(np.float32) for role in ("content", "style")}
    model = adain.Model(depth=int(_DEPTH.value), through=_THROUGH.value)
    state = jax.jit(model.init)(jax.random.key(0), batch)
    networks = {"decoder": state.players["decoder"].params, "encoder": state.frozen["encoder"]}
    sizes = {name: sum(x.size for x in jax.tree.leaves(tree)) for name, tree in networks.items()}
    translate = jax.jit(lambda state, batch: model.stylise(state, batch)["image"])
    return peers.Made(lambda: translate(state, batch).block_until_ready(), sizes, lambda: {"decoder": 0})


def torch():
    """The twin's translation of fixed random images."""
    import torch_adain

    return torch_adain.translation(_SIZE.value, int(_DEPTH.value), _THROUGH.value, peers.BATCH.value)


def settings():
    """The settings of the figures."""
    return {
        "size": _SIZE.value,
        "depth": int(_DEPTH.value),
        "through": _THROUGH.value,
        "batch": peers.BATCH.value,
    }


if __name__ == "__main__":
    peers.run(peers.Comparison(ours, torch, settings, lambda: peers.BATCH.value))
