"""A model of one domain `a` that brightens images by the wanted labels; grey, one size only."""

import dataclasses

import jax.numpy as jnp
import optax

from gan_jax.errors import ConfigError
from gan_jax.game import create, player
from gan_jax.models.shared import base

NAMES = ("Bright", "Dark")


@dataclasses.dataclass(frozen=True)
class Model(base.Defaults):
    translates = True
    takes_requests = True
    requests = (NAMES,)

    def trained_role(self, role):
        return "a"

    def init(self, rng, batch):
        return create({"gen": player({"params": {"step": jnp.ones(())}}, optax.sgd(0.1))})

    def condition(self, names):
        for name in names:
            if name not in NAMES:
                raise ConfigError(f"label {name!r} is not known; known: {', '.join(NAMES)}")
        return jnp.array([name in names for name in NAMES], jnp.float32)

    def generate(self, state, batch, rng):
        asked = batch["label"] @ jnp.array([1.0, -1.0])
        return {"target": batch["source"] + 0.5 * asked[:, None, None, None]}

    def train_step(self, state, batch, rng, phase):
        raise AssertionError("runs of no step are enough here")
