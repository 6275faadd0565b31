"""A convolutional classifier of small images: DTN's perceptual function f, and the judge of its output."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import optax

from gan_jax import augment, losses
from gan_jax import state as game
from gan_jax.models import base
from gan_jax.networks.perceptual import Classifier
from gan_jax.state import TrainState


@dataclasses.dataclass(frozen=True)
class Model(base.Defaults):
    """Four convolutional stages and a linear head, trained by cross-entropy (Taigman et al. 2016, 5.1).

    One player, `classifier`. The paper gives widths, pooling and the 128 features before the last
    ReLU; kernel 3x3, no normalisation and a linear head are this project's reading. Doubled and
    batch-normalised stages, augmentation and the one-cycle schedule are departures, off by default.
    """

    widths: tuple[int, ...] = (64, 128, 256, 128)
    convs_per_block: int = 1  # 2 doubles every convolution but the last
    batch_norm: bool = False
    dropout: float = 0.0  # on the features, before the head
    num_classes: int = 10
    label_smoothing: float = 0.0
    learning_rate: float = 1e-3  # the peak, where a schedule is given
    weight_decay: float = 0.0  # decoupled, as in AdamW
    schedule_steps: int = 0  # length of a one-cycle schedule; 0 keeps the rate constant
    rotation: float = 0.0  # radians
    scale: float = 0.0  # log
    shear: float = 0.0
    shift: float = 0.0  # pixels
    elastic: float = 0.0  # pixels
    contrast: float = 0.0  # log
    channel_contrast: float = 0.0  # log
    brightness: float = 0.0  # of [-1, 1]
    negate: float = 0.0  # probability
    ink: float = 0.0  # probability of two tones

    def __post_init__(self):
        """Refuses hyper-parameters outside their ranges."""
        base.require_widths(self, "widths")
        base.require_range(self, 1, 2, "convs_per_block")
        base.require_range(self, 2, 100_000, "num_classes")
        base.require_range(self, 0, 0.99, "dropout", "label_smoothing")
        base.require_range(self, 0, 1, "weight_decay", "negate", "ink", "brightness", "scale", "shear")
        base.require_range(self, 0, 1e9, "schedule_steps")
        base.require_range(self, 0, 10, "rotation", "contrast", "channel_contrast", "shift", "elastic")
        base.require("learning_rate", self.learning_rate, 0 < self.learning_rate < 10, "0 to 10")

    @property
    def network(self) -> Classifier:
        """[B, 32, 32, 1 or 3] -> logits [B, num_classes]."""
        return Classifier(self.widths, self.num_classes, self.convs_per_block, self.batch_norm, self.dropout)

    @property
    def tx(self) -> optax.GradientTransformation:
        """AdamW; weight decay spares biases and normalisation."""
        rate: Any = self.learning_rate
        if self.schedule_steps:
            rate = optax.cosine_onecycle_schedule(self.schedule_steps, self.learning_rate)
        return optax.adamw(rate, weight_decay=self.weight_decay, mask=_kernels)

    def init(self, rng: jax.Array, batch: base.Batch) -> TrainState:
        """The state before training; `batch` has `image` and `image_label`."""
        base.require_images(batch, "image")
        if "image_label" not in batch:
            raise ValueError("a classifier needs labels; the batch has no image_label")
        variables = self.network.init(rng, batch["image"], train=False)
        return game.create({"classifier": game.player(variables, self.tx)})

    def train_step(
        self, state: TrainState, batch: base.Batch, rng: jax.Array, phase: str
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        """One step of AdamW on the (augmented) batch."""
        del phase
        rng_warp, rng_colour, rng_dropout = jax.random.split(rng, 3)
        images = self._augment(rng_warp, rng_colour, batch["image"])
        player = state.players["classifier"]

        def loss_fn(params):
            logits, new = self.network.apply(
                {**player.variables, "params": params},
                images,
                train=True,
                rngs={"dropout": rng_dropout},
                mutable=["batch_stats"],
            )
            loss = losses.classification(logits, batch["image_label"], self.label_smoothing)
            hits = jnp.mean(logits.argmax(-1) == batch["image_label"])
            metrics = {"classifier/loss": loss, "classifier/accuracy": hits}
            return loss, (new.get("batch_stats", {}), metrics)

        return game.update(state, "classifier", self.tx, loss_fn)

    def predict(self, state: TrainState, batch: base.Batch) -> jax.Array:
        """Logits [B, num_classes] of `batch['image']`."""
        variables = state.players["classifier"].eval_variables
        return self.network.apply(variables, batch["image"], train=False)

    def _augment(self, rng_warp, rng_colour, images):
        if self.rotation or self.scale or self.shear or self.shift or self.elastic:
            images = augment.warp(
                rng_warp,
                images,
                rotation=self.rotation,
                scale=self.scale,
                shear=self.shear,
                shift=self.shift,
                elastic=self.elastic,
            )
        if self.contrast or self.channel_contrast or self.brightness or self.negate or self.ink:
            images = augment.colour(
                rng_colour,
                images,
                contrast=self.contrast,
                channel_contrast=self.channel_contrast,
                brightness=self.brightness,
                negate=self.negate,
                ink=self.ink,
            )
        return images


def _kernels(params):
    return jax.tree.map(lambda x: x.ndim > 1, params)
