"""DIAT (Li, Zuo and Zhang 2016, "Deep Identity-aware Transfer of Facial Attributes")."""

import dataclasses
from typing import Any, ClassVar

import jax
import optax

from gan_jax import game
from gan_jax.game import TrainState
from gan_jax.models.shared import base, checks
from gan_jax.models.shared.adversarial import AdversarialLoss
from gan_jax.models.shared.rates import Averaged, Rates
from gan_jax.models.shared.strided import Strided
from gan_jax.networks.layers.normalisation import pass_in_training
from gan_jax.networks.translation.resnet_generator import Generator
from gan_jax.networks.translation.stargan import PatchDiscriminator
from gan_jax.ops import losses


@dataclasses.dataclass(frozen=True)
class Model(AdversarialLoss, Rates, Averaged, Strided):
    """G gives images x of `source` the attribute that images a of `target` have. There is no way back.

    Players: `gen`, and `disc` (`critic` where loss='wasserstein'). With the maps f_l of D's last
    `feature_layers` strided layers,

      disc: -log D(a) - log(1 - D(G(x)))
      gen:  -log D(G(x)) + perceptual sum_l |f_l(G(x)) - f_l(x)|^2 / |f_l(x)|^2 + tv TV(G(x))

    D's loss is the paper's attribute loss: D learns what the images with the attribute have in common. The
    second term of gen is the adaptive perceptual loss (DIAT-A). It keeps the identity by features of D, which
    change while D learns. The networks are those with which StarGAN's authors trained DIAT again, as the
    52.6 million parameters in their table tell: CycleGAN's G and their D without its classes.

    Departures: the perceptual loss is divided by |f_l(x)|^2, since this D has no norm that fixes the scale
    of its maps, which are tiny at the start. TV is in place of a network that removes noise. The network that
    enhances faces afterwards, the identity loss by VGG-Face, and the masks of later versions are left out.
    """

    TINY: ClassVar[dict[str, Any]] = {"g_width": 4, "blocks": 1, "d_width": 4, "d_downs": 3, "d_steps": 2}
    translates: ClassVar[bool] = True

    channels: int = 3  # channels of the images of both roles
    g_width: int = 64  # channels of G's first layer
    blocks: int = 6  # residual blocks of G
    d_width: int = 64
    d_downs: int = 6  # halvings of the size inside D
    d_steps: int = 1  # updates of D for each update of G, each on its own batch
    feature_layers: int = 2  # strided layers of D, counted from the last, whose maps keep the identity
    perceptual: float = 1.0  # weight of the adaptive perceptual loss
    tv: float = 0.0  # weight of the total variation
    g_learning_rate: float = 2e-4
    d_learning_rate: float = 2e-4
    b1: float = 0.5
    b2: float = 0.999

    def __post_init__(self):
        """Refuses hyper-parameters outside their ranges."""
        self.check_loss()
        checks.require_channels(self, "channels")
        checks.require_range(self, 1, 4096, "g_width", "d_width")
        checks.require_range(self, 0, 100, "blocks")
        checks.require_range(self, 1, 12, "d_downs")
        checks.require_range(self, 1, 1000, "d_steps")
        checks.require_range(self, 1, self.d_downs, "feature_layers")
        checks.require_range(self, 0, 1e6, "perceptual", "tv")
        checks.require_range(self, 0, 1, "g_learning_rate", "d_learning_rate")
        checks.require_range(self, 0, 0.999999, "b1", "b2")
        bounded = self.loss != "wasserstein" or self.gp_weight > 0
        checks.require("loss", self.loss, bounded, "with a critic that gp_weight bounds")
        self.check_average()
        self.check_rates()

    @property
    def batches(self) -> int:
        """Each update of D takes a new batch. G takes the last of them."""
        return self.d_steps

    @property
    def g(self) -> Generator:
        """[B, S, S, channels] -> [B, S, S, channels] in [-1, 1]."""
        return Generator(self.g_width, self.blocks, out_channels=self.channels)

    @property
    def d(self) -> PatchDiscriminator:
        """[B, S, S, channels] -> [B, s, s, 1] and the maps, s = S / 2**d_downs."""
        return PatchDiscriminator(self.d_width, self.d_downs)

    def tx(self, player: str) -> optax.GradientTransformation:
        """A player's Adam. The schedule counts the player's own updates."""
        peak, each = (self.g_learning_rate, 1) if player == "gen" else (self.d_learning_rate, self.d_steps)
        return self.clipped(optax.adam(self.rate_of(peak, each), self.b1, self.b2))

    def init(self, rng: jax.Array, batch: base.Batch) -> TrainState:
        """The state before training; `batch` has `source` and `target` images.

        Raises:
          ValueError: a role is missing, or the networks do not take its channels or size.
        """
        for role in ("source", "target"):
            checks.require_images(batch, role, (self.channels,))
            self.check(base.inputs_like(batch[role]))
        rng_g, rng_d = jax.random.split(rng)
        g = self.g.init(rng_g, batch["source"], train=False)
        d = self.d.init(rng_d, batch["target"])
        gen, disc = game.player(g, self.tx("gen"), self.ema > 0), game.player(d, self.tx(self.opponent))
        return game.create({"gen": gen, self.opponent: disc})

    def train_step(
        self, state: TrainState, batch: base.Batch, rng: jax.Array, phase: str
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        """`d_steps` updates of D, each on its own part of the batch, then one of G on the last part."""
        del phase
        parts = jax.tree.map(lambda x: x.reshape(self.d_steps, -1, *x.shape[1:]), batch)
        rounds = (parts, jax.random.split(rng, self.d_steps))
        state, stacked = game.repeat(lambda s, x: self._update_d(s, *x), state, rounds)
        state, metrics = self._update_g(state, jax.tree.map(lambda x: x[-1], parts))
        return state, jax.tree.map(lambda x: x[-1], stacked) | metrics

    def generate(self, state: TrainState, batch: base.Batch, rng: jax.Array) -> base.Batch:
        """Gives `source` [B, H, W, C] the attribute of the target: {'target': [B, H, W, C]}.

        `multiple` must divide H and W, which may differ from the trained size.
        """
        del rng
        if "source" not in batch:
            return {}
        variables = state.players["gen"].eval_variables
        return {"target": self.g.apply(variables, batch["source"], train=False)}

    def _draw(self, params, x):
        return pass_in_training(self.g, params, {}, x)[0]

    def _update_d(self, state, batch, rng):
        """Moves D, which minimises -log D(a) - log(1 - D(G(x))), or `loss`, and the penalties of its slopes.

        The fakes are those of G before its update.
        """
        fake = self._draw(state.players["gen"].params, batch["source"])

        def loss_fn(params):
            score = lambda images: self.d.apply({"params": params}, images)[0]  # noqa: E731
            terms = {"adversarial": self.d_loss(score(batch["target"]), score(fake))}
            penalty, found = self.slope_penalties(score, batch["target"], fake, rng)
            loss = terms["adversarial"] + penalty
            named = {"loss": loss, **terms, **found}
            return loss, ({}, {f"{self.opponent}/{k}": v for k, v in named.items()})

        return game.update(state, self.opponent, self.tx(self.opponent), loss_fn)

    def _update_g(self, state, batch):
        """Moves G, which minimises -log D(G(x)), the perceptual loss and the total variation, weighted.

        The perceptual loss is sum_l |f_l(G(x)) - f_l(x)|^2 / |f_l(x)|^2. `loss` may replace the
        first. G moves after D, so that it follows the gradient of the updated D. No gradient of G flows
        through f_l(x).
        """
        x, disc = batch["source"], {"params": state.players[self.opponent].params}
        _, wanted = self.d.apply(disc, x)

        def loss_fn(params):
            fake = self._draw(params, x)
            realness, maps = self.d.apply(disc, fake)
            kept = slice(-self.feature_layers, None)
            terms = {
                "adversarial": self.g_loss(lambda: self.d.apply(disc, batch["target"])[0], realness),
                "perceptual": losses.relative_features(maps[kept], wanted[kept]),
                "tv": losses.total_variation(fake),
            }
            loss = terms["adversarial"] + self.perceptual * terms["perceptual"] + self.tv * terms["tv"]
            return loss, ({}, {f"gen/{k}": v for k, v in {"loss": loss, **terms}.items()})

        return game.update(state, "gen", self.tx("gen"), loss_fn, self.ema)
