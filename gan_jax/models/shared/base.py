"""The members of a model that the loop, the evaluations and the modes of inference use.

A model is a frozen dataclass named `Model` in a file of its own. Its fields are hyper-parameters. Its methods
are pure functions. A model holds no arrays and never changes.
"""

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Protocol

import jax
import numpy as np

from gan_jax.game import TrainState
from gan_jax.game.network import Network

Batch = dict[str, jax.Array]
Metrics = dict[str, jax.Array]

# What a field of this name means in every model that has it. A comment beside the field takes precedence.
MEANINGS: Mapping[str, str] = {
    "b1": "decay of Adam's mean of gradients",
    "b2": "decay of Adam's mean of squared gradients",
    "learning_rate": "learning rate of the optimiser",
    "g_learning_rate": "learning rate of G",
    "d_learning_rate": "learning rate of D",
    "channels": "channels of the images: 1 for grey, 3 for colours",
    "source_channels": "channels of source images: 1 for grey, 3 for colours",
    "target_channels": "channels of target images: 1 for grey, 3 for colours",
    "num_classes": "the number of classes",
    "d_width": "channels of D's first layer",
    "width_max": "most channels of a layer",
    "z_dim": "numbers in a latent vector z",
    "w_dim": "numbers in a style w",
    "mapping_layers": "layers of the mapping network",
}


@dataclasses.dataclass(frozen=True)
class Inputs:
    """The facts about the training data that a model checks.

    Attributes:
      size: pixels a side of all images, or their height if there is a width.
      varies: whether an image differs each time it is read (random crops, mirrors).
      required: pixels a side at which the network of each required run sees images; 0 for any size.
      columns: all columns of the training set except the images, by batch key such as `image_label`; None
        before the data are read. A column without rows is there, but its values are not known yet.
      networks: names of the required runs and of the weights from files; None where they are not known.
      batch_size: the images of a batch that a step takes: a device's part, or all where `global_batch` is on;
        0: not known.
      width: the images' width; 0: they are squares.
    """

    size: int
    varies: bool = False
    required: Mapping[str, int] = dataclasses.field(default_factory=dict)
    columns: Mapping[str, np.ndarray] | None = None
    networks: Collection[str] | None = None
    batch_size: int = 0
    width: int = 0

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of the images."""
        return self.size, self.width or self.size


def inputs_like(images: jax.Array) -> Inputs:
    """What a model checks of images [B, H, W, C]."""
    return Inputs(images.shape[1], width=images.shape[2])


class Model(Protocol):
    """The members that every model has. `Defaults` provides all except `init` and `train_step`."""

    TINY: ClassVar[Mapping[str, Any]]  # fields of a model so small that a step compiles and runs in seconds
    SCHEDULES: ClassVar[tuple[str, ...]]  # fields that count steps; they shrink with a shorter run
    OWN_MEMORY: ClassVar[tuple[str, ...]]  # beginnings of names in `memory` that each device has for itself

    # What the model can do. Each capability comes with the methods in brackets.
    draws_from_noise: ClassVar[bool]  # (latents, decode, generate)
    translates: ClassVar[bool]  # (generate)
    tells_classes: ClassVar[bool]  # of images (predict, embed)
    segments: ClassVar[bool]  # tells the class of each pixel (predict)
    encodes: ClassVar[bool]  # (infer)
    takes_requests: ClassVar[bool]  # translates to requested labels (condition, requests)
    has_styles: ClassVar[bool]  # draws images from styles (styles, synthesise, affine_kernels)
    takes_styles: ClassVar[bool]  # gives an image the style of others (encode, decode, reach, stylise)
    holds_image: ClassVar[bool]  # is itself an image (generate)

    @classmethod
    def fields_at(cls, size: int, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """The fields that follow from the images' side in pixels, given all `fields` at another side."""
        ...

    @property
    def batches(self) -> int:
        """The number of batches of config.batch_size that one iteration takes."""
        ...

    @property
    def takes_rectangles(self) -> bool:
        """Whether the model can be trained on images whose height and width differ."""
        ...

    @property
    def multiple(self) -> int:
        """Sides of images that `generate` translates are multiples of this; 0: only the trained size."""
        ...

    @property
    def features(self) -> Mapping[str, str]:
        """Role -> the required run whose features of the role's images the step reads.

        The column is `<role>_features` [B, d]. It is computed once for each image and cached. Where images
        vary, the column is missing, and the step computes the features.
        """
        ...

    @property
    def rate_ends(self) -> Mapping[str, int]:
        """Field -> the iteration from which on it makes the learning rates zero."""
        ...

    def phases(self, iteration: int) -> tuple[Any, ...]:
        """The static arguments of this iteration's compiled steps, in order."""
        ...

    def dealt(self, stack: Mapping[str, Any], count: int) -> Mapping[str, Any]:
        """The entries of memory that OWN_MEMORY names, [n, ...] of n devices, for `count` devices."""
        ...

    def seen_size(self, size: int) -> int:
        """Pixels a side at which the networks see images of `size` pixels a side."""
        ...

    def trained_role(self, role: str) -> str:
        """The role of the training batch with images like those that `generate` takes under `role`."""
        ...

    def check(self, inputs: Inputs) -> None:
        """Raises ValueError where the model cannot be trained on these inputs.

        It is called twice: before the data are read, and once more before training.
        """
        ...

    def init(self, rng: jax.Array, batch: Batch) -> TrainState:
        """The state before training. Only the shapes and dtypes of `batch` matter."""
        ...

    def adopt(
        self, state: TrainState, networks: Mapping[str, Network], columns: Mapping[str, np.ndarray]
    ) -> TrainState:
        """The state before training, with values taken from required networks and the training set.

        Args:
          state: the state that `init` returned.
          networks: the finished runs and weights that the configuration requires, by name.
          columns: all columns of the training set except the images, by batch key; {} without a training set.
        """
        ...

    def train_step(
        self, state: TrainState, batch: Batch, rng: jax.Array, phase: Any
    ) -> tuple[TrainState, Metrics]:
        """One compiled step on one device. Metrics are named `player/term`.

        `batch` is the device's part of the batch, or the whole batch where `global_batch` is on.
        """
        ...


