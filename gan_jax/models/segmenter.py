"""A small FCN that predicts a class for every pixel: the student and the judge of translated scenes."""

import dataclasses
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import optax

from gan_jax import game
from gan_jax.game import TrainState
from gan_jax.models.shared import base, checks
from gan_jax.models.shared.rates import Rates
from gan_jax.networks.recognition.fcn import Segmenter

IGNORED = 255  # label of pixels without a class, as in Cityscapes and PASCAL VOC


@dataclasses.dataclass(frozen=True)
class Model(Rates, base.Defaults):
    """`recognition.fcn`, trained by the cross-entropy of every pixel that has a class.

    The one player is `segmenter`. A pixel has no class if its label is outside 0 to num_classes - 1, such as
    255. Such a pixel adds nothing to the loss; the mean is over all other pixels of the batch. The model
    replaces the FCN-8s that judged pix2pix and CycleGAN. Its layers are this project's own.
    """

    TINY: ClassVar[dict[str, Any]] = {"widths": (4, 4, 8), "schedule_steps": 2}
    segments: ClassVar[bool] = True
    SCHEDULES: ClassVar[tuple[str, ...]] = (*Rates.SCHEDULES, "schedule_steps")
    OWN_END: ClassVar[str] = "schedule_steps"

    widths: tuple[int, ...] = (32, 64, 128)  # channels of the stages
    num_classes: int = 11
    learning_rate: float = 1e-3  # the peak of the schedule, if there is one
    schedule_steps: int = 0  # length of a one-cycle schedule; 0 keeps the rate constant

    def __post_init__(self):
        """Refuses hyper-parameters outside their ranges."""
        checks.require_widths(self, "widths")
        checks.require_range(self, 2, IGNORED, "num_classes")
        checks.require_range(self, 0, 1e9, "schedule_steps")
        self.check_rates()
        checks.require("learning_rate", self.learning_rate, 0 < self.learning_rate < 10, "0 to 10")

    @property
    def network(self) -> Segmenter:
        """[B, H, W, 1 or 3] -> logits [B, H, W, num_classes]."""
        return Segmenter(self.widths, self.num_classes)

    def tx(self, player: str) -> optax.GradientTransformation:
        """Adam."""
        del player
        rate = self.rate_of(self.learning_rate)
        if self.schedule_steps:
            rate = optax.cosine_onecycle_schedule(self.schedule_steps, self.learning_rate)
        return self.clipped(optax.adam(rate))

    def check(self, inputs: base.Inputs) -> None:
        """Refuses sizes that the stages cannot halve, and labels that are neither a class nor 255."""
        multiple = 2 ** len(self.widths)
        checks.require("size", inputs.size, inputs.size % multiple == 0, f"multiples of {multiple}")
        values = (inputs.columns or {}).get("image_label")
        if values is not None and values.ndim == 3:
            strange = (values != IGNORED) & ((values < 0) | (values >= self.num_classes))
            first = int(values[strange][0]) if strange.any() else 0
            allowed = f"0 to {self.num_classes - 1}, or {IGNORED} for pixels without a class"
            checks.require("image_label", first, not strange.any(), allowed)

    def init(self, rng: jax.Array, batch: base.Batch) -> TrainState:
        """The state before training; `batch` has `image` [B, H, W, C] and `image_label` int [B, H, W].

        Raises:
          ValueError: one of them is missing or has another shape.
        """
        checks.require_images(batch, "image")
        expected = batch["image"].shape[:3]
        found = batch["image_label"].shape if "image_label" in batch else "no label"
        if found != expected:
            raise ValueError(f"label maps of shape [B, H, W] are needed, here {expected}; found {found}")
        variables = self.network.init(rng, batch["image"])
        return game.create({"segmenter": game.player(variables, self.tx("segmenter"))})

    def train_step(
        self, state: TrainState, batch: base.Batch, rng: jax.Array, phase: str
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        """One step of Adam on the mean cross-entropy of all pixels of the batch that have a class."""
        del rng, phase
        player, labels = state.players["segmenter"], batch["image_label"]
        known = (labels >= 0) & (labels < self.num_classes)
        # Devices may have unequal numbers of pixels with a class. Dividing by the devices' mean number makes
        # the mean of their losses the mean over the whole batch's pixels.
        pixels = game.device_mean(known.sum().astype(jnp.float32))
        weights = known / jnp.maximum(pixels, 1e-3)

        def loss_fn(params):
            logits = self.network.apply({**player.variables, "params": params}, batch["image"])
            classes = jnp.where(known, labels, 0)
            terms = optax.softmax_cross_entropy_with_integer_labels(logits, classes)
            loss = jnp.sum(weights * terms)
            accuracy = jnp.sum(weights * (logits.argmax(-1) == classes))
            return loss, ({}, {"segmenter/loss": loss, "segmenter/accuracy": accuracy})

        return game.update(state, "segmenter", self.tx("segmenter"), loss_fn)

    def predict(self, state: TrainState, batch: base.Batch) -> jax.Array:
        """Logits [B, H, W, num_classes] of `batch['image']` [B, H, W, C]."""
        return self.network.apply(state.players["segmenter"].eval_variables, batch["image"])
