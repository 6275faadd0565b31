"""Base classes of models that draw images from noise."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from gan_jax.game import TrainState
from gan_jax.models.shared.base import Batch, Defaults, Inputs
from gan_jax.models.shared.checks import require, require_side
from gan_jax.ops import draws

Labels = Any  # int32 [n]; None where a model is not conditional


def rows_of(batch: Batch) -> int:
    """The number of rows of a batch."""
    return jax.tree.leaves(batch)[0].shape[0]


class NoiseToImage(Defaults):
    """A model that draws images from noise.

    A subclass has the fields `size` and `z_dim`, and defines `decode`. If its z is not N(0, I), it also
    defines `latents` and `straight_paths`.
    """

    draws_from_noise: ClassVar[bool] = True

    size: int
    z_dim: int
    num_classes: int = 0  # the number of classes; 0: the model is not conditional

    @property
    def straight_paths(self) -> bool:
        """Whether latents are interpolated along straight lines. For N(0, I) False: along great circles."""
        return False

    def decode(self, state: TrainState, z: jax.Array, label: Labels = None) -> jax.Array:
        """Images [n, size, size, C] in [-1, 1] of z [n, z_dim] and, for conditional models, label [n]."""
        raise TypeError(f"{type(self).__module__} has no decode")

    def latents(self, rng: jax.Array, n: int) -> jax.Array:
        """`n` draws of the prior N(0, I), float32 [n, z_dim]."""
        return jax.random.normal(rng, (n, self.z_dim))

    def generate(self, state: TrainState, batch: Batch, keys: jax.Array) -> Batch:
        """As many images as the batch has rows: {'image': [n, size, size, C]} in [-1, 1].

        `z` is the batch's `z` if there is one. If not, `z` is drawn from the prior, each row by its own key,
        see `draws.of_rows`.
        """
        z_keys, _ = draws.of_rows(keys, rows_of(batch), parts=2)
        return {"image": self.decode(state, self._z(batch, z_keys))}

    def check(self, inputs: Inputs) -> None:
        """Refuses images of another size than the model's."""
        require_side(self.size, inputs)

    def _z(self, batch, keys):
        return batch["z"] if "z" in batch else draws.by_row(self.latents, keys)


class Conditional(NoiseToImage):
    """A model that draws images from noise and, if the field `num_classes` is not 0, from a class."""

    def generate(self, state: TrainState, batch: Batch, keys: jax.Array) -> Batch:
        """As many images as the batch has rows: {'image': [n, size, size, C]} in [-1, 1].

        `z` and `label` are the batch's, or drawn if the batch has none. If the model is conditional, the
        result also has `image_label` int32 [n], the classes of the images.
        """
        if not self.num_classes:
            return super().generate(state, batch, keys)
        z_keys, label_keys = draws.of_rows(keys, rows_of(batch), parts=2)
        z = self._z(batch, z_keys)
        label = batch["label"] if "label" in batch else draws.by_row(self.classes, label_keys)
        return {"image": self.decode(state, z, label), "image_label": label}

    def classes(self, rng: jax.Array, n: int) -> Labels:
        """`n` uniformly random classes, int32 [n]; None if the model is not conditional."""
        return jax.random.randint(rng, (n,), 0, self.num_classes) if self.num_classes else None

    def with_class(self, z: jax.Array, label: Labels) -> jax.Array:
        """The vectors [n, z_dim + num_classes] of z [n, z_dim] and the one-hot label.

        Raises:
          ValueError: the model is conditional and there is no label.
        """
        if not self.num_classes:
            return z
        if label is None:
            raise ValueError(f"num_classes={self.num_classes} needs a label for every z")
        return jnp.concatenate([z, jax.nn.one_hot(label, self.num_classes)], -1)

    def labels_of(self, batch: Batch) -> Labels:
        """The classes of the batch's real images, [B]; None if the model is not conditional.

        Raises:
          ValueError: the batch has no labels, or they are attributes.
        """
        if not self.num_classes:
            return None
        label = batch.get("image_label")
        if label is None or label.ndim != 1:
            found = "none" if label is None else list(label.shape)
            raise ValueError(f"num_classes={self.num_classes} needs image_label [B]; the batch has {found}")
        return label

    def check(self, inputs: Inputs) -> None:
        """Refuses images of another size than the model's, and labels outside 0 to num_classes - 1."""
        super().check(inputs)
        labels = (inputs.columns or {}).get("image_label")
        if self.num_classes and labels is not None and len(labels):  # without rows they are not read yet
            low, high = int(labels.min()), int(labels.max())
            inside = low >= 0 and high < self.num_classes
            require("image_label", (low, high), inside, f"0 to {self.num_classes - 1}")
