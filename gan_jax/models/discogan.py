"""DiscoGAN (Kim et al. 2017, "Learning to Discover Cross-Domain Relations with Generative ... Networks")."""

import dataclasses
from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from gan_jax import game
from gan_jax.game import TrainState
from gan_jax.models.shared import base, checks, two_way
from gan_jax.models.shared.rates import Averaged, Rates
from gan_jax.networks.layers.normalisation import pass_in_training
from gan_jax.networks.translation import discogan
from gan_jax.ops import losses


@dataclasses.dataclass(frozen=True)
class Model(Rates, Averaged, base.Defaults):
    """CycleGAN's loss with encoder-decoders that may change shapes: two generators, two discriminators.

    Players: `gen` (s2t, t2s) and `disc` (target, source), one Adam each with weight decay in the gradient.
    Iterations 0, `update_interval`, ... move disc; all others move gen. With the share r, summed over both
    domains:

        gen:  (1 - r) (gan_weight BCE(D(fake), 1) + fm_weight sum_l (E f_l(real) - E f_l(fake))^2)
              + r |back - image|^2
        disc: (BCE(D(real), 1) + BCE(D(fake), 0)) / 2

    f_l are the activations of D's layers from the second on. Defaults are the official code's; the paper's
    are gan_weight 1, fm_weight 0, rate 0.5, curriculum 0. Departures from the code: images are in [-1, 1] by
    tanh, where the code has [0, 1] by a sigmoid, so the same error costs four times as much. Kernels start
    from N(0, 0.02). Outside training, batch norm uses running averages over translations of real images.
    """

    TINY: ClassVar[dict[str, Any]] = {
        "g_width": 4,
        "d_width": 4,
        "levels": 3,
        "update_interval": 2,
        "curriculum": 2,
    }
    translates: ClassVar[bool] = True
    SCHEDULES: ClassVar[tuple[str, ...]] = (*Rates.SCHEDULES, "curriculum")

    g_width: int = 64  # channels of the first layer
    d_width: int = 64
    levels: int = 4  # halvings; D takes images of 4 * 2**levels pixels
    bottleneck: int = 0  # values in G's innermost layer; 0: no such layer; 100 for cars to faces
    source_channels: int = 3
    target_channels: int = 3
    gan_weight: float = 0.1  # of the adversarial loss
    fm_weight: float = 0.9  # of the matching of D's activations
    rate: float = 0.5  # r from iteration `curriculum` on
    starting_rate: float = 0.01  # r before it
    curriculum: int = 10_000  # iterations of both players
    update_interval: int = 3  # iterations for each update of disc
    batch_statistics: bool = False  # `generate` normalises by the batch in hand, as the code does
    learning_rate: float = 2e-4
    b1: float = 0.5
    b2: float = 0.999
    weight_decay: float = 1e-5  # factor of the parameters that is added to the gradient

    def __post_init__(self):
        """Refuses hyper-parameters outside their ranges."""
        checks.require_range(self, 1, 4096, "g_width", "d_width")
        checks.require_range(self, 2, 10, "levels")
        checks.require_range(self, 0, 1e6, "bottleneck", "gan_weight", "fm_weight", "weight_decay")
        checks.require_range(self, 0, 1, "rate", "starting_rate", "learning_rate")
        checks.require_range(self, 0, 0.999999, "b1", "b2")
        checks.require_range(self, 0, 1e9, "curriculum")
        self.check_average()
        self.check_rates()
        checks.require_range(self, 2, 1e6, "update_interval")
        checks.require_channels(self, "source_channels", "target_channels")

    @property
    def gen(self) -> dict[str, nn.Module]:
        """`s2t` and `t2s`: images [B, S, S, C] -> [B, S, S, C'] in [-1, 1]."""
        return {name: self._generator(f"{role}_channels") for name, (_, role) in two_way.WAYS.items()}

    @property
    def disc(self) -> dict[str, nn.Module]:
        """`target` and `source`: images [B, S, S, C] -> logits [B, 1] and features."""
        return {role: discogan.Discriminator(self.d_width, self.levels) for role in ("target", "source")}

    def _generator(self, field):
        return discogan.Generator(self.g_width, self.levels, getattr(self, field), self.bottleneck)

    @property
    def takes_rectangles(self) -> bool:
        """Without a bottleneck; D then has a logit for each square of the longer side."""
        return not self.bottleneck

    @property
    def multiple(self) -> int:
        """Sides of images for `generate` are multiples of this; 0: only the trained size (bottleneck)."""
        return 0 if self.bottleneck else 2**self.levels

    def tx(self, player: str) -> optax.GradientTransformation:
        """Adam for both players. Unlike in AdamW, the weight decay is part of the gradient."""
        share = 1 / self.update_interval  # of the iterations that move disc
        rate = self.rate_of(self.learning_rate, share if player == "disc" else 1 - share)
        decayed = optax.add_decayed_weights(self.weight_decay)
        return self.clipped(optax.chain(decayed, optax.adam(rate, self.b1, self.b2)))

    def phases(self, iteration: int) -> tuple[str, ...]:
        """An iteration moves one player. Iteration 0 moves disc."""
        return ("gen",) if iteration % self.update_interval else ("disc",)

    def check(self, inputs: base.Inputs) -> None:
        """Refuses images whose shorter side is not the one that D reduces to one logit."""
        size, longer = min(inputs.sides), max(inputs.sides)
        checks.require("size", size, size >= 16 and size & (size - 1) == 0, "16, 32, 64, 128, ...")
        levels = size.bit_length() - 3
        checks.require("levels", self.levels, self.levels == levels, f"{levels} for {size} pixels")
        checks.require("width", longer, longer % 2**self.levels == 0, f"multiples of {2**self.levels}")

    def init(self, rng: jax.Array, batch: base.Batch) -> TrainState:
        """The state before training; `batch` has `source` and `target` images.

        Raises:
          ValueError: a role is missing, or the networks do not take its channels or size.
        """
        return game.create(two_way.players(self, rng, batch))

    def train_step(
        self, state: TrainState, batch: base.Batch, rng: jax.Array, phase: str
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        """One update of the player that `phase` names."""
        del rng
        return (self._update_disc if phase == "disc" else self._update_gen)(state, batch)

    def share(self, step: jax.Array) -> jax.Array:
        """The share r of the reconstruction at iteration `step`."""
        return jnp.where(step < self.curriculum, self.starting_rate, self.rate)

    def generate(self, state: TrainState, batch: base.Batch, rng: jax.Array) -> base.Batch:
        """Translates each role of the batch: `source` becomes `target`, and `target` becomes `source`.

        Images are [B, H, W, C] in [-1, 1]. Without a bottleneck H and W may be any multiples of `multiple`.
        """
        del rng
        return two_way.translate(self, state, batch, self.batch_statistics)

    def _update_gen(self, state, batch):
        """Moves both generators, which minimise the sum of these terms over both domains.

        r |back - image|^2 + (1 - r) (gan_weight BCE(D(fake), 1) + fm_weight sum_l (E f_l(real) - E
        f_l(fake))^2), with the share r of this iteration. The last term matches D's mean activations. D does
        not move in this iteration.
        """
        old, source, target = state.players["gen"].batch_stats, batch["source"], batch["target"]
        share = self.share(state.step)

        def loss_fn(params):
            def draw(name, images):
                return pass_in_training(self.gen[name], params[name], old[name], images)

            # The running statistics come from real images, since `generate` translates real images.
            fake_t, stats_t = draw("s2t", source)
            fake_s, stats_s = draw("t2s", target)
            terms = {
                "cycle_forward": losses.mse(draw("t2s", fake_t)[0], source),
                "cycle_backward": losses.mse(draw("s2t", fake_s)[0], target),
            }
            for role, fake in (("target", fake_t), ("source", fake_s)):
                logits, features = self._judge(state, role, fake)
                _, wanted = self._judge(state, role, batch[role])
                terms[f"gan_{role}"] = losses.nonsaturating_g(logits)
                terms[f"fm_{role}"] = losses.feature_matching(wanted, features)
            weights = {
                "cycle": share,
                "gan": (1 - share) * self.gan_weight,
                "fm": (1 - share) * self.fm_weight,
            }
            loss = jnp.asarray(sum(weights[name.split("_")[0]] * term for name, term in terms.items()))
            metrics = {f"gen/{k}": v for k, v in {"loss": loss, "share": share, **terms}.items()}
            return loss, ({"s2t": stats_t, "t2s": stats_s}, metrics)

        return game.update(state, "gen", self.tx("gen"), loss_fn, self.ema)

    def _judge(self, state, role, images):
        disc = state.players["disc"]
        out, _ = pass_in_training(self.disc[role], disc.params[role], disc.batch_stats[role], images)
        return out

    def _update_disc(self, state, batch):
        """Moves both discriminators, which minimise (BCE(D(real), 1) + BCE(D(fake), 0)) / 2, summed.

        The generators draw the fakes of this batch and do not move in this iteration.
        """
        gen, old = state.players["gen"], state.players["disc"].batch_stats
        fakes = {
            into: pass_in_training(self.gen[name], gen.params[name], gen.batch_stats[name], batch[given])[0]
            for name, (given, into) in two_way.WAYS.items()
        }

        def loss_fn(params):
            terms, stats = {}, {}
            for role, fake in fakes.items():
                module = self.disc[role]
                (real, _), between = pass_in_training(module, params[role], old[role], batch[role])
                (judged, _), stats[role] = pass_in_training(module, params[role], between, fake)
                terms[role] = losses.nonsaturating_d(real, judged) / 2
            loss = jnp.asarray(sum(terms.values()))
            return loss, (stats, {f"disc/{k}": v for k, v in {"loss": loss, **terms}.items()})

        return game.update(state, "disc", self.tx("disc"), loss_fn)
