"""StyleGAN (Karras et al. 2019, "A Style-Based Generator Architecture for GANs")."""

import dataclasses
from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax import game
from gan_jax.game import TrainState
from gan_jax.models.shared import base, checks
from gan_jax.models.shared.growing import Growing
from gan_jax.models.shared.style_based import StyleBased
from gan_jax.networks.generation import pggan, stylegan
from gan_jax.networks.generation.mapping import Mapping


@dataclasses.dataclass(frozen=True)
class Model(Growing, StyleBased):
    """G draws images from styles, which a mapping network makes of noise z; the networks grow.

    Players: `gen`, the mapping and the synthesis network, and `disc`. The loss is non-saturating with R1 on
    real images at every update of D. loss='wasserstein' with gp_weight is the loss of progressive GAN.

    Fields make each line of Table 1 of the paper. adain=False is progressive GAN (A), with `blurred` it is
    B. C has styles, but no constant, no noise and no style_mixing. These three make D, E and F.

    Memory: `w_avg` of StyleBased; it moves whenever images are drawn in training.
    """

    TINY: ClassVar[dict[str, Any]] = {
        "z_dim": 8,
        "w_dim": 8,
        "width_base": 64,
        "width_max": 8,
        "mapping_layers": 2,
        "stable_steps": 1,
        "fade_steps": 2,
        "updates": (1,),
    }
    truncated_styles: ClassVar[int | None] = 8  # as in the paper; fine styles stay

    start_size: int = 8
    blurred: bool = True
    loss: str = "nonsaturating"
    gp_weight: float = 0.0
    drift: float = 0.0
    r1_weight: float = 10.0
    w_dim: int = 512
    adain: bool = True  # whether each layer gets a style; if not, G is that of progressive GAN
    mapping_layers: int = 8
    mapping_multiplier: float = 0.01  # of the mapping network's learning rate
    constant: bool = True  # whether G starts from a learned constant; if not, from a dense layer of the style
    noise: bool = True  # whether each layer adds noise
    style_mixing: float = 0.9  # probability that two latents share an image in training
    ema_half_life: float = 78.125  # iterations in which G's average moves half the way; 10 000 images

    def __post_init__(self):
        """Refuses hyper-parameters outside their ranges, and values that do not go together."""
        super().__post_init__()
        checks.require_range(self, 1, 4096, "w_dim")
        checks.require_range(self, 1, 100, "mapping_layers")
        checks.require_range(self, 1e-6, 1e3, "mapping_multiplier")
        checks.require_range(self, 0, 1, "style_mixing")
        checks.require_range(self, 1e-3, 1e9, "ema_half_life")
        if not self.adain:
            for field in ("constant", "noise", "style_mixing"):
                value = getattr(self, field)
                checks.require(field, value, not value, f"{type(value)(0)!r} where adain=False")
            same = self.w_dim == self.z_dim
            checks.require("w_dim", self.w_dim, same, f"z_dim={self.z_dim} where adain=False")

    @property
    def mapping(self) -> nn.Module:
        """The mapping network. Without styles, it only normalises the latents."""
        layers = self.mapping_layers if self.adain else 0
        return Mapping(self.w_dim, layers, self.mapping_multiplier, kernel_gain=pggan.GAIN)

    @property
    def synthesis(self) -> nn.Module:
        """The synthesis network."""
        fields = self.size, self.channels, self.width_base, self.width_max, self.blurred
        if not self.adain:
            return stylegan.Unstyled(pggan.Generator(*fields))
        return stylegan.Synthesis(*fields, self.constant)

    @property
    def noise_sides(self) -> list[int]:
        """The side of each noise map."""
        return stylegan.noise_sides(self.size) if self.noise else []

    @property
    def num_styles(self) -> int:
        """L, the number of layers that get a style."""
        return len(stylegan.noise_sides(self.size))

    @property
    def styled_sides(self) -> list[int]:
        """The sides of all stages, or [] where no layer gets a style."""
        return sorted(set(stylegan.noise_sides(self.size))) if self.adain else []

    def average_decay(self, stage: int) -> float:
        """The decay that halves the average's distance in `ema_half_life` iterations."""
        return 0.5 ** (1 / (self.ema_half_life * self.updates_at(stage)))

    def affine_kernels(self, state: TrainState) -> list[list[jax.Array]]:
        """For each of the L styles, the kernel [w_dim, 2 C] of its layer."""
        layers = state.players["gen"].eval_variables["params"]["synthesis"]
        if not self.adain:
            return [[] for _ in range(self.num_styles)]
        sides = enumerate(stylegan.noise_sides(self.size))
        return [[layers[f"b{side}_styled{i % 2}"]["style"]["kernel"]] for i, side in sides]

    def init(self, rng: jax.Array, batch: base.Batch) -> TrainState:
        """The state before training; `batch` has `image`.

        Raises:
          ValueError: the images are missing, or have another size or other channels.
        """
        checks.require_images(batch, "image", (self.channels,))
        self.check(base.inputs_like(batch["image"]))
        keys = jax.random.split(rng, 4)
        n = len(batch["image"])
        mapping = self.mapping.init(keys[0], jnp.zeros((n, self.z_dim)))
        ws, frozen = jnp.zeros((n, self.num_styles, self.w_dim)), self._frozen(keys[3])
        # With a level and no stage, every layer of every stage takes part.
        level, noise = self.level(0), list(frozen["noise"].values())
        synthesis = self.synthesis.init(keys[1], ws, noise, level)
        d = self.d.init(keys[2], batch["image"], level)
        both = {"params": {"mapping": mapping.get("params", {}), "synthesis": synthesis["params"]}}
        players = {
            "gen": game.player(both, self.tx("gen"), ema=True),
            "disc": game.player(d, self.tx("disc")),
        }
        return game.create(players, frozen, {"w_avg": jnp.zeros(self.w_dim)})

    def _apply(self, state, params, ws, noise, **options):
        """The network at the level that growth has reached; its images have full size."""
        params = {"params": params["synthesis"]}
        return self.synthesis.apply(params, ws, noise, self.level(state.step), **options)

    def _fakes(self, state, params, n, rng, level, stage):
        del state
        style_key, noise_key = jax.random.split(rng)
        ws, mean = self._draw_styles(params, style_key, n, None, active=2 * (stage + 1))
        noise = self.random_noise(noise_key, n)
        images = self.synthesis.apply({"params": params["synthesis"]}, ws, noise, level, stage)
        return images, {"w_avg": mean}

    def _noted(self, state, notes):
        return self._follow_styles(state, notes["w_avg"])
