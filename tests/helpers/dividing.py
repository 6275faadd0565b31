"""A script: small games in steps of the global batch on all devices, in float64, and where they end.

In float32 another order of sums can take a value across the kink of a ReLU. All later steps then differ.
"""

import sys

import adversaries
import jax
import numpy as np
import playing

from gan_jax.game import devices

STEPS = 3
# DTN has DCGAN's networks with batch norm. WGAN-GP draws z and the places of its penalty, and its critic
# moves twice in a step, on different images.
GAMES = {
    "dtn": (playing.model(), lambda m, i: playing.pictures(seed=i), playing.initial),
    "wgan_gp": (adversaries.model(**adversaries.WGAN_GP), adversaries.pictures, adversaries.initial),
}


def started(name):
    """The parameters of a game before its first step, by leaf."""
    m, _, initial = GAMES[name]
    return _parameters(initial(m))


def ended(name):
    """The parameters of a game after its last step, by leaf."""
    m, pictures, initial = GAMES[name]
    step, state = devices.pmap_step(m.train_step, 0, global_batch=True), devices.replicate(_wide(initial(m)))
    for i in range(STEPS):
        batch = devices.shard(_wide(pictures(m, i)))
        state, _ = step(state, batch, devices.clock(i, 0, True), "train")
    return _parameters(devices.unreplicate(state))


def _wide(tree):
    return jax.tree.map(lambda x: x.astype(np.float64) if x.dtype == np.float32 else x, tree)


def _parameters(state):
    params = {name: player.params for name, player in state.players.items()}
    return {jax.tree_util.keystr(path): x for path, x in jax.tree_util.tree_leaves_with_path(params)}


if __name__ == "__main__":
    for name in GAMES:
        started(name)  # networks are initialised in float32, and the helpers keep the state
    jax.config.update("jax_enable_x64", True)
    for name in GAMES:
        np.savez(f"{sys.argv[1]}/{name}.npz", **ended(name))
