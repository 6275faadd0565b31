"""Style transfer by optimising an image (Gatys, Ecker, Bethge 2016)."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import optax

from gan_jax import game
from gan_jax.game import TrainState
from gan_jax.game.network import Network
from gan_jax.models.shared import base, checks, optimizers
from gan_jax.models.shared.rates import Rates
from gan_jax.networks.recognition import vgg
from gan_jax.networks.recognition.perceptual import DEFAULTS, Perceptual
from gan_jax.networks.recognition.stages import fold_batch_norm
from gan_jax.ops import colour, gram, losses
from gan_jax.ops.pixels import reshape, shrunk

_NOISE = 0.25  # standard deviation of the noise that an image may start from


@dataclasses.dataclass(frozen=True)
class Model(Rates, base.Defaults):
    """One image is optimised until its features are the content's and its Gram matrices are the style's.

    Player: `image`, whose parameters are the pixels. With `levels` above 1, the player `image_k` is one
    of 1 / 2^k of the size. The coarsest image moves first, for `coarse_steps` iterations. The next finer one
    then starts from it. `frozen['features']` is the network of the features. The first iteration of a level
    measures the content and the styles, and the targets stay in `memory`.

    The batch has the role `content`, and `style` or several of `style`, `style_2`, `style_3`. Only the first
    image of a role is used. With `regions`, each role has a map of labels. Region k of the result takes the
    style of region k of the style.

    The loss is content_weight L_content + style_weight L_style + tv_weight L_TV. The default weights are for
    VGG's features.
    """

    TINY: ClassVar[dict[str, Any]] = {"sizes": (3, 5), "filters": 2, "f_widths": (4, 4, 4, 8),
                                      "coarse_steps": 1}  # fmt: skip
    SCHEDULES: ClassVar[tuple[str, ...]] = (*Rates.SCHEDULES, "coarse_steps", "decay_steps")
    OWN_END: ClassVar[str] = "decay_steps"
    holds_image: ClassVar[bool] = True

    # 'random'; 'vgg16' or 'vgg19', by weights of that name; or 'classifier', a required run
    perception: str = "random"
    pool: str = "average"  # VGG's pooling: 'average', as in the paper, or 'max'
    padding: str = "zero"  # VGG's border: 'zero' or 'reflect'
    content_layers: tuple[str, ...] = ()  # (): the features' own, for VGG relu4_2
    style_layers: tuple[str, ...] = ()  # (): the features' own, for VGG relu1_1, relu2_1, ... relu5_1
    style_layer_weights: tuple[float, ...] = ()  # (): equal
    style_mix: tuple[float, ...] = ()  # weights of several styles; (): equal
    normalise: str = "layer"  # makes mean activations 1, of each 'layer' or 'filter'; or 'none'
    loss: str = "paper"  # 'paper', 'notebook' or 'neural_style', see `ops.gram`
    content_weight: float = 1.0  # of the content's loss
    style_weight: float = 1e6  # 1000 in the paper, whose features are not divided by their mean
    tv_weight: float = 0.0  # of the total variation
    start: str = "content"  # the first image: 'content', 'noise' or 'style'
    optimizer: str = "lbfgs"  # 'lbfgs', with one evaluation and no line search in a step; or 'adam'
    memory_size: int = 20  # steps that L-BFGS remembers
    learning_rate: float = 0.02  # of Adam, in pixels of [-1, 1]
    decay_steps: int = 0  # iterations of a level in which Adam's rate falls to 0 as a cosine; 0: constant
    levels: int = 1  # sizes from coarse to fine; each is half as large as the next
    coarse_steps: int = 200  # iterations of each level but the finest
    colour: str = "none"  # 'luminance': the content's colours; 'match': the style's pixels get its moments
    regions: int = 0  # number of regions in the label maps; 0: no maps
    sizes: tuple[int, ...] = (3, 5, 7, 11, 15, 23)  # of the filters of 'random'
    filters: int = 32  # of each size, of 'random'
    f_widths: tuple[int, ...] = (64, 128, 256, 128)  # of 'classifier'
    f_convs_per_block: int = 1  # of 'classifier'

    def __post_init__(self):
        """Refuses hyper-parameters outside their ranges."""
        checks.require_choice(self, "perception", tuple(DEFAULTS))
        checks.require_choice(self, "pool", ("average", "max"))
        checks.require_choice(self, "padding", ("zero", "reflect"))
        checks.require_choice(self, "normalise", ("none", "layer", "filter"))
        checks.require_choice(self, "loss", gram.FORMS)
        checks.require_choice(self, "start", ("content", "noise", "style"))
        checks.require_choice(self, "optimizer", ("lbfgs", "adam"))
        checks.require_choice(self, "colour", ("none", "luminance", "match"))
        checks.require_range(self, 0, 1e12, "content_weight", "style_weight", "tv_weight")
        checks.require("learning_rate", self.learning_rate, 0 < self.learning_rate <= 10, "above 0, to 10")
        checks.require_range(self, 1, 1000, "memory_size", "filters")
        checks.require_range(self, 1, 8, "levels", "f_convs_per_block")
        checks.require_range(self, 1, 1e9, "coarse_steps")
        checks.require_range(self, 0, 1e9, "decay_steps")
        self.check_rates()
        if self.optimizer == "lbfgs":
            self.refuse("where optimizer='lbfgs'", "warmup", "decay_end", "decay_steps", "clip_norm")
        checks.require_range(self, 0, 255, "regions")
        checks.require_widths(self, "sizes", "f_widths")
        checks.require("sizes", self.sizes, all(size % 2 for size in self.sizes), "odd numbers")
        checks.require_weights(self, "style_layer_weights", len(self.layers[1]))
        checks.require_weights(self, "style_mix", len(self.style_mix))
        for field, layers in zip(("content_layers", "style_layers"), self.layers, strict=True):
            known = self.perceptual.known
            checks.require(field, layers, set(layers) <= set(known), f"some of {', '.join(known)}")

    @property
    def layers(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The layers of the content and of the style."""
        contents, styles = DEFAULTS[self.perception]
        return self.content_layers or contents, self.style_layers or styles

    @property
    def perceptual(self) -> Perceptual:
        """The network of the features and its layers."""
        return Perceptual(self.perception, self.pool, self.padding, self.sizes, self.filters,
                          self.f_widths, self.f_convs_per_block)  # fmt: skip

    @property
    def network(self) -> Any:
        """[B, H, W, 3], layers -> {layer: [B, h, w, C]}."""
        return self.perceptual.network((*self.layers[0], *self.layers[1]))

    @property
    def rate_ends(self) -> Mapping[str, int]:
        """The end of the finest level's cosine, or that of the schedule that all models have."""
        later = (self.levels - 1) * self.coarse_steps if self.decay_steps else 0
        return {k: end + later for k, end in super().rate_ends.items()}

    def tx(self, player: str, iteration: Any = 0) -> optax.GradientTransformation:
        """L-BFGS, or Adam at the rate of an iteration: an image does not count those of other levels."""
        del player
        if self.optimizer == "lbfgs":
            return optimizers.lbfgs(self.memory_size)
        rate: Any = self.rate_at(self.learning_rate, iteration)
        if self.decay_steps:
            rate = optax.cosine_decay_schedule(self.learning_rate, self.decay_steps)
        return self.clipped(optax.adam(rate))

    def phases(self, iteration: int) -> tuple[tuple[str, int], ...]:
        """A level starts with the measuring of its targets; every iteration moves the level's image once."""
        place = min(iteration // self.coarse_steps, self.levels - 1)
        moves = (("move", self.levels - 1 - place),)
        return (("start", moves[0][1]), *moves) if iteration == place * self.coarse_steps else moves

    def check(self, inputs: base.Inputs) -> None:
        """Refuses missing networks, sizes that are too small for a layer, and regions without a style."""
        if inputs.networks is not None and self.perception != "random":
            kind = "required runs" if self.perception == "classifier" else "weights"
            there = self.perception in inputs.networks
            allowed = f"random, or {self.perception} among the configuration's {kind}"
            checks.require("perception", self.perception, there, allowed)
        if inputs.columns is not None and self.regions:
            roles = ("content", *_styles(name.removesuffix("_label") for name in inputs.columns))
            checks.require_regions(inputs.columns, roles, self.regions)

    def init(self, rng: jax.Array, batch: base.Batch) -> TrainState:
        """The state before training; `batch` has `content` and `style` images, perhaps of different sizes.

        Raises:
          ValueError: a role is missing, an image is too small for the deepest layer, or the numbers of styles
            and of their weights differ.
        """
        styles = _styles(batch)
        for role in ("content", *(styles or ["style"])):
            checks.require_images(batch, role, (3,))
            height, width = (side // 2 ** (self.levels - 1) for side in batch[role].shape[1:3])
            checks.require("levels", self.levels, min(height, width) >= 2, f"fewer, since {role} is small")
            if self.perceptual.depth:
                vgg.require_size(height, width, self.network.through, self.padding)
        checks.require_weights(self, "style_mix", len(styles))
        features = self.network.init(rng, jnp.zeros((1, 32, 32, 3)))
        players = {}
        for level in range(self.levels):
            # The noise of start='noise'. Otherwise a level's start replaces it.
            noise = _NOISE * jax.random.normal(rng, shrunk(batch["content"][:1], level).shape)
            players[_player(level)] = game.player({"params": {"pixels": noise}}, self.tx(_player(level)))
        shapes = jax.eval_shape(lambda: [self._measure(features, batch, k) for k in range(self.levels)])
        memory = {_player(k): jax.tree.map(jnp.zeros_like, measured) for k, measured in enumerate(shapes)}
        memory["content"] = jnp.zeros_like(batch["content"][:1])
        return game.create(players, frozen={"features": features}, memory=memory)

    def adopt(
        self, state: TrainState, networks: Mapping[str, Network], columns: Mapping[str, np.ndarray]
    ) -> TrainState:
        """Takes the network of the features, from a file of weights or a required classifier."""
        del columns
        if self.perception == "random":
            return state
        found = networks[self.perception].variables[self.perception]
        if self.perception == "classifier":
            found = {"params": fold_batch_norm(found)}
        else:
            found = vgg.part(found, self.network.through)
        checks.require_shapes(self.perception, found, state.frozen["features"], "f_widths, f_convs_per_block")
        return state.replace(frozen={"features": found})

    def train_step(
        self, state: TrainState, batch: base.Batch, rng: jax.Array, phase: tuple[str, int]
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        """Measures the targets of a level and places its first image, or moves the image once."""
        del rng
        kind, level = phase
        return self._start(state, batch, level) if kind == "start" else self._move(state, level)

    def generate(self, state: TrainState, batch: base.Batch, rng: jax.Array) -> base.Batch:
        """The image in the finest size, once for every row of the batch: {'image': [B, H, W, 3]} in [-1, 1].

        An image of a coarse level is enlarged. With colour='luminance' it has the content's colours.
        """
        del rng
        height, width = state.memory["content"].shape[1:3]
        image = state.memory["content"]
        for place, level in enumerate(reversed(range(self.levels))):
            pixels = state.players[_player(level)].params["pixels"]
            pixels = reshape(pixels, height, width)
            # A level has an image from its first iteration on.
            begun = state.step > place * self.coarse_steps
            image = jnp.where(begun, pixels, image)
        if self.colour == "luminance":
            image = colour.with_colours_of(image, state.memory["content"])
        count = len(jax.tree.leaves(batch)[0])
        return {"image": jnp.broadcast_to(jnp.clip(image, -1, 1), (count, height, width, 3))}

    def _start(self, state, batch, level):
        """Keeps the targets of a level in memory, and places the level's first image."""
        pixels = shrunk(batch["content"][:1], level)
        if level < self.levels - 1:
            pixels = reshape(state.players[_player(level + 1)].params["pixels"], *pixels.shape[1:3])
        elif self.start == "noise":
            pixels = state.players[_player(level)].params["pixels"]
        elif self.start == "style":
            pixels = reshape(self._styles(batch)["style"], *pixels.shape[1:3])
        targets = self._measure(state.frozen["features"], batch, level)
        new, pixels = game.device_mean(({_player(level): targets, "content": batch["content"][:1]}, pixels))
        player = game.player({"params": {"pixels": pixels}}, self.tx(_player(level)))
        players = {**state.players, _player(level): player}
        metrics = {f"{_player(level)}/first_std": pixels.std()}
        return state.replace(players=players, memory={**state.memory, **new}), metrics

    def _styles(self, batch):
        """The first image of every style, in the content's colours if the model says so."""
        styles = {role: batch[role][:1] for role in _styles(batch)}
        if self.colour == "match":
            styles = {role: colour.matched(x, batch["content"][:1]) for role, x in styles.items()}
        return styles

    def _measure(self, features, batch, level):
        """The targets of a level: scales of the layers, the content's maps, and the styles' Gram matrices."""
        images = {"content": batch["content"][:1], **self._styles(batch)}
        maps = {role: self._maps(features, shrunk(image, level)) for role, image in images.items()}
        regions = {role: self._regions(batch, role, level) for role in images}
        return gram.targets(maps, regions, *self.layers, self.normalise)

    def _maps(self, features, pixels):
        """The maps of all layers, and of the ReLU after each convolution among them."""
        own = (*self.layers[0], *self.layers[1])
        layers = dict.fromkeys((*own, *(name.replace("conv", "relu") for name in own)))
        return self.network.apply(features, pixels, tuple(layers))

    def _regions(self, batch, role, level):
        """The share of every pixel in every region, [1, h, w, regions], or 1 for no regions."""
        if not self.regions:
            return jnp.ones((1, 1, 1, 1))
        return shrunk(jax.nn.one_hot(batch[f"{role}_label"][:1], self.regions), level)

    def _move(self, state, level):
        """Moves the image: minimises content_weight L_content + style_weight L_style + tv_weight L_TV."""
        name, targets = _player(level), state.memory[_player(level)]
        shares = dict(
            zip(self.layers[1], gram.shares(self.style_layer_weights, len(self.layers[1])), strict=True)
        )
        styles = [targets["styles"][role] for role in _styles(targets["styles"])]
        mix = gram.shares(self.style_mix, len(styles))

        def loss_fn(params):
            found, scales = self._maps(state.frozen["features"], params["pixels"]), targets["scales"]
            own = gram.grams({n: found[n] for n in self.layers[1]}, scales, targets["regions"])
            contents = {n: found[n] / scales[n] for n in self.layers[0]}
            terms = {
                "content": gram.total_content_loss(contents, targets["content"], self.loss),
                "style": gram.total_style_loss(own, styles, shares, mix, self.loss),
            }
            if self.tv_weight:
                terms["tv"] = losses.total_variation(params["pixels"])
            weights = {"content": self.content_weight, "style": self.style_weight, "tv": self.tv_weight}
            loss = jnp.asarray(sum(weights[term] * value for term, value in terms.items()))
            return loss, ({}, {f"{name}/{term}": value for term, value in {"loss": loss, **terms}.items()})

        return game.update(state, name, self.tx(name, state.step), loss_fn)


def _player(level):
    return f"image_{level}" if level else "image"


def _styles(names):
    """The roles of styles among the keys of a batch, in the order of their numbers."""
    return sorted(filter(re.compile(r"style(_\d+)?").fullmatch, names), key=lambda n: int(n[6:] or 1))
