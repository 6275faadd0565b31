"""What every model has unless it says otherwise, and checks of hyper-parameters."""

import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from gan_jax import state as game
from gan_jax.state import TrainState

Batch = dict[str, jax.Array]
Labels = Any  # int32 [n]; None where a model is not conditional

# The networks of a player `gen` that translates both ways: the role that each is given, the one it draws.
TWO_WAYS: Mapping[str, tuple[str, str]] = {"s2t": ("source", "target"), "t2s": ("target", "source")}


class Defaults:
    """The optional members of a model; nothing here is called by a model itself."""

    @property
    def batches(self) -> int:
        """Batches of config.batch_size that one iteration consumes."""
        return 1

    @property
    def multiple(self) -> int:
        """Sides of images that `generate` translates are multiples of this; 0: the trained size alone."""
        return 0

    def phases(self, iteration: int) -> tuple[Any, ...]:
        """Static arguments of the compiled steps of this iteration, in order."""
        del iteration
        return ("train",)

    def check_size(self, size: int, required: Mapping[str, int]) -> None:
        """Raises ValueError where the networks cannot take images of `size` pixels a side.

        `required` are the pixels at which the networks of the required runs were trained, by name.
        """
        del size, required

    def check_columns(self, columns: Mapping[str, np.ndarray]) -> None:
        """Raises ValueError where the training set's columns have values that the model cannot take.

        `columns` are all but the images, by their batch key, such as `image_label`. Before training.
        """
        del columns

    def adopt(self, state: TrainState, networks: Mapping[str, Any]) -> TrainState:
        """Takes over variables of the finished runs that `config.requires` names, by name."""
        del networks
        return state

    def constants(self, state: TrainState, batch: Batch) -> Batch:
        """Columns that follow from frozen variables alone; computed once per example and cached."""
        del state, batch
        return {}

    def calibrate(self, state: TrainState, columns: Mapping[str, np.ndarray]) -> TrainState:
        """Sets constants of the state from the cached columns of the whole training set."""
        del columns
        return state


class NoiseToImage(Defaults):
    """What models that draw images from noise share: the classes asked for, and `generate`.

    A subclass has the fields `size`, `z_dim` and `num_classes` (0: it is not conditional), its own
    `decode(state, z, label=None)` and, where z is not N(0, I), its own `latents`.
    """

    size: int
    z_dim: int
    num_classes: int

    def decode(self, state: TrainState, z: jax.Array, label: Labels = None) -> jax.Array:
        """Images [n, size, size, C] in [-1, 1] of z [n, z_dim] and, where conditional, label [n]."""
        raise TypeError(f"{type(self).__module__} has no decode")

    def latents(self, rng: jax.Array, n: int) -> jax.Array:
        """`n` draws of the prior N(0, I), float32 [n, z_dim]."""
        return jax.random.normal(rng, (n, self.z_dim))

    def generate(self, state: TrainState, batch: Batch, rng: jax.Array) -> Batch:
        """As many images as the batch has rows: {'image': [n, size, size, C]} in [-1, 1].

        `z` and `label` of the batch are taken where it has them, and drawn where it does not. Where the
        model is conditional, `image_label` int32 [n] are the classes asked for.
        """
        n = len(jax.tree.leaves(batch)[0])
        z_key, label_key = jax.random.split(rng)
        z = batch["z"] if "z" in batch else self.latents(z_key, n)
        if not self.num_classes:
            return {"image": self.decode(state, z)}
        label = batch["label"] if "label" in batch else self.classes(label_key, n)
        return {"image": self.decode(state, z, label), "image_label": label}

    def classes(self, rng: jax.Array, n: int) -> Labels:
        """`n` classes, each as likely as any other, int32 [n]; None where there are none."""
        return jax.random.randint(rng, (n,), 0, self.num_classes) if self.num_classes else None

    def with_class(self, z: jax.Array, label: Labels) -> jax.Array:
        """Z [n, z_dim] beside the one-hot label: [n, z_dim + num_classes].

        Raises:
          ValueError: the model is conditional and there is no label.
        """
        if not self.num_classes:
            return z
        if label is None:
            raise ValueError(f"num_classes={self.num_classes} needs a label for every z")
        return jnp.concatenate([z, jax.nn.one_hot(label, self.num_classes)], -1)

    def labels_of(self, batch: Batch) -> Labels:
        """The classes of the batch's real images, [B]; None where the model is not conditional.

        Raises:
          ValueError: there are none, or they are attributes.
        """
        if not self.num_classes:
            return None
        label = batch.get("image_label")
        if label is None or label.ndim != 1:
            found = "none" if label is None else list(label.shape)
            raise ValueError(f"num_classes={self.num_classes} needs image_label [B]; the batch has {found}")
        return label

    def check_size(self, size: int, required: Mapping[str, int]) -> None:
        """Refuses images of other pixels than the model draws."""
        del required
        require("size", self.size, self.size == size, f"the {size} pixels of the images")

    def check_columns(self, columns: Mapping[str, np.ndarray]) -> None:
        """Refuses labels outside 0 .. num_classes - 1, which would silently be no class at all."""
        if self.num_classes and "image_label" in columns:
            low, high = (int(f(columns["image_label"])) for f in (np.min, np.max))
            inside = low >= 0 and high < self.num_classes
            require("image_label", (low, high), inside, f"0 to {self.num_classes - 1}")


OPTIMIZERS = ("adam", "rmsprop", "rmsprop_tf", "sgd")


