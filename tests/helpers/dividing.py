"""Small games on all devices of a process, in steps of the global batch. As a script it saves their ends."""

import sys

import adversaries
import jax
import numpy as np
import playing

from gan_jax.game import devices

STEPS = 3
# The draws are warps of DTN's fakes, z, and the places of gradient penalties. WGAN-GP's critic moves twice in
# a step, on different images. DTN and DCGAN have batch norm.
GAMES = {
    "dtn": (playing.model(const_warp=1.0), lambda m, i: playing.pictures(seed=i), playing.initial),
    "wgan_gp": (adversaries.model(**adversaries.WGAN_GP), adversaries.pictures, adversaries.initial),
    "dcgan": (adversaries.model(**adversaries.CONVOLUTIONS), adversaries.pictures, adversaries.initial),
}


def started(name):
    """The parameters of a game before its first step, by leaf."""
    m, _, initial = GAMES[name]
    return _parameters(initial(m))


def played(name, global_batch=True):
    """The parameters of a game after its last step, by leaf."""
    m, pictures, initial = GAMES[name]
    step, state = devices.pmap_step(m.train_step, 0, global_batch), devices.replicate(initial(m))
    for i in range(STEPS):
        state, _ = step(state, devices.shard(pictures(m, i)), devices.clock(i, 0, True), "train")
    return _parameters(devices.unreplicate(state))


def _parameters(state):
    params = {name: player.params for name, player in state.players.items()}
    return {jax.tree_util.keystr(path): x for path, x in jax.tree_util.tree_leaves_with_path(params)}


if __name__ == "__main__":
    folder, *names = sys.argv[1:]
    for name in names:
        np.savez(f"{folder}/{name}.npz", **played(name))
