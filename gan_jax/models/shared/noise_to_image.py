"""What models that draw images from noise share."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from gan_jax.game import TrainState
from gan_jax.models.shared.base import Batch, Defaults, Inputs
from gan_jax.models.shared.checks import require

Labels = Any  # int32 [n]; None where a model is not conditional


class NoiseToImage(Defaults):
    """A model that draws images from noise.

    A subclass has the fields `size` and `z_dim` and its own `decode`. It has its own `latents` and
    `straight_paths` where z is not N(0, I).
    """

    draws_from_noise: ClassVar[bool] = True

    size: int
    z_dim: int
    num_classes: int = 0  # that a label may name; 0: the model is not conditional

    @property
    def straight_paths(self) -> bool:
        """Whether latents are interpolated along straight lines. For N(0, I) they follow great circles."""
        return False

    def decode(self, state: TrainState, z: jax.Array, label: Labels = None) -> jax.Array:
        """Images [n, size, size, C] in [-1, 1] of z [n, z_dim] and, where conditional, label [n]."""
        raise TypeError(f"{type(self).__module__} has no decode")

    def latents(self, rng: jax.Array, n: int) -> jax.Array:
        """`n` draws of the prior N(0, I), float32 [n, z_dim]."""
        return jax.random.normal(rng, (n, self.z_dim))

    def generate(self, state: TrainState, batch: Batch, rng: jax.Array) -> Batch:
        """As many images as the batch has rows: {'image': [n, size, size, C]} in [-1, 1].

        `z` is taken from the batch where it has one, and drawn where it has none.
        """
        z_key, _ = jax.random.split(rng)
        return {"image": self.decode(state, self._z(batch, z_key))}

    def check(self, inputs: Inputs) -> None:
        """Refuses images of another size than the model draws."""
        fits = self.size == inputs.size
        require("size", self.size, fits, f"the {inputs.size} pixels of the images")

    def _z(self, batch, rng):
        return batch["z"] if "z" in batch else self.latents(rng, len(jax.tree.leaves(batch)[0]))


class Conditional(NoiseToImage):
    """A model that draws images from noise and, where the field `num_classes` is not 0, a class."""

    def generate(self, state: TrainState, batch: Batch, rng: jax.Array) -> Batch:
        """As many images as the batch has rows: {'image': [n, size, size, C]} in [-1, 1].

        `z` and `label` are taken from the batch where it has them, and drawn where it has not. Where the
        model is conditional, `image_label` int32 [n] are the classes asked for.
        """
        if not self.num_classes:
            return super().generate(state, batch, rng)
        z_key, label_key = jax.random.split(rng)
        z = self._z(batch, z_key)
        label = batch["label"] if "label" in batch else self.classes(label_key, len(z))
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

    def check(self, inputs: Inputs) -> None:
        """Refuses images of another size than the model draws, and labels that name no class."""
        super().check(inputs)
        labels = (inputs.columns or {}).get("image_label")
        if self.num_classes and labels is not None:
            low, high = int(labels.min()), int(labels.max())
            inside = low >= 0 and high < self.num_classes
            require("image_label", (low, high), inside, f"0 to {self.num_classes - 1}")
