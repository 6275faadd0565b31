"""Progressive GAN (Karras et al. 2018, "Progressive Growing of GANs")."""

import dataclasses
from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax import game
from gan_jax.game import TrainState
from gan_jax.models.shared import base, checks
from gan_jax.models.shared.growing import Growing
from gan_jax.models.shared.noise_to_image import Labels
from gan_jax.networks.generation import pggan as networks


@dataclasses.dataclass(frozen=True)
class Model(Growing):
    """G draws images from noise z; both networks grow from 4 pixels to `size`, see `Growing`.

    Players: `gen` and `disc`. The loss is that of WGAN-GP with one update of D for each one of G, and a small
    weight on D's squared scores of real images, which keeps the scores from drifting.
    """

    TINY: ClassVar[dict[str, Any]] = {
        "z_dim": 8,
        "width_base": 64,
        "width_max": 8,
        "stable_steps": 1,
        "fade_steps": 2,
        "updates": (1,),
    }

    ema: float = 0.999  # decay of G's average at every update; evaluation uses the average

    def __post_init__(self):
        """Refuses hyper-parameters outside their ranges."""
        super().__post_init__()
        checks.require_range(self, 0, 0.999999, "ema")

    def average_decay(self, stage: int) -> float:
        """The same decay in every stage."""
        del stage
        return self.ema

    @property
    def g(self) -> nn.Module:
        """The generator: latents [B, z_dim] -> images."""
        widths = self.width_base, self.width_max
        return networks.Generator(self.size, self.channels, *widths, self.blurred)

    def init(self, rng: jax.Array, batch: base.Batch) -> TrainState:
        """The state before training; `batch` has `image`.

        Raises:
          ValueError: the images are missing, or have another size or other channels.
        """
        checks.require_images(batch, "image", (self.channels,))
        self.check(base.inputs_like(batch["image"]))
        g_key, d_key = jax.random.split(rng)
        # With a level and no stage, every layer of every stage takes part.
        level = self.level(0)
        g = self.g.init(g_key, jnp.zeros((len(batch["image"]), self.z_dim)), level)
        d = self.d.init(d_key, batch["image"], level)
        players = {"gen": game.player(g, self.tx("gen"), ema=True), "disc": game.player(d, self.tx("disc"))}
        return game.create(players)

    def decode(self, state: TrainState, z: jax.Array, label: Labels = None) -> jax.Array:
        """Images [n, size, size, channels] that G's average draws of z [n, z_dim].

        The images of a smaller stage are enlarged.
        """
        del label
        params = state.players["gen"].eval_variables["params"]
        return self.g.apply({"params": params}, z, self.level(state.step))

    def _fakes(self, state, params, n, rng, level, stage):
        del state
        return self.g.apply({"params": params}, self.latents(rng, n), level, stage), {}
