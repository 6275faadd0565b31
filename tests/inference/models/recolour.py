"""A two-domain model without a game: a target is its source's negative, for sizes that `multiple` divides."""

import dataclasses

import jax
import jax.numpy as jnp
import optax

from gan_jax.game import create, player
from gan_jax.models.shared import base
from gan_jax.ops import draws


@dataclasses.dataclass(frozen=True)
class Model(base.Defaults):
    translates = True

    sides: int = 4
    two_way: bool = True
    noise: float = 0.0
    condition: bool = False  # pix2pix has a field of this name; it does not make a model conditional

    @property
    def multiple(self):
        return self.sides

    def init(self, rng, batch):
        return create({"gen": player({"params": {"sign": -jnp.ones(())}}, optax.sgd(0.1))})

    def generate(self, state, batch, keys):
        sign = state.players["gen"].eval_variables["params"]["sign"]
        made = {}
        for given, drawn in {"source": "target", "target": "source"}.items():
            if given in batch or not self.two_way:
                x = batch["source" if not self.two_way else given]
                assert self.sides == 0 or not (x.shape[1] % self.sides or x.shape[2] % self.sides)
                (own,) = draws.of_rows(keys, x.shape[0])
                noise = jax.vmap(jax.random.normal)(own)
                made[drawn] = sign * x + self.noise * noise[:, None, None, None]
        return made

    def train_step(self, state, batch, rng, phase):
        raise AssertionError("runs of no step are enough here")
