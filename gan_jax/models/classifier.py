"""A convolutional network: DTN's perceptual function f, and the judge of other models' images."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import optax

from gan_jax import game
from gan_jax.game import TrainState
from gan_jax.game.network import Network
from gan_jax.models.shared import base, checks, objectives, rates
from gan_jax.networks.recognition import resnet18
from gan_jax.networks.recognition.stages import Classifier, Features, last_window
from gan_jax.ops import augment, losses
from gan_jax.ops.pixels import to_rgb


@dataclasses.dataclass(frozen=True)
class Model(rates.Rates, base.Defaults):
    """Convolutional stages and a linear head, trained by cross-entropy (Taigman et al. 2016, Sec. 5.1).

    The one player is `classifier`. The paper gives widths, pooling and the 128 features before the last
    ReLU. Kernels of 3x3, no normalisation and a linear head are this project's reading of the paper.
    Departures, all off by default: doubled stages, batch norm, augmentation, the one-cycle schedule, and
    ResNet-18 as `architecture`, the judge of Choi et al. 2018.

    Objectives: 'classes' learns labels [B] by cross-entropy. 'attributes' learns labels [B, num_classes] in
    {0, 1} by sigmoid cross-entropy. 'features' has no labels and no head: the network learns, by squared
    error, the features `image_features` [B, widths[-1]] of any other network, as a differentiable twin of it.

    Self-training, with 'classes' only, takes images `unlabelled` of another domain. The network predicts
    their classes before augmentation, and learns the confident predictions after it (FixMatch, Sohn et al.
    2020). The predictions are aligned to equally frequent classes (ReMixMatch, Berthelot et al. 2020). A
    required run `start` gives the initial variables.
    """

    TINY: ClassVar[dict[str, Any]] = {"widths": (4, 4, 4, 8), "input_size": 32}
    tells_classes: ClassVar[bool] = True
    SCHEDULES: ClassVar[tuple[str, ...]] = (*rates.Rates.SCHEDULES, "schedule_steps")
    OWN_END: ClassVar[str] = "schedule_steps"

    widths: tuple[int, ...] = (64, 128, 256, 128)  # four stages for 32 pixels, five for 64, six for 128
    architecture: str = "stages"  # or 'resnet18'; 'resnet18_small' for less than 100 pixels. Both need
    # batch_norm, convs_per_block=2 and four widths; (64, 128, 256, 512) is as published
    input_size: int = 0  # pixels a side that the network resizes images to; 0: no resizing
    convs_per_block: int = 1  # 2 doubles every convolution but the last
    batch_norm: bool = False  # whether batch norm follows each convolution
    dropout: float = 0.0  # dropout rate of the features, before the head
    num_classes: int = 10  # the number of classes or attributes
    objective: str = "classes"  # or 'attributes', 'features'
    label_smoothing: float = 0.0  # share of a label that is spread over all classes
    learning_rate: float = 1e-3  # the peak of the schedule, if there is one
    weight_decay: float = 0.0  # decoupled, as in AdamW
    schedule_steps: int = 0  # length of a one-cycle schedule, or in self-training of a cosine; 0: none
    rotation: float = 0.0  # largest angle in radians; see ops.augment for this field and those below
    scale: float = 0.0  # largest logarithm of the factor of the size
    shear: float = 0.0  # largest slope
    shift: float = 0.0  # largest shift in pixels
    elastic: float = 0.0  # strength of the elastic deformation in pixels
    flip: float = 0.0  # probability of mirroring; keep 0 for digits
    contrast: float = 0.0  # largest logarithm of the factor of the contrast
    channel_contrast: float = 0.0  # the same for each channel by itself
    brightness: float = 0.0  # largest shift; 1 is half the range [-1, 1]
    negate: float = 0.0  # probability of the negative
    ink: float = 0.0  # probability of reduction to two tones
    pseudo_weight: float = 0.0  # weight of self-training; 0: no unlabelled images
    pseudo_threshold: float = 0.9  # predictions of a lower probability are not learnt

    def __post_init__(self):
        """Refuses hyper-parameters outside their ranges."""
        checks.require_choice(self, "objective", tuple(objectives.COLUMNS))
        checks.require_choice(self, "architecture", ("stages", "resnet18", "resnet18_small"))
        checks.require_widths(self, "widths")
        if self.is_resnet:
            where = f"where architecture={self.architecture!r}"
            checks.require("widths", self.widths, len(self.widths) == 4, f"four integers {where}")
            checks.require("batch_norm", self.batch_norm, self.batch_norm, f"True {where}")
            two = self.convs_per_block == 2
            checks.require("convs_per_block", self.convs_per_block, two, f"2 {where}")
        checks.require_range(self, 1, 2, "convs_per_block")
        checks.require_range(self, 1 if self.objective == "attributes" else 2, 100_000, "num_classes")
        checks.require_range(self, 0, 0.99, "dropout", "label_smoothing")
        checks.require_range(
            self, 0, 1, "weight_decay", "negate", "ink", "brightness", "scale", "shear", "flip"
        )
        checks.require_range(self, 0, 1e9, "schedule_steps")
        self.check_rates()
        checks.require_range(self, 0, 100, "pseudo_weight")
        checks.require_range(self, 0, 1, "pseudo_threshold")
        alone = not self.pseudo_weight or self.objective == "classes"
        checks.require("pseudo_weight", self.pseudo_weight, alone, "0 but with objective='classes'")
        checks.require_range(self, 0, 4096, "input_size")
        checks.require_range(self, 0, 10, "rotation", "contrast", "channel_contrast", "shift", "elastic")
        checks.require("learning_rate", self.learning_rate, 0 < self.learning_rate < 10, "0 to 10")

    @property
    def is_resnet(self) -> bool:
        """Whether the network is a ResNet-18. If not, it has stages of convolution and max-pooling."""
        return self.architecture != "stages"

    @property
    def network(self) -> Classifier | resnet18.Classifier:
        """[B, S, S, 1 or 3] -> logits [B, num_classes], or features [B, widths[-1]] for 'features'."""
        logits = 0 if self.objective == "features" else self.num_classes
        if self.is_resnet:
            small = self.architecture == "resnet18_small"
            return resnet18.Classifier(self.widths, logits, small, self.dropout, self.input_size)
        return Classifier(
            self.widths, logits, self.convs_per_block, self.batch_norm, self.dropout, self.input_size
        )

    @property
    def body(self) -> Features | resnet18.Features:
        """[B, S, S, 1 or 3] -> features [B, widths[-1]]; its parameters are `features` of `network`."""
        if self.is_resnet:
            small = self.architecture == "resnet18_small"
            return resnet18.Features(self.widths, small, self.input_size)
        return Features(self.widths, self.convs_per_block, self.batch_norm, self.input_size)

    def tx(self, player: str) -> optax.GradientTransformation:
        """AdamW. Biases and normalisation have no weight decay."""
        del player
        rate = self.rate_of(self.learning_rate)
        if self.schedule_steps and self.pseudo_weight:
            # With a low rate at first, the network would learn its first predictions, right or wrong.
            rate = optax.cosine_decay_schedule(self.learning_rate, self.schedule_steps)
        elif self.schedule_steps:
            rate = optax.cosine_onecycle_schedule(self.schedule_steps, self.learning_rate)
        return self.clipped(optax.adamw(rate, weight_decay=self.weight_decay, mask=_kernels))

    @property
    def takes_rectangles(self) -> bool:
        """The network ends with a maximum or a mean over all positions."""
        return True

    def seen_size(self, size: int) -> int:
        """`input_size` if it is given, since the network resizes images to it; else `size`."""
        return self.input_size or size

    def check(self, inputs: base.Inputs) -> None:
        """Refuses sizes that the stages do not reduce to one pixel, and columns of another shape."""
        if not self.is_resnet:  # a ResNet takes any size
            for side in inputs.sides:
                last_window(self.seen_size(side), len(self.widths))
        if inputs.columns is not None:
            objectives.check_column(self.objective, inputs.columns, self.num_classes, self.widths)
            if self.objective == "classes":
                objectives.check_classes(inputs.columns, self.num_classes)

    def init(self, rng: jax.Array, batch: base.Batch) -> TrainState:
        """The state before training; `batch` has `image`, the objective's column, and perhaps `unlabelled`.

        Raises:
          ValueError: a role or the column is missing or has a wrong shape.
        """
        checks.require_images(batch, "image")
        objectives.check_column(self.objective, batch, self.num_classes, self.widths)
        variables = self.network.init(rng, batch["image"], train=False)
        memory = {}
        if self.pseudo_weight:
            checks.require_images(batch, "unlabelled")
            memory["answers"] = jnp.full(self.num_classes, 1 / self.num_classes)
        return game.create({"classifier": game.player(variables, self.tx("classifier"))}, memory=memory)

    def adopt(
        self, state: TrainState, networks: Mapping[str, Network], columns: Mapping[str, Any]
    ) -> TrainState:
        """Takes the variables of the required run `start`, if there is one."""
        del columns
        if "start" not in networks:
            return state
        player, start = state.players["classifier"], networks["start"].variables["classifier"]
        checks.require_shapes("start", start, player.variables, "this network's fields")
        player = player.replace(params=start["params"], batch_stats=start["batch_stats"])
        return state.replace(players={"classifier": player})

    def train_step(
        self, state: TrainState, batch: base.Batch, rng: jax.Array, phase: str
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        """One step of AdamW on the augmented batch. The loss is the objective's plus pseudo_weight L_pseudo.

        L_pseudo is the cross-entropy of augmented unlabelled images with the network's own labels for them.
        An image without a confident label adds zero.
        """
        del phase
        rng_warp, rng_colour, rng_dropout = jax.random.split(rng, 3)
        pictures = batch["image"]
        if self.pseudo_weight:
            state, answers, sure = self._answer(state, batch["unlabelled"])
            pictures = jnp.concatenate([to_rgb(pictures), to_rgb(batch["unlabelled"])])
        if self.flip:
            pictures = augment.flip(jax.random.fold_in(rng, 3), pictures, self.flip)  # a fourth key
        pictures = self._augment(rng_warp, rng_colour, pictures)
        player = state.players["classifier"]

        def loss_fn(params):
            logits, new = self.network.apply(
                {**player.variables, "params": params},
                pictures,
                train=True,
                rngs={"dropout": rng_dropout},
                mutable=["batch_stats"],
            )
            own = logits[: len(batch["image"])]
            terms = objectives.terms(self.objective, own, batch, self.label_smoothing)
            if self.pseudo_weight:
                others = logits[len(batch["image"]) :]
                imitation = losses.classification(others, answers, weights=sure)
                loss = terms["loss"] + self.pseudo_weight * imitation
                terms |= {"loss": loss, "pseudo": imitation, "sure": jnp.mean(sure)}
            metrics = {f"classifier/{name}": term for name, term in terms.items()}
            return terms["loss"], (new.get("batch_stats", {}), metrics)

        return game.update(state, "classifier", self.tx("classifier"), loss_fn)

    def predict(self, state: TrainState, batch: base.Batch) -> jax.Array:
        """Logits [B, num_classes] of `batch['image']`, or features [B, widths[-1]] for 'features'."""
        variables = state.players["classifier"].eval_variables
        return self.network.apply(variables, batch["image"], train=False)

    def embed(self, state: TrainState, batch: base.Batch) -> jax.Array:
        """Features [B, widths[-1]] of `batch['image']`. DTN takes this function as f."""
        variables = state.players["classifier"].eval_variables
        body = {name: tree["features"] for name, tree in variables.items() if tree}
        return self.body.apply(body, batch["image"], train=False)

    def _answer(self, state, pictures):
        """The network's own labels [B] for unlabelled images, and whether each is confident, bool [B]."""
        variables = state.players["classifier"].eval_variables
        given = jax.nn.softmax(self.network.apply(variables, pictures, train=False))
        usual = 0.95 * state.memory["answers"] + 0.05 * game.device_mean(given.mean(0))
        aligned = given / usual
        aligned = aligned / aligned.sum(-1, keepdims=True)
        sure = aligned.max(-1) > self.pseudo_threshold
        return state.replace(memory={"answers": usual}), aligned.argmax(-1), sure

    def _augment(self, rng_warp, rng_colour, pictures):
        if self.rotation or self.scale or self.shear or self.shift or self.elastic:
            pictures = augment.warp(
                rng_warp,
                pictures,
                rotation=self.rotation,
                scale=self.scale,
                shear=self.shear,
                shift=self.shift,
                elastic=self.elastic,
            )
        if self.contrast or self.channel_contrast or self.brightness or self.negate or self.ink:
            pictures = augment.colour(
                rng_colour,
                pictures,
                contrast=self.contrast,
                channel_contrast=self.channel_contrast,
                brightness=self.brightness,
                negate=self.negate,
                ink=self.ink,
            )
        return pictures


def _kernels(params):
    return jax.tree.map(lambda x: x.ndim > 1, params)
