"""pix2pix (Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks")."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import optax

from gan_jax import game
from gan_jax.game import TrainState
from gan_jax.models.shared import base, checks
from gan_jax.models.shared.rates import Averaged, Rates
from gan_jax.networks.layers.normalisation import pass_in_training
from gan_jax.networks.translation import patchgan, unet
from gan_jax.ops import draws, losses


@dataclasses.dataclass(frozen=True)
class Model(Rates, Averaged, base.Defaults):
    """G draws the target that is paired with a source; D judges patches of source and target together.

    Players: `gen`, a U-Net whose noise is dropout, and `disc`. An iteration moves disc, then gen against the
    updated disc; both updates use the same fake. With logits D(x, y) and means over batch, patches and
    pixels:

        disc: (softplus(-D(x, y)) + softplus(D(x, G(x)))) / 2
        gen:  gan_weight softplus(-D(x, G(x))) + l1 |y - G(x)|

    Outside training, as in the paper, dropout stays on, and batch norm normalises each image by itself.
    Running variances are unbiased, as in torch. Departures: convolutions before batch norm have no bias; the
    official Lua code sets these biases to zero. D judges the fake again after D's update; the Lua code takes
    the updated D's gradient at the old logits.
    """

    TINY: ClassVar[dict[str, Any]] = {"levels": 3, "g_width": 4, "d_width": 4, "d_layers": 2}
    translates: ClassVar[bool] = True

    g_width: int = 64  # channels of the first layer
    levels: int = 8  # halvings of the size inside G, at most log2 of the size
    skips: bool = True  # False is the paper's encoder-decoder
    dropped: str = "paper"  # G's layers with dropout; 'pytorch': those of the official PyTorch code
    d_width: int = 64
    d_layers: int = 3  # layers of stride 2; 3 gives patches of 70 pixels, 5 of 286; 0 is the PixelGAN
    target_channels: int = 3
    condition: bool = True  # False: D sees only the target ("GAN" in the paper's ablation)
    gan_weight: float = 1.0  # 0 is the paper's "L1"
    l1: float = 100.0  # 0 is the paper's "cGAN"
    disc_weight: float = 0.5  # one half slows D down
    test_dropout: bool = True  # whether `generate` keeps dropout, the noise
    test_statistics: str = "image"  # batch norm in `generate`: by each 'image' or by 'running' averages
    learning_rate: float = 2e-4
    b1: float = 0.5
    b2: float = 0.999

    def __post_init__(self):
        """Refuses hyper-parameters outside their ranges."""
        checks.require_range(self, 1, 4096, "g_width", "d_width")
        checks.require_range(self, 2, 10, "levels")
        checks.require_range(self, 0, 10, "d_layers")
        checks.require("target_channels", self.target_channels, 0 < self.target_channels < 4, "1 to 3")
        checks.require_range(self, 0, 1e6, "gan_weight", "l1")
        checks.require_range(self, 0, 1, "learning_rate", "disc_weight")
        checks.require_choice(self, "test_statistics", ("image", "running"))
        checks.require_choice(self, "dropped", ("paper", "pytorch"))
        checks.require_range(self, 0, 0.999999, "b1", "b2")
        self.check_average()
        self.check_rates()

    @property
    def gen(self) -> unet.Generator:
        """Images [B, H, W, C] -> [B, H, W, target_channels] in [-1, 1]."""
        return unet.Generator(self.g_width, self.levels, self.target_channels, self.skips, self.dropped)

    @property
    def disc(self) -> patchgan.Discriminator:
        """Channels of source and target together, [B, H, W, C + C'] -> logits [B, h, w, 1]."""
        return patchgan.Discriminator(self.d_width, self.d_layers, "batch")

    @property
    def takes_rectangles(self) -> bool:
        """All layers are convolutional."""
        return True

    @property
    def multiple(self) -> int:
        """Sides of images that `generate` takes are multiples of this."""
        return 2**self.levels

    @classmethod
    def fields_at(cls, size: int, fields: Mapping[str, Any]) -> dict[str, Any]:
        """G halves images until one pixel is left, as the paper's does, but at most 8 times."""
        halvings = (size & -size).bit_length() - 1
        return {"levels": max(2, min(8, halvings))}

    def tx(self, player: str) -> optax.GradientTransformation:
        """Adam for both players."""
        del player
        return self.clipped(optax.adam(self.rate_of(self.learning_rate), self.b1, self.b2))

    def check(self, inputs: base.Inputs) -> None:
        """Refuses sizes that G cannot halve, and sizes at which D's last normalised map has one pixel."""
        for size in inputs.sides:
            halves = size % self.multiple == 0
            checks.require("levels", self.levels, halves, f"levels that halve {size} pixels")
            side = patchgan.normalised_side(size, self.d_layers)
            checks.require("d_layers", self.d_layers, side >= 2, f"fewer layers for {size} pixels")

    def init(self, rng: jax.Array, batch: base.Batch) -> TrainState:
        """The state before training; `batch` has paired `source` and `target` images of one size.

        Raises:
          ValueError: a role is missing, or the networks do not take its channels or size.
        """
        checks.require_images(batch, "source")
        checks.require_images(batch, "target", (self.target_channels,))
        self.check(base.inputs_like(batch["target"]))
        keys = jax.random.split(rng)
        gen = self.gen.init(keys[0], batch["source"], train=False, dropout=False)
        disc = self.disc.init(keys[1], self._shown(batch["source"], batch["target"]), train=False)
        variables = {"gen": gen, "disc": disc}
        average = {"gen": self.ema > 0, "disc": False}
        return game.create({k: game.player(v, self.tx(k), average[k]) for k, v in variables.items()})

    def train_step(
        self, state: TrainState, batch: base.Batch, rng: jax.Array, phase: str
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        """One update of disc, then one of gen against the updated disc; both use the same fake."""
        del phase
        gen = state.players["gen"]

        def draw(params):
            rngs, source = {"dropout": rng}, batch["source"]
            return pass_in_training(self.gen, params, gen.batch_stats, source, dropout=True, rngs=rngs)

        draw = game.once(draw, gen.params)
        state, disc = self._update_disc(state, batch, draw(gen.params)[0])
        state, metrics = self._update_gen(state, batch, draw)
        return state, metrics | disc

    def generate(self, state: TrainState, batch: base.Batch, keys: jax.Array) -> base.Batch:
        """The targets of source images [B, H, W, C], {'target': [B, H, W, C']} in [-1, 1].

        Each image has noise by its own key, see `draws.of_rows`, so its result depends on no other image.
        """
        source = batch["source"]
        (keys,) = draws.of_rows(keys, source.shape[0])
        return {"target": self.translate(state, source, keys)}

    def translate(self, state: TrainState, source: jax.Array, keys: jax.Array) -> jax.Array:
        """The targets of source images [B, H, W, C], each with the noise of its own key of `keys` [B]."""
        variables = state.players["gen"].eval_variables
        own = self.test_statistics == "image"

        def one(image, key):
            rngs = {"dropout": key}
            out = self.gen.apply(
                *(variables, image[None]),
                train=own,
                dropout=self.test_dropout,
                rngs=rngs,
                mutable=["batch_stats"],
            )
            return out[0][0]

        return jax.vmap(one)(source, keys)

    def _shown(self, source, target):
        return jnp.concatenate([source, target], -1) if self.condition else target

    def _update_disc(self, state, batch, fake):
        """Moves D, which minimises disc_weight (softplus(-D(x, y)) + softplus(D(x, fake))).

        `fake` is G(x) by G before its update. D moves first, so that G follows the gradient of the updated D.
        """
        old = state.players["disc"].batch_stats
        source = batch["source"]

        def loss_fn(params):
            real, stats = pass_in_training(self.disc, params, old, self._shown(source, batch["target"]))
            judged, stats = pass_in_training(self.disc, params, stats, self._shown(source, fake))
            loss = self.disc_weight * losses.nonsaturating_d(real, judged)
            metrics = {"disc/loss": loss, "disc/real_logit": real.mean(), "disc/fake_logit": judged.mean()}
            return loss, (stats, metrics)

        return game.update(state, "disc", self.tx("disc"), loss_fn)

    def _update_gen(self, state, batch, draw):
        """Moves G, which minimises gan_weight softplus(-D(x, G(x))) + l1 |y - G(x)|, by the updated D.

        `draw` gives G(x) with the dropout of D's update, so that both players move on the same fake.
        """
        disc = state.players["disc"]

        def loss_fn(params):
            fake, stats = draw(params)
            terms = {}
            if self.gan_weight:
                shown = self._shown(batch["source"], fake)
                logits, _ = pass_in_training(self.disc, disc.params, disc.batch_stats, shown)
                terms["gan"] = losses.nonsaturating_g(logits)
            terms["l1"] = losses.mae(fake, batch["target"])
            loss = self.gan_weight * terms.get("gan", 0.0) + self.l1 * terms["l1"]
            return loss, (stats, {f"gen/{k}": v for k, v in {"loss": loss, **terms}.items()})

        return game.update(state, "gen", self.tx("gen"), loss_fn, self.ema)
