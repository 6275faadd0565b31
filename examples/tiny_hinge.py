"""A GAN of one's own in one file: two small networks, the hinge loss, and a configuration.

python -m gan_jax.main --config=examples/tiny_hinge.py
python -m gan_jax.main --workdir=runs/tiny_hinge --mode=sample --out=sheet.png
"""

import dataclasses

import flax.linen as nn
import jax.numpy as jnp
import optax

from gan_jax import config as configuration
from gan_jax import game
from gan_jax.models.shared.noise_to_image import NoiseToImage
from gan_jax.ops.losses import hinge_d, hinge_g


@dataclasses.dataclass(frozen=True)
class Model(NoiseToImage):
    """G draws grey images from noise. D, a critic with the hinge loss, moves before G."""

    size: int = 32  # pixels a side
    channels: int = 1
    z_dim: int = 64
    width: int = 512  # units of the hidden layer of each network
    learning_rate: float = 2e-4

    g = property(lambda self: nn.Sequential([nn.Dense(self.width), nn.relu, nn.Dense(self.size**2), nn.tanh]))
    d = property(lambda self: nn.Sequential([nn.Dense(self.width), nn.leaky_relu, nn.Dense(1)]))
    tx = property(lambda self: optax.adam(self.learning_rate, b1=0.5))

    def init(self, rng, batch):
        """The players before training."""
        g = self.g.init(rng, jnp.zeros((1, self.z_dim)))
        d = self.d.init(rng, jnp.zeros((1, self.size**2)))
        return game.create({"gen": game.player(g, self.tx), "disc": game.player(d, self.tx)})

    def train_step(self, state, batch, rng, phase):
        """D learns to tell the batch from G's images. G then learns to raise the scores of D."""
        real = batch["image"].reshape(-1, self.size**2)
        z = self.latents(rng, len(real))
        fake = self.g.apply(state.players["gen"].variables, z)

        def d_loss(params):
            loss = hinge_d(*(self.d.apply({"params": params}, x) for x in (real, fake)))
            return loss, ({}, {"disc/loss": loss})

        state, told = game.update(state, "disc", self.tx, d_loss)

        def g_loss(params):
            loss = hinge_g(self.d.apply(state.players["disc"].variables, self.g.apply({"params": params}, z)))
            return loss, ({}, {"gen/loss": loss})

        state, more = game.update(state, "gen", self.tx, g_loss)
        return state, told | more

    def decode(self, state, z, label=None):
        """Images [n, size, size, 1] in [-1, 1] of z [n, z_dim]."""
        drawn = self.g.apply(state.players["gen"].eval_variables, z)
        return drawn.reshape(-1, self.size, self.size, 1)


def get_config(arg=""):
    """Handwritten digits of 16 pixels, which come with the package."""
    config = configuration.default()
    config.name, config.model = "tiny_hinge", configuration.model(__file__, size=16)
    config.data.sets.digits, config.data.size = configuration.dataset("digits_plain"), 16
    config.data.roles.image = configuration.role("digits[train]", labels=False)
    config.batch_size, config.steps = 64, 3000
    return configuration.apply(config, arg, configuration.quick)
