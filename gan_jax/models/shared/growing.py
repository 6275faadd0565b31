"""The base class of models whose images grow during training: progressive GAN and StyleGAN."""

import dataclasses
from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from gan_jax import game
from gan_jax.game import TrainState
from gan_jax.models.shared import base, checks
from gan_jax.models.shared.noise_to_image import NoiseToImage
from gan_jax.models.shared.rates import Rates
from gan_jax.networks.generation import pggan as networks
from gan_jax.networks.generation.stylegan2 import sides
from gan_jax.ops import answers, losses, slopes

Phase = tuple[str, int]


@dataclasses.dataclass(frozen=True)
class Growing(Rates, NoiseToImage):
    """A game of `gen` and `disc` that starts with small images and doubles their side again and again.

    Stage s has 4 * 2^s pixels a side. The first stage is stable for `stable_steps` iterations. Each later
    stage fades in over `fade_steps` iterations and is then stable for `stable_steps`. The last stage is
    stable to the end. The layers of all stages exist from the start, so that the tree of the state never
    changes. A step computes the layers up to its stage only. The others have the gradient 0 and do not move.

    An iteration takes one batch. Its images are shared among `updates` rounds. In each round D moves, then G
    on fresh noise. Schedules count iterations. A subclass has the methods `_fakes` and
    `average_decay`.
    """

    SCHEDULES: ClassVar[tuple[str, ...]] = (*Rates.SCHEDULES, "stable_steps", "fade_steps")

    size: int = 128  # pixels a side, a power of two
    channels: int = 3
    z_dim: int = 512
    width_base: int = 16384  # a layer at r pixels has min(width_base / r, width_max) channels
    width_max: int = 512
    blurred: bool = False  # whether the networks filter where they double or halve the side
    group: int = 4  # images in a group of D's minibatch standard deviation; 0: no such feature
    start_size: int = 4  # pixels a side at the start
    stable_steps: int = 4688  # iterations of a size alone; 600 000 images of batches of 128
    fade_steps: int = 4688  # iterations in which a size fades in
    # By stage, from 4 pixels on. Later stages have the last value.
    updates: tuple[int, ...] = (1,)  # of each player in an iteration
    learning_rates: tuple[float, ...] = (1e-3,)  # of both players
    b1: float = 0.0
    b2: float = 0.99
    loss: str = "wasserstein"  # or another family of losses.ADVERSARIAL
    gp_weight: float = 10.0  # of the gradient penalty
    gp_target: float = 1.0  # the slope that the penalty asks for
    drift: float = 1e-3  # weight of D's squared scores of real images
    r1_weight: float = 0.0  # gamma of R1

    def __post_init__(self):
        """Refuses hyper-parameters outside their ranges."""
        for field, low in (("size", 4), ("start_size", 4)):
            side = getattr(self, field)
            power = side >= low and side & (side - 1) == 0
            checks.require(field, side, power, f"powers of two from {low} on")
        small = self.start_size <= self.size
        checks.require("start_size", self.start_size, small, f"at most size={self.size}")
        checks.require_channels(self, "channels")
        checks.require_range(self, self.size, 1e9, "width_base")
        checks.require_range(self, 1, 4096, "z_dim", "width_max")
        checks.require_range(self, 0, 4096, "group")
        checks.require_range(self, 1, 1e9, "stable_steps", "fade_steps")
        checks.require_widths(self, "updates")
        rates = self.learning_rates
        good = isinstance(rates, tuple) and rates and all(0 <= rate <= 1 for rate in rates)
        checks.require("learning_rates", rates, bool(good), "a tuple of numbers from 0 to 1")
        checks.require_range(self, 0, 0.999999, "b1", "b2")
        self.check_rates()
        checks.require_choice(self, "loss", tuple(losses.ADVERSARIAL))
        checks.require_range(self, 0, 1e6, "gp_weight", "drift", "r1_weight")
        checks.require_range(self, 1e-6, 1e6, "gp_target")
        bounded = self.loss != "wasserstein" or self.gp_weight > 0
        checks.require("gp_weight", self.gp_weight, bounded, "above 0 where loss='wasserstein'")

    def average_decay(self, stage: int) -> float:
        """The old average's weight in the new average of G's parameters, at every update of a stage."""
        raise TypeError(f"{type(self).__module__} has no average_decay")

    def updates_at(self, stage: int) -> int:
        """The updates of each player in an iteration of a stage."""
        return _of(self.updates, stage)

    @property
    def first_stage(self) -> int:
        """The stage at the start."""
        return len(sides(self.start_size)) - 1

    @property
    def last_stage(self) -> int:
        """The stage at the end."""
        return len(sides(self.size)) - 1

    @property
    def d(self) -> nn.Module:
        """The discriminator: images -> scores [B]."""
        widths = self.width_base, self.width_max
        return networks.Discriminator(self.size, *widths, self.group, self.blurred)

    def stage(self, iteration: int) -> int:
        """The stage of an iteration: that which is stable or which fades in."""
        return self._place(iteration)[0]

    def level(self, step: Any) -> jax.Array:
        """How far growth is after `step` iterations, float32 from first_stage to last_stage."""
        period = self.stable_steps + self.fade_steps
        grown = jnp.float32(self.first_stage)
        for i in range(self.last_stage - self.first_stage):
            # Integers are subtracted, since float32 has no room for all of them.
            into_fade = step - (self.stable_steps + i * period)
            grown = grown + jnp.clip(into_fade / self.fade_steps, 0.0, 1.0)
        return grown

    def phases(self, iteration: int) -> tuple[Phase, ...]:
        """('train', stage), with ('grow', stage) before it where a fade or a stable period begins."""
        stage, begins = self._place(iteration)
        return (("grow", stage), ("train", stage)) if begins else (("train", stage),)

    def check(self, inputs: base.Inputs) -> None:
        """Refuses images of another size, and batches that the updates cannot share equally."""
        super().check(inputs)
        for count in self.updates if inputs.batch_size else ():
            allowed = f"divisors of the {inputs.batch_size} images of a batch on a device"
            checks.require("updates", self.updates, inputs.batch_size % count == 0, allowed)

    def tx(self, player: str, stage: int = 0, iteration: Any = 0) -> optax.GradientTransformation:
        """Adam at the rate of a stage and of an iteration; its own count starts again with a stage."""
        del player
        rate = self.rate_at(_of(self.learning_rates, stage), iteration)
        return self.clipped(optax.adam(rate, self.b1, self.b2, eps=1e-8))

    def train_step(
        self, state: TrainState, batch: base.Batch, rng: jax.Array, phase: Phase
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        """One iteration at a stage, or the restart of both optimisers.

        The metrics are those of the last update of each player.
        """
        kind, stage = phase
        if kind == "grow":
            return _restarted(state), {}
        # The first stage never fades. At the end of a fade's first iteration, alpha is above 0.
        level = None if stage == self.first_stage else self.level(state.step + 1)
        real, count = networks.seen(batch["image"], self.size, level, stage), self.updates_at(stage)
        if len(real) % count:
            raise ValueError(f"updates={count} is not allowed; allowed: divisors of {len(real)}")
        shares = real.reshape(count, -1, *real.shape[1:]), jax.random.split(rng, count)

        def both(state, share):
            images, key = share
            return self._update_both(state, images, key, level, stage)

        state, metrics = game.repeat(both, state, shares)
        return state, jax.tree.map(lambda x: x[-1], metrics)

    def _place(self, iteration):
        """The stage of an iteration, and whether a fade or a later stable period begins with it."""
        later = iteration - self.stable_steps
        if later < 0:
            return self.first_stage, False
        growth, position = divmod(later, self.stable_steps + self.fade_steps)
        stage = self.first_stage + growth + 1
        if stage > self.last_stage:
            return self.last_stage, False
        return stage, position in (0, self.fade_steps)

    def _update_both(self, state, real, rng, level, stage):
        d_key, g_key = jax.random.split(rng)
        state, of_d = self._update_d(state, real, d_key, level, stage)
        state, of_g = self._update_g(state, len(real), g_key, level, stage)
        return state, {**of_d, **of_g}

    def _update_d(self, state, real, rng, level, stage):
        """Moves D, which minimises the following loss, with r = D(real) and f = D(G(z)).

            d_loss(r, f) + gp_weight GP + drift E r^2 + (r1_weight / 2) R1

        GP is the gradient penalty between real images and fakes, with the slope gp_target. R1 is the mean
        squared slope at real images. Fakes and real images are in two passes, so that the minibatch standard
        deviation never mixes them.
        """
        fake_key, key = jax.random.split(rng)
        fake, notes = self._fakes(state, state.players["gen"].params, len(real), fake_key, level, stage)

        def loss_fn(params):
            score = lambda images: self.d.apply({"params": params}, images, level, stage)  # noqa: E731
            r, f = score(real), score(fake)
            loss = losses.adversarial(self.loss)[0](r, f)
            terms = {"adversarial": loss, "real": r.mean(), "fake": f.mean()}
            terms |= answers.scores(self.loss, r, f, 0.0, 1.0)
            if self.gp_weight:
                epsilon = jax.random.uniform(key, (len(real),))
                terms["gp"] = slopes.gradient_penalty(score, real, fake, epsilon, scale=1 / self.gp_target)
                loss = loss + self.gp_weight * terms["gp"]
            if self.drift:
                loss = loss + self.drift * losses.drift(r)
            if self.r1_weight:
                terms["r1"] = slopes.r1(score, real)
                loss = loss + self.r1_weight / 2 * terms["r1"]
            return loss, ({}, {f"disc/{name}": value for name, value in {"loss": loss, **terms}.items()})

        state, metrics = game.update(state, "disc", self.tx("disc", stage, state.step), loss_fn)
        return self._noted(state, notes), metrics

    def _update_g(self, state, n, rng, level, stage):
        """Moves G, which minimises g_loss(D(G(z))) for n fresh z, and G's average."""
        disc = {"params": state.players["disc"].params}

        def loss_fn(params):
            fake, notes = self._fakes(state, params, n, rng, level, stage)
            loss = losses.adversarial(self.loss)[1](self.d.apply(disc, fake, level, stage))
            return loss, ({}, {"gen/loss": loss, **notes})

        tx = self.tx("gen", stage, state.step)
        state, metrics = game.update(state, "gen", tx, loss_fn, self.average_decay(stage))
        terms = {name: value for name, value in metrics.items() if "/" in name}
        return self._noted(state, metrics), terms

    def _fakes(self, state, params, n, rng, level, stage) -> tuple[jax.Array, dict[str, jax.Array]]:
        """N images of a stage from G's parameters, and what the state notes of them."""
        raise TypeError(f"{type(self).__module__} has no _fakes")

    def _noted(self, state, notes):
        """The state after images were drawn in training."""
        del notes
        return state


def _restarted(state):
    """The state with all moments and counts of both optimisers zero."""
    players = {
        name: player.replace(opt_state=jax.tree.map(jnp.zeros_like, player.opt_state))
        for name, player in state.players.items()
    }
    return state.replace(players=players)


def _of(values, stage):
    """The value of a stage; the last value is that of all later stages."""
    return values[min(stage, len(values) - 1)]
