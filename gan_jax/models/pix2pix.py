"""pix2pix (Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks")."""

import dataclasses
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import optax

from gan_jax import game
from gan_jax.game import TrainState
from gan_jax.models.shared import base, checks, optimizers
from gan_jax.networks.layers.normalisation import pass_in_training
from gan_jax.networks.translation import patchgan, unet
from gan_jax.ops import losses


@dataclasses.dataclass(frozen=True)
class Model(base.Defaults):
    """G draws the target of a source that it is paired with; D judges patches of both side by side.

    Players: `gen`, a U-Net whose noise is dropout, and `disc`. An iteration moves disc, then gen through the
    moved disc, on one and the same fake. Means over batch, patches and pixels; D(x, y) are logits:

        disc: (softplus(-D(x, y)) + softplus(D(x, G(x)))) / 2
        gen:  gan_weight softplus(-D(x, G(x))) + l1 |y - G(x)|

    In use as in the paper: dropout stays on, and batch norm normalises each image by itself. Running
    variances are unbiased, as in torch. Departures: convolutions before batch norm have no bias (the official
    Lua code zeroes them), and D judges again after its update (the Lua code goes back through the moved D
    from its former answer).
    """

    TINY: ClassVar[dict[str, Any]] = {"levels": 3, "g_width": 4, "d_width": 4, "d_layers": 2}
    SCHEDULES: ClassVar[tuple[str, ...]] = ("decay_start", "decay_end")
    translates: ClassVar[bool] = True

    g_width: int = 64  # of the first layer
    levels: int = 8  # halvings of the size inside G, at most log2 of it
    skips: bool = True  # False: the paper's encoder-decoder
    d_width: int = 64
    d_layers: int = 3  # of stride 2: 3 for patches of 70 pixels, 0 for the PixelGAN, 5 for 286
    target_channels: int = 3
    condition: bool = True  # False: D sees the target alone ("GAN" of the paper's ablation)
    gan_weight: float = 1.0  # 0 for "L1"
    l1: float = 100.0  # 0 for "cGAN"
    disc_weight: float = 0.5  # slows D
    test_dropout: bool = True  # noise in use too
    test_statistics: str = "image"  # batch norm in use: of each 'image', or 'running' averages
    learning_rate: float = 2e-4
    b1: float = 0.5
    b2: float = 0.999
    decay_start: int = 0  # rates fall linearly from here ...
    decay_end: int = 0  # ... to zero here; 0 keeps them constant

    def __post_init__(self):
        """Refuses hyper-parameters outside their ranges."""
        checks.require_range(self, 1, 4096, "g_width", "d_width")
        checks.require_range(self, 2, 10, "levels")
        checks.require_range(self, 0, 10, "d_layers")
        checks.require("target_channels", self.target_channels, 0 < self.target_channels < 4, "1 to 3")
        checks.require_range(self, 0, 1e6, "gan_weight", "l1")
        checks.require_range(self, 0, 1, "learning_rate", "disc_weight")
        checks.require_choice(self, "test_statistics", ("image", "running"))
        checks.require_decay(self)

    @property
    def gen(self) -> unet.Generator:
        """Images [B, H, W, C] -> [B, H, W, target_channels] in [-1, 1]."""
        return unet.Generator(self.g_width, self.levels, self.target_channels, self.skips)

    @property
    def disc(self) -> patchgan.Discriminator:
        """Source and target on one another [B, H, W, C + C'] -> logits [B, h, w, 1]."""
        return patchgan.Discriminator(self.d_width, self.d_layers, "batch")

    @property
    def multiple(self) -> int:
        """Sides of images that `generate` takes are multiples of this."""
        return 2**self.levels

    def tx(self, player: str) -> optax.GradientTransformation:
        """Adam of either player: constant to `decay_start`, then linear to zero at `decay_end`."""
        del player
        return optimizers.adam(self.learning_rate, self.b1, self.b2, self.decay_start, self.decay_end)

    def check(self, inputs: base.Inputs) -> None:
        """Refuses sizes that G cannot halve, or of which D's last normalised map has one pixel."""
        size = inputs.size
        checks.require("levels", self.levels, size % self.multiple == 0, f"levels that halve {size} pixels")
        side = patchgan.normalised_side(size, self.d_layers)
        checks.require("d_layers", self.d_layers, side >= 2, f"fewer layers for {size} pixels")

    def init(self, rng: jax.Array, batch: base.Batch) -> TrainState:
        """The state before training; `batch` has paired `source` and `target` images of one size.

        Raises:
          ValueError: a role is missing, or its channels or size are not what the networks take.
        """
        checks.require_images(batch, "source")
        checks.require_images(batch, "target", (self.target_channels,))
        self.check(base.Inputs(batch["target"].shape[1]))
        keys = jax.random.split(rng)
        gen = self.gen.init(keys[0], batch["source"], train=False, dropout=False)
        disc = self.disc.init(keys[1], self._shown(batch["source"], batch["target"]), train=False)
        variables = {"gen": gen, "disc": disc}
        return game.create({name: game.player(v, self.tx(name)) for name, v in variables.items()})

    def train_step(
        self, state: TrainState, batch: base.Batch, rng: jax.Array, phase: str
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        """One update of disc, then one of gen against the updated disc, on the same fake."""
        del phase
        gen = state.players["gen"]

        def draw(params):
            rngs, source = {"dropout": rng}, batch["source"]
            return pass_in_training(self.gen, params, gen.batch_stats, source, dropout=True, rngs=rngs)

        draw = game.once(draw, gen.params)
        state, disc = self._update_disc(state, batch, draw(gen.params)[0])
        state, metrics = self._update_gen(state, batch, draw)
        return state, metrics | disc

    def generate(self, state: TrainState, batch: base.Batch, rng: jax.Array) -> base.Batch:
        """The targets of source images [B, H, W, C], {'target': [B, H, W, C']} in [-1, 1].

        Image i of the batch draws its noise from the i-th key that follows from `rng`; what an image becomes
        depends on no other image.
        """
        source = batch["source"]
        keys = jax.vmap(jax.random.fold_in, (None, 0))(rng, jnp.arange(len(source)))
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

        return game.update(state, "gen", self.tx("gen"), loss_fn)