def optimizer(
    name: str, rate: float, b1: float, b2: float, start: int = 0, end: int = 0
) -> optax.GradientTransformation:
    """An optimiser at `rate`, constant to update `start`, then linear to zero at `end`; 0: constant.

    Args:
      name: 'adam'; 'rmsprop', torch's (the average keeps 0.99 and starts at 0), which WGAN was published
        with; 'rmsprop_tf', that of TensorFlow 1 (0.9, from 1), of WGAN-GP's comparisons; or 'sgd'.
      rate: learning rate.
      b1: Adam's, or the momentum of 'sgd'; RMSProp has none.
      b2: Adam's.
      start: last update of the full rate.
      end: first update of rate zero; 0 for none.
    """
    schedule: Any = optax.linear_schedule(rate, 0.0, end - start, start) if end else rate
    if name == "adam":
        return optax.adam(schedule, b1, b2)
    if name == "rmsprop":
        return optax.rmsprop(schedule, decay=0.99, eps=1e-8, eps_in_sqrt=False)
    if name == "rmsprop_tf":
        return optax.rmsprop(schedule, decay=0.9, eps=1e-10, initial_scale=1.0)
    return optax.sgd(schedule, momentum=b1 or None)


def adam(rate: float, b1: float, b2: float, start: int, end: int) -> optax.GradientTransformation:
    """Adam at `rate`, constant to step `start`, then linear to zero at `end`; constant where `end` is 0."""
    return optimizer("adam", rate, b1, b2, start, end)


def require(name: str, value: Any, condition: bool, allowed: str) -> None:
    """Raises ValueError naming the hyper-parameter, its value and what is allowed."""
    if not condition:
        raise ValueError(f"{name}={value!r} is not allowed; allowed: {allowed}")


def require_choice(model: Any, name: str, choices: tuple[str, ...]) -> None:
    """Checks that field `name` of `model` is one of `choices`."""
    value = getattr(model, name)
    require(name, value, value in choices, ", ".join(choices))


def require_range(model: Any, low: float, high: float, *names: str) -> None:
    """Checks that the named fields of `model` are finite numbers in [low, high]."""
    for name in names:
        value = getattr(model, name)
        require(name, value, math.isfinite(value) and low <= value <= high, f"{low:g} to {high:g}")


def require_widths(model: Any, *names: str) -> None:
    """Checks that the named fields of `model` are non-empty tuples of positive integers."""
    for name in names:
        value = getattr(model, name)
        good = isinstance(value, tuple) and value and all(type(v) is int and v > 0 for v in value)
        require(name, value, bool(good), "a tuple of positive integers")


def require_images(batch: Batch, role: str, channels: tuple[int, ...] = (1, 3)) -> None:
    """Checks that a batch has images [B, H, W, C] of `role`, C being one of `channels`.

    Raises:
      ValueError: naming the role, its shape and what was expected.
    """
    if role not in batch:
        raise ValueError(f"the batch has no {role!r}; it has {', '.join(sorted(batch))}")
    shape = batch[role].shape
    if len(shape) != 4 or shape[-1] not in channels:
        raise ValueError(f"{role} has shape {shape}; expected [B, H, W, C] with C in {channels}")


def require_decay(model: Any) -> None:
    """Checks Adam's `b1` and `b2`, and that `decay_start` and `decay_end` of `model` are in order."""
    require_range(model, 0, 0.999999, "b1", "b2")
    require_range(model, 0, 1e9, "decay_start", "decay_end")
    late = model.decay_end and model.decay_end <= model.decay_start
    require("decay_end", model.decay_end, not late, "0, or more than decay_start")


def require_channels(model: Any, *names: str) -> None:
    """Checks that the named fields of `model` are channels of grey or coloured images."""
    for name in names:
        require(name, getattr(model, name), getattr(model, name) in (1, 3), "1, 3")


def two_way_players(model: Any, rng: jax.Array, batch: Batch) -> dict[str, game.Player]:
    """The players `gen` and `disc` of a model that translates both ways, at their start.

    `model.gen` has a network for each of `TWO_WAYS`, `model.disc` one for each of its domains, `model.tx`
    moves either player; `batch` has `source` and `target` images.

    Raises:
      ValueError: a role is missing, or its channels or size are not what the networks take.
    """
    for role in ("source", "target"):
        require_images(batch, role, (getattr(model, f"{role}_channels"),))
        model.check_size(batch[role].shape[1], {})
    given = {name: roles[0] for name, roles in TWO_WAYS.items()}
    players = {}
    for key, name, networks in zip(
        jax.random.split(rng), ("gen", "disc"), (model.gen, model.disc), strict=True
    ):
        variables: dict[str, dict[str, Any]] = {"params": {}, "batch_stats": {}}
        for i, (network, module) in enumerate(networks.items()):
            pixels = batch[given.get(network, network)]
            made = module.init(jax.random.fold_in(key, i), pixels, train=False)
            for kind, trees in variables.items():
                trees[network] = made.get(kind, {})
        players[name] = game.player(variables, model.tx)
    return players


def two_way(model: Any, state: TrainState, batch: Batch, batch_statistics: bool = False) -> Batch:
    """Each role that a batch has, drawn in the other domain by `gen`'s evaluation variables.

    `batch_statistics`: batch norm normalises by the batch in hand, not by running averages.
    """
    variables = state.players["gen"].eval_variables
    made = {}
    for name, (given, into) in TWO_WAYS.items():
        if given in batch:
            own = {kind: tree[name] for kind, tree in variables.items()}
            out, _ = model.gen[name].apply(own, batch[given], train=batch_statistics, mutable=["batch_stats"])
            made[into] = out
    return made
