"""What models that draw images from noise share."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from gan_jax.game import TrainState
from gan_jax.models.shared.base import Batch, Defaults
from gan_jax.models.shared.checks import require

Labels = Any  # int32 [n]; None where a model is not conditional


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
