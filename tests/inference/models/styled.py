"""A model with styles whose networks are linear: w = M z + b_y, and images of four styles and of noise."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from gan_jax.game import create, player
from gan_jax.models.shared.style_based import StyleBased


class Mapping(nn.Module):
    width: int

    @nn.compact
    def __call__(self, z, classes=None):
        w = nn.Dense(self.width)(z)
        return w if classes is None else w + nn.Dense(self.width, use_bias=False, name="class")(classes)


class Synthesis(nn.Module):
    channels: int

    @nn.compact
    def __call__(self, ws, noise):
        size = ws.shape[0]
        shape = (*ws.shape[1:], 8 * 8 * self.channels)
        kernel = self.param("kernel", nn.initializers.normal(0.05), shape)
        image = jnp.einsum("nld,ldp->np", ws, kernel).reshape(size, 8, 8, self.channels)
        return image + 0.1 * jnp.broadcast_to(noise[2], (size, 8, 8))[..., None]


@dataclasses.dataclass(frozen=True)
class Model(StyleBased):
    size: int = 8
    channels: int = 3
    z_dim: int = 5
    w_dim: int = 3
    num_classes: int = 0
    style_mixing: float = 0.9

    @property
    def mapping(self):
        return Mapping(self.w_dim)

    @property
    def synthesis(self):
        return Synthesis(self.channels)

    @property
    def noise_sides(self):
        return [4, 8, 8]

    def affine_kernels(self, state):
        kernel = state.players["gen"].eval_variables["params"]["synthesis"]["kernel"]
        return [[layer] for layer in kernel]

    def init(self, rng, batch):
        keys = jax.random.split(rng, 3)
        classes = jnp.zeros((1, self.num_classes)) if self.num_classes else None
        maps = [jnp.zeros((side, side)) for side in self.noise_sides]
        params = {
            "mapping": self.mapping.init(keys[0], jnp.zeros((1, 5)), classes)["params"],
            "synthesis": self.synthesis.init(keys[1], jnp.zeros((1, 4, 3)), maps)["params"],
        }
        memory = {"w_avg": jnp.arange(3.0)}
        players = {"gen": player({"params": params}, optax.sgd(0.1))}
        return create(players, self._frozen(keys[2]), memory)

    def train_step(self, state, batch, rng, phase):
        raise NotImplementedError
