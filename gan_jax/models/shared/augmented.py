"""The augmentation of all that a discriminator sees, as fields: fixed, or adapted to its overfitting."""

import dataclasses

import jax
import jax.numpy as jnp

from gan_jax import game
from gan_jax.game import TrainState
from gan_jax.models.shared import checks
from gan_jax.ops import differentiable

_EVERY = 4  # iterations between changes of ADA's probability


@dataclasses.dataclass(frozen=True)
class AugmentedViews:
    """What D sees of real images and fakes.

    Augmentation is fixed (Zhao et al. 2020) or adaptive (ADA, Karras et al. 2020b). ADA's state is in
    `memory`: `augment_probability`, and `sign_real`, a running sum of D's signs.
    """

    augment: str = "none"  # what D sees: images as they are, or augmented by 'fixed', 'ada'
    augment_kinds: tuple[str, ...] = ("colour", "translation", "cutout")  # transformations
    augment_probability: float = 1.0  # of each transformation where augment='fixed'
    ada_target: float = 0.6  # the mean sign of D's scores of real images that ADA keeps
    ada_length: int = 15625  # iterations in which ADA's probability can move by 1: 500 000 images

    def check_augmentation(self) -> None:
        """Refuses values outside their ranges.

        Raises:
          ValueError: naming the field, its value and what is allowed.
        """
        checks.require_choice(self, "augment", ("none", "fixed", "ada"))
        known = tuple(differentiable.TRANSFORMATIONS)
        good = self.augment_kinds and set(self.augment_kinds) <= set(known)
        checks.require("augment_kinds", self.augment_kinds, bool(good), f"some of {', '.join(known)}")
        checks.require_range(self, 0, 1, "augment_probability", "ada_target")
        checks.require_range(self, 1, 1e9, "ada_length")

    def first_probability(self) -> dict[str, jax.Array]:
        """ADA's entries of `memory` before training; {} for other kinds of augmentation."""
        if self.augment != "ada":
            return {}
        return {"augment_probability": jnp.zeros(()), "sign_real": jnp.zeros(())}

    def view(self, state: TrainState, images: jax.Array, rng: jax.Array) -> jax.Array:
        """Images [B, H, W, C] as D sees them."""
        if self.augment == "none":
            return images
        fixed = self.augment == "fixed"
        probability = self.augment_probability if fixed else state.memory["augment_probability"]
        return differentiable.augment(rng, images, probability, self.augment_kinds)

    def adapt(
        self, state: TrainState, metrics: dict[str, jax.Array]
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        """Moves ADA's probability by 4 / ada_length towards more or less augmentation every 4 iterations.

        It grows while the mean sign of D's scores of real images is above `ada_target`, and never falls below
        0 (Karras et al. 2020b, section 3). Other kinds of augmentation change nothing.

        Args:
          state: the state after D's step.
          metrics: the step's metrics with `disc/sign_real`; ADA adds `disc/augment_probability`.
        """
        if self.augment != "ada":
            return state, metrics
        sign = state.memory["sign_real"] + game.device_mean(metrics["disc/sign_real"]) / _EVERY
        due = (state.step + 1) % _EVERY == 0
        step = jnp.sign(sign - self.ada_target) * (_EVERY / self.ada_length)
        old = state.memory["augment_probability"]
        new = {
            "augment_probability": jnp.where(due, jnp.maximum(old + step, 0), old),
            "sign_real": jnp.where(due, 0.0, sign),
        }
        metrics = {**metrics, "disc/augment_probability": old}
        return state.replace(memory={**state.memory, **new}), metrics