class Defaults:
    """The members that a model has unless it defines its own."""

    TINY: ClassVar[Mapping[str, Any]] = {}
    SCHEDULES: ClassVar[tuple[str, ...]] = ()
    OWN_MEMORY: ClassVar[tuple[str, ...]] = ()
    draws_from_noise: ClassVar[bool] = False
    translates: ClassVar[bool] = False
    tells_classes: ClassVar[bool] = False
    segments: ClassVar[bool] = False
    encodes: ClassVar[bool] = False
    takes_requests: ClassVar[bool] = False
    has_styles: ClassVar[bool] = False
    takes_styles: ClassVar[bool] = False
    holds_image: ClassVar[bool] = False

    @classmethod
    def fields_at(cls, size: int, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """The images' side is the field `size` of models that have it."""
        return {"size": size} if "size" in fields else {}

    @property
    def batches(self) -> int:
        """An iteration takes one batch."""
        return 1

    @property
    def takes_rectangles(self) -> bool:
        """The model is trained on squares."""
        return False

    @property
    def multiple(self) -> int:
        """The model takes only images of the trained size."""
        return 0

    @property
    def features(self) -> Mapping[str, str]:
        """A step reads no features of required runs."""
        return {}

    @property
    def rate_ends(self) -> Mapping[str, int]:
        """The learning rates never become zero."""
        return {}

    def phases(self, iteration: int) -> tuple[Any, ...]:
        """An iteration is one step."""
        del iteration
        return ("train",)

    def dealt(self, stack: Mapping[str, Any], count: int) -> Mapping[str, Any]:
        """A model whose devices have entries of their own says how these are dealt out to others."""
        raise TypeError(f"{type(self).__module__} cannot deal {', '.join(stack)} to {count} devices")

    def seen_size(self, size: int) -> int:
        """The networks see images as they are."""
        return size

    def trained_role(self, role: str) -> str:
        """The role of the same name."""
        return role

    def check(self, inputs: Inputs) -> None:
        """Every input is allowed."""
        del inputs

    def adopt(
        self, state: TrainState, networks: Mapping[str, Network], columns: Mapping[str, np.ndarray]
    ) -> TrainState:
        """Nothing comes from outside."""
        del networks, columns
        return state
