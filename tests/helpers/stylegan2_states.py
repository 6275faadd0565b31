"""A small StyleGAN2 and its states, drawn without compiled initialisers."""

import functools

import jax
import numpy as np

from gan_jax.models import stylegan2

SMALL = {"size": 8, "width_base": 32, "width_max": 4, "mapping_multiplier": 1.0}
TINY = {**stylegan2.Model.TINY, **SMALL, "augment": "ada", "augment_kinds": ("flip",)}
B = 8


def model(**fields):
    return stylegan2.Model(**{**TINY, **fields})


def pictures(seed=0, size=B, side=8):
    rng = np.random.default_rng(seed)
    return {"image": rng.uniform(-1, 1, (size, side, side, 3)).astype(np.float32)}


@functools.cache
def initial(m):
    """A state with `m.init`'s shapes, on the host, drawn by numpy, since compiling initialisers is slow."""
    rng = np.random.default_rng(0)
    label = {"image_label": np.zeros(1, np.int32)} if m.num_classes else {}
    shapes = jax.eval_shape(m.init, jax.random.key(0), pictures(size=1, side=m.size) | label)

    def fill(path, leaf):
        if path[-1].key == "bias":
            return np.full(leaf.shape, path[-2].key == "affine", np.float32)
        return rng.normal(size=leaf.shape).astype(np.float32)

    zeros = lambda tree: jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), tree)  # noqa: E731
    players = {}
    for name, player in shapes.players.items():
        params = jax.tree_util.tree_map_with_path(fill, player.params)
        ema = None if player.ema is None else jax.tree.map(np.copy, params)
        players[name] = player.replace(params=params, opt_state=zeros(player.opt_state), ema=ema)
    frozen = jax.tree_util.tree_map_with_path(fill, shapes.frozen)
    return shapes.replace(step=np.int32(0), players=players, frozen=frozen, memory=zeros(shapes.memory))
