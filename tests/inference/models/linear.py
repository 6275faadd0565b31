"""A noise-to-image model without a game: G(z, y) = tanh(W z + b_y); training W has no goal."""

import dataclasses

import jax
import jax.numpy as jnp
import optax

from gan_jax.game import create, player, update
from gan_jax.models.shared import base


@dataclasses.dataclass(frozen=True)
class Model(base.Defaults):
    draws_from_noise = True

    size: int = 8
    channels: int = 3
    z_dim: int = 5
    num_classes: int = 0
    z_prior: str = "normal"

    def init(self, rng, batch):
        pixels = self.size**2 * self.channels
        params = {
            "w": jax.random.normal(rng, (self.z_dim, pixels)) / 4,
            "b": jax.random.normal(jax.random.fold_in(rng, 1), (max(self.num_classes, 1), pixels)) / 4,
        }
        return create({"gen": player({"params": params}, optax.sgd(0.1))})

    @property
    def straight_paths(self):
        return self.z_prior == "uniform"

    def latents(self, rng, n):
        draw = jax.random.normal if self.z_prior == "normal" else jax.random.uniform
        return draw(rng, (n, self.z_dim))

    def decode(self, state, z, label=None):
        params = state.players["gen"].eval_variables["params"]
        bias = params["b"][jnp.zeros(z.shape[0], int) if label is None else label]
        return jnp.tanh(z @ params["w"] + bias).reshape(-1, self.size, self.size, self.channels)

    def generate(self, state, batch, rng):
        return {"image": self.decode(state, self.latents(rng, len(batch["image"])))}

    def train_step(self, state, batch, rng, phase):
        def loss(params):
            value = jnp.mean(params["w"] ** 2)
            return value, ({}, {"gen/loss": value})

        return update(state, "gen", optax.sgd(0.1), loss)
