"""StarGANs of networks of one or two layers, their batches and their updates, on two devices."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from one_layer import Pixelwise
from playing import drawn

from gan_jax.game import devices
from gan_jax.models import stargan
from gan_jax.networks.layers.basic import Dense, beside

ATTRIBUTES = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young")
CLASSES = tuple("abcdefgh")
B = 8  # of one update, on both devices together
SMALL = {"g_width": 4, "g_blocks": 0, "d_width": 4, "d_downs": 1, "n_critic": 2}


class Draw(nn.Module):
    """Images and labels [B, n] -> images."""

    @nn.compact
    def __call__(self, x, label):
        return Pixelwise(x.shape[-1], name="image")(beside(x, label))


class Score(nn.Module):
    """Images -> realness [B, H, W, 1] and class logits [B, classes]."""

    classes: int

    @nn.compact
    def __call__(self, x):
        x = Pixelwise(4, name="maps")(x)
        classes = Dense(self.classes, use_bias=False, name="classes")(jnp.square(x).mean((1, 2)))
        return Dense(1, use_bias=False, name="realness")(x), classes


class Small(stargan.Model):
    """Its terms and its moves are those of any networks."""

    g = property(lambda self: Draw())
    d = property(lambda self: Score(self.sets.labels))


def model(**fields):
    return Small(**{**SMALL, "labels": (ATTRIBUTES, CLASSES), "exclusive": (False, True), **fields})


def pictures(size=B, seed=0):
    rng = np.random.default_rng(seed)
    image = lambda: rng.uniform(-1, 1, (size, 8, 8, 3)).astype(np.float32)  # noqa: E731
    return {
        "a": image(),
        "a_label": rng.integers(0, 2, (size, 5)).astype(np.int32),
        "b": image()[..., :1],
        "b_label": rng.integers(0, 8, size).astype(np.int32),
    }


@functools.cache
def initial(m):
    return drawn(jax.eval_shape(m.init, jax.random.key(0), pictures(1)))


@functools.cache
def stepped(m, update=""):
    """The state and metrics after one iteration, or after one update of D, or of G, on one set."""

    def step(state, batch, rng, phase):
        del phase
        if not update:
            return m.train_step(state, batch, rng, "train")
        player, which = update.split()
        task, rng_gp = m._task(batch, rng, int(which))
        if player == "disc":
            return m._update_d(state, int(which), task, rng_gp)
        return m._update_g(state, int(which), task)

    batch = pictures(B if update else B * m.n_critic)
    mapped = devices.pmap_step(step, 0)
    state, metrics = mapped(
        devices.replicate(initial(m)), devices.shard(batch), devices.clock(0, 0, True), "train"
    )
    return devices.unreplicate(state), devices.to_host(metrics)


def changed(m, state, player, *path):
    """Where parameters of a player differ from those before."""
    before, after = (s.players[player].params for s in (initial(m), state))
    for name in path:
        before, after = before[name], after[name]
    return jax.tree.map(lambda a, b: a != b, before, after)


def counts(player):
    return {int(count) for _, count in optax.tree.get_all_with_path(player.opt_state, "count")}
