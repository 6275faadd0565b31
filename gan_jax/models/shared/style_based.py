"""The base class of models whose generator maps latents to styles: StyleGAN and StyleGAN2."""

from collections.abc import Sequence
from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp

from gan_jax import game
from gan_jax.game import TrainState
from gan_jax.models.shared.base import Batch
from gan_jax.models.shared.noise_to_image import Conditional, Labels, rows_of
from gan_jax.ops import draws

_MOVE = 0.005  # share of a batch's mean in the running mean of the styles


class StyleBased(Conditional):
    """A model that draws images from styles, which a mapping network makes of latents.

    A subclass has the fields below, the networks `mapping` and `synthesis`, and `noise_sides`. The parameters
    of the player `gen` are {'mapping': ..., 'synthesis': ...}. `state.memory['w_avg']` [d] is the running
    mean of the styles. `state.frozen['noise']` has a fixed noise map [r, r] for each convolution. Images that
    a user asks for have these maps, so that a latent's image is the same in every batch.
    """

    has_styles: ClassVar[bool] = True
    truncated_styles: ClassVar[int | None] = None  # how many of the first styles truncation moves; None: all

    channels: int
    w_dim: int
    style_mixing: float

    @property
    def mapping(self) -> nn.Module:
        """The mapping network: (z [n, z_dim], one-hot classes [n, K] or None) -> w [n, w_dim]."""
        raise TypeError(f"{type(self).__module__} has no mapping")

    @property
    def synthesis(self) -> nn.Module:
        """The synthesis network: (styles [n, L, w_dim], noise maps) -> images [n, size, size, channels]."""
        raise TypeError(f"{type(self).__module__} has no synthesis")

    @property
    def noise_sides(self) -> list[int]:
        """The side of each of the L - 1 noise maps."""
        raise TypeError(f"{type(self).__module__} has no noise_sides")

    @property
    def num_styles(self) -> int:
        """L, the number of styles of an image: one more than the noise maps."""
        return len(self.noise_sides) + 1

    @property
    def styled_sides(self) -> list[int]:
        """The sides of the maps that styles reach, in pixels, ascending; [] where no layer takes a style."""
        return sorted(set(self.noise_sides))

    def styles(
        self, state: TrainState, z: jax.Array, label: Labels = None, truncation: jax.Array | float = 1.0
    ) -> jax.Array:
        """The styles [n, L, w_dim] of latents z [n, z_dim] and, for conditional models, label [n].

        `w_avg + truncation (w - w_avg)`: 1 leaves the styles as they are, 0 gives every image the mean style
        (Karras et al. 2019, appendix B).
        """
        w = self._map(state.players["gen"].eval_variables["params"], z, label)
        ws = jnp.broadcast_to(w[:, None], (w.shape[0], self.num_styles, w.shape[-1]))
        mean = state.memory["w_avg"]
        truncated = mean + truncation * (ws - mean)
        # At 1 the sum above would round.
        truncated = jnp.where(truncation == 1.0, ws, truncated)
        if self.truncated_styles is None:
            return truncated
        first = jnp.arange(self.num_styles)[:, None] < self.truncated_styles
        return jnp.where(first, truncated, ws)

    def synthesise(self, state: TrainState, ws: jax.Array, noise: Sequence[Any] | None = None) -> jax.Array:
        """The images [n, size, size, channels] of styles ws [n, L, w_dim].

        Args:
          state: the state; the evaluation variables of G are used.
          ws: [n, L, w_dim].
          noise: L - 1 maps [r, r] or [n, r, r]; None takes the fixed maps.
        """
        params = state.players["gen"].eval_variables["params"]
        return self._images(state, params, ws, self._fixed_noise(state) if noise is None else noise)

    def maps(self, state: TrainState, ws: jax.Array) -> dict[int, jax.Array]:
        """What the last styled layer of each side makes of styles ws [n, L, w_dim]: side r -> [n, r, r, C].

        The evaluation variables of G are used, and the noise is zero.
        """
        params = state.players["gen"].eval_variables["params"]
        noise = [jnp.zeros_like(level) for level in self._fixed_noise(state)]
        sown = self._apply(state, params, ws, noise, mutable=["intermediates"])[1].get("intermediates", {})
        # Layers of one side are in alphabetical order, which is that of the network.
        return {x.shape[1]: x for x in jax.tree.leaves(sown)}

    def decode(
        self,
        state: TrainState,
        z: jax.Array,
        label: Labels = None,
        truncation: jax.Array | float = 1.0,
    ) -> jax.Array:
        """Images [n, size, size, channels] of z [n, z_dim], label [n] and the fixed noise maps."""
        return self.synthesise(state, self.styles(state, z, label, truncation))

    def generate(self, state: TrainState, batch: Batch, keys: jax.Array) -> Batch:
        """As many images as the batch has rows: {'image': [n, size, size, channels]}.

        `z` and `label` are the batch's, and the noise is fixed. Without `z` all are drawn, so that each image
        has noise of its own. A conditional model also returns `image_label` int32 [n].
        """
        if "z" in batch:
            return super().generate(state, batch, keys)
        of_label, of_z, of_noise = draws.of_rows(keys, rows_of(batch), parts=3)
        label = batch["label"] if "label" in batch else draws.by_row(self.classes, of_label)
        ws = self.styles(state, draws.by_row(self.latents, of_z), label)
        made = {"image": self.synthesise(state, ws, draws.by_row(self.random_noise, of_noise))}
        return made if label is None else {**made, "image_label": label}

    def affine_kernels(self, state: TrainState) -> list[list[jax.Array]]:
        """For each of the L styles, the kernels [w_dim, C] that map the style to its layers."""
        raise TypeError(f"{type(self).__module__} has no affine_kernels")

    def random_noise(self, rng: jax.Array, n: int) -> list[jax.Array]:
        """L - 1 noise maps of N(0, 1) for n images, [n, r, r] each."""
        keys = jax.random.split(rng, len(self.noise_sides))
        return [jax.random.normal(key, (n, r, r)) for key, r in zip(keys, self.noise_sides, strict=True)]

    def _frozen(self, rng):
        """The entries of `frozen` before training: the fixed noise maps, in the order of the convolutions."""
        keys = jax.random.split(rng, len(self.noise_sides))
        sides = enumerate(self.noise_sides)
        return {"noise": {f"n{i:02}": jax.random.normal(keys[i], (r, r)) for i, r in sides}}

    def _fixed_noise(self, state):
        return [state.frozen["noise"][f"n{i:02}"] for i in range(len(self.noise_sides))]

    def _images(self, state, params, ws, noise):
        """The images that the parameters of G draw of styles."""
        return self._apply(state, params, ws, noise)

    def _apply(self, state, params, ws, noise, **options):
        """`synthesis.apply`. StyleGAN also reads how far it has grown."""
        del state
        return self.synthesis.apply({"params": params["synthesis"]}, ws, noise, **options)

    def _one_hot(self, label):
        return None if label is None else jax.nn.one_hot(label, self.num_classes)

    def _map(self, params, z, label):
        if self.num_classes and label is None:
            raise ValueError(f"num_classes={self.num_classes} needs a label for every z")
        return self.mapping.apply({"params": params["mapping"]}, z, self._one_hot(label))

    def _draw_styles(self, params, rng, n, label, active=None):
        """Styles [n, L, w_dim] of fresh latents in training, and the mean [w_dim] of the first latents' w.

        With probability `style_mixing`, the styles from a random layer on are those of a second latent
        (mixing regularisation). The layer is U{1, ..., active - 1}, and all images of the device share it.
        `active` is the number of styles in use, L by default.
        """
        first, second, share, layer = jax.random.split(rng, 4)
        w = self._map(params, self.latents(first, n), label)
        mean = w.mean(0)
        ws = jnp.broadcast_to(w[:, None], (n, self.num_styles, self.w_dim))
        if self.style_mixing:
            other = self._map(params, self.latents(second, n), label)[:, None]
            active = self.num_styles if active is None else active
            cut = jax.random.randint(layer, (), 1, active)
            cut = jnp.where(jax.random.bernoulli(share, self.style_mixing), cut, self.num_styles)
            ws = jnp.where(jnp.arange(self.num_styles)[:, None] < cut, ws, other)
        return ws, mean

    def _follow_styles(self, state, mean):
        """The state with `w_avg` moved towards the mean of a batch's styles."""
        old = state.memory["w_avg"]
        new = old + _MOVE * (game.device_mean(mean) - old)
        return state.replace(memory={**state.memory, "w_avg": new})
