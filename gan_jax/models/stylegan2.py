"""StyleGAN2 (Karras et al. 2020), with the augmentation of StyleGAN2-ADA (Karras et al. 2020b)."""

import dataclasses
from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from gan_jax import game
from gan_jax.game import TrainState
from gan_jax.models.shared import base, checks, optimizers
from gan_jax.models.shared.augmented import AugmentedViews
from gan_jax.models.shared.rates import Rates
from gan_jax.models.shared.style_based import StyleBased
from gan_jax.networks.generation import stylegan2 as networks
from gan_jax.networks.generation.mapping import Mapping
from gan_jax.ops import losses, slopes

_PATH_DECAY = 0.01  # share of a batch's mean in the running mean of the path lengths


@dataclasses.dataclass(frozen=True)
class Model(AugmentedViews, Rates, StyleBased):
    """G draws images from styles, which the mapping network makes of noise z; D tells them from real images.

    Players: `gen`, the mapping and the synthesis network, and `disc`. Both minimise the non-saturating loss.
    Two penalties are steps of their own on the same optimisers ("lazy regularisation"): R1 for D every
    `r1_every` iterations, and the path lengths for G every `pl_every` iterations.

    Memory: `w_avg` of StyleBased, that of AugmentedViews, and `path_mean`. Schedules
    and half-lives count iterations, since a model does not know the global batch.

    Departures from the code of StyleGAN2-ADA: D moves before G, as in the other models of this library, so
    that the first half iteration differs; gradients that are not finite stop the run instead of counting as
    0; ADA's pipeline has mirrors, colour, shifts and cutouts, not the warps of the paper.
    """

    TINY: ClassVar[dict[str, Any]] = {
        "z_dim": 8,
        "w_dim": 8,
        "width_base": 64,
        "width_max": 8,
        "mapping_layers": 2,
        "class_layers": 2,
        "r1_every": 2,
        "pl_every": 2,
    }
    SCHEDULES: ClassVar[tuple[str, ...]] = (*Rates.SCHEDULES, "ada_length")

    size: int = 256  # pixels a side, a power of two
    channels: int = 3
    z_dim: int = 512
    w_dim: int = 512
    num_classes: int = 0
    width_base: int = 32768  # a layer at r pixels has min(width_base / r, width_max) channels
    width_max: int = 512
    mapping_layers: int = 8
    class_layers: int = 8  # layers of D's embedding of classes
    freeze_d: int = 0  # blocks of D, from the image's side on, that do not move (Freeze-D, Mo et al. 2020)
    g_architecture: str = "skip"  # or 'original', 'residual'
    d_architecture: str = "residual"  # or 'original', 'skip'
    group: int = 4  # images in a group of D's minibatch standard deviation; 0: no such feature
    style_mixing: float = 0.9  # probability that two latents share an image in training
    r1_weight: float = 10.0  # gamma; 0: no penalty
    r1_every: int = 16  # iterations for each step of R1
    pl_weight: float = 2.0  # of the path lengths; 0: no penalty
    pl_every: int = 4  # iterations for each step of the path lengths
    pl_shrink: int = 2  # the path lengths are those of 1 / pl_shrink as many images as the batch has
    learning_rate: float = 2e-3
    mapping_multiplier: float = 0.01  # of the mapping network's learning rate
    b1: float = 0.0
    b2: float = 0.99
    ema_half_life: float = 312.5  # iterations in which G's average moves half the way: 10 000 images
    ema_ramp: float = 0.0  # the half-life is at most this share of the iterations so far; 0: no limit

    def __post_init__(self):
        """Refuses hyper-parameters outside their ranges."""
        side = self.size
        checks.require("size", side, side >= 8 and side & (side - 1) == 0, "a power of two from 8 on")
        checks.require_channels(self, "channels")
        checks.require_range(self, 1, 1e6, "z_dim", "w_dim", "width_max", "mapping_layers", "class_layers")
        checks.require_range(self, side, 1e9, "width_base")
        checks.require_range(self, 0, 1e6, "num_classes", "group")
        checks.require_range(self, 0, len(networks.sides(side)) - 1, "freeze_d")
        checks.require_choice(self, "g_architecture", networks.ARCHITECTURES)
        checks.require_choice(self, "d_architecture", networks.ARCHITECTURES)
        self.check_augmentation()
        self.check_rates()
        checks.require_range(self, 0, 1, "style_mixing", "ema_ramp")
        checks.require_range(self, 0, 1e6, "r1_weight", "pl_weight", "learning_rate", "mapping_multiplier")
        checks.require("mapping_multiplier", self.mapping_multiplier, self.mapping_multiplier > 0, "above 0")
        checks.require_range(self, 1, 1e9, "r1_every", "pl_every", "pl_shrink")
        checks.require_range(self, 0, 0.999999, "b1", "b2")
        checks.require_range(self, 0, 1e9, "ema_half_life")

    @property
    def mapping(self) -> nn.Module:
        """The mapping network."""
        return Mapping(self.w_dim, self.mapping_layers, self.mapping_multiplier)

    @property
    def synthesis(self) -> nn.Module:
        """The synthesis network."""
        widths = self.width_base, self.width_max
        return networks.Synthesis(self.size, self.channels, *widths, self.g_architecture)

    @property
    def d(self) -> nn.Module:
        """The discriminator."""
        widths = self.width_base, self.width_max
        return networks.Discriminator(self.size, *widths, self.d_architecture, self.group, self.class_layers)

    @property
    def noise_sides(self) -> list[int]:
        """The side of each noise map."""
        return networks.noise_sides(self.size)

    def affine_kernels(self, state: TrainState) -> list[list[jax.Array]]:
        """For each of the L styles, the kernels [w_dim, C] of its convolution and of the colours."""
        blocks = state.players["gen"].eval_variables["params"]["synthesis"]
        found: list[list[jax.Array]] = [[] for _ in range(self.num_styles)]
        first = 0
        for side in networks.sides(self.size):
            layers = ["conv1"] if side == 4 else ["conv0", "conv1"]
            for place, layer in enumerate([*layers, "torgb"]):
                if layer in blocks[f"b{side}"]:
                    found[first + place].append(blocks[f"b{side}"][layer]["affine"]["kernel"])
            first += len(layers)
        return found

    def phases(self, iteration: int) -> tuple[str, ...]:
        """D's step, R1 every `r1_every` iterations, G's step, path lengths every `pl_every` iterations."""
        r1 = ("disc_r1",) if self.r1_weight and iteration % self.r1_every == 0 else ()
        path = ("gen_path",) if self.pl_weight and iteration % self.pl_every == 0 else ()
        return ("disc", *r1, "gen", *path)

    def tx(self, player: str) -> optax.GradientTransformation:
        """Adam. With a penalty every k iterations, the rate and the decays are those of k + 1 steps in k.

        `c = k / (k + 1)` multiplies the learning rate, and b1 and b2 are raised to the power c (Karras et al.
        2020, appendix B). A player without a penalty has c = 1.
        """
        weight, k = {"gen": (self.pl_weight, self.pl_every), "disc": (self.r1_weight, self.r1_every)}[player]
        c = k / (k + 1) if weight else 1.0
        rate = self.rate_of(self.learning_rate * c, 1 / c)
        tx = self.clipped(optax.adam(rate, self.b1**c, self.b2**c, eps=1e-8))
        frozen = networks.outer_blocks(self.size, self.freeze_d) if player == "disc" else set()
        return optimizers.freezing(tx, frozen)

    def init(self, rng: jax.Array, batch: base.Batch) -> TrainState:
        """The state before training; `batch` has `image`, and `image_label` [B] if the model is conditional.

        Raises:
          ValueError: a role is missing, or the networks do not take its channels or size.
        """
        checks.require_images(batch, "image", (self.channels,))
        self.check(base.inputs_like(batch["image"]))
        keys = jax.random.split(rng, 4)
        classes = self._one_hot(self.labels_of(batch))
        count = len(batch["image"])
        mapping = self.mapping.init(keys[0], jnp.zeros((count, self.z_dim)), classes)
        synthesis = self.synthesis.init(keys[1], jnp.zeros((count, self.num_styles, self.w_dim)))
        d = self.d.init(keys[2], batch["image"], classes)
        both = {"params": {"mapping": mapping["params"], "synthesis": synthesis["params"]}}
        players = {
            "gen": game.player(both, self.tx("gen"), ema=True),
            "disc": game.player(d, self.tx("disc")),
        }
        memory = {"w_avg": jnp.zeros(self.w_dim), "path_mean": jnp.zeros(())}
        return game.create(players, self._frozen(keys[3]), {**memory, **self.first_probability()})

    def train_step(
        self, state: TrainState, batch: base.Batch, rng: jax.Array, phase: str
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        """One update of one player: `disc`, `gen`, or one of the penalties `disc_r1` and `gen_path`."""
        if phase == "disc":
            return self._update_d(state, batch, rng)
        if phase == "disc_r1":
            return self._penalise_slopes(state, batch, rng)
        if phase == "gen":
            return self._update_g(state, batch, rng)
        return self._penalise_paths(state, batch, rng)

    def _update_d(self, state, batch, rng):
        """Moves D, which minimises `E softplus(D(G(z))) + E softplus(-D(x))`.

        D sees real images and fakes through the same random augmentation. Fakes have the classes of the real
        images. The step also moves `w_avg` and, for ADA, the probability of augmentation.
        """
        keys = jax.random.split(rng, 4)
        real, label = batch["image"], self.labels_of(batch)
        gen = state.players["gen"].params
        ws, mean = self._draw_styles(gen, keys[0], len(real), label)
        fake = self._images(state, gen, ws, self.random_noise(keys[1], len(real)))

        def loss_fn(params):
            r = self._score(state, params, real, label, keys[2])
            f = self._score(state, params, fake, label, keys[3])
            loss = losses.nonsaturating_d(r, f)
            terms = {"loss": loss, "real": r.mean(), "fake": f.mean(), "sign_real": jnp.sign(r).mean()}
            return loss, ({}, {f"disc/{name}": value for name, value in terms.items()})

        state, metrics = game.update(state, "disc", self.tx("disc"), loss_fn)
        return self.adapt(self._follow_styles(state, mean), metrics)

    def _penalise_slopes(self, state, batch, rng):
        """Moves D, which minimises `r1_every (r1_weight / 2) E |grad_x D(x)|^2` at real images x.

        The slope is that with respect to the image before its augmentation.
        """
        label = self.labels_of(batch)

        def loss_fn(params):
            slope = slopes.r1(lambda x: self._score(state, params, x, label, rng), batch["image"])
            return self.r1_every * self.r1_weight / 2 * slope, ({}, {"disc/r1": slope})

        return game.update(state, "disc", self.tx("disc"), loss_fn)

    def _update_g(self, state, batch, rng):
        """Moves G, which minimises `E softplus(-D(G(z)))`, and G's average. Classes are uniformly random."""
        keys = jax.random.split(rng, 4)
        n = len(batch["image"])
        label = self.classes(keys[0], n)
        noise = self.random_noise(keys[1], n)
        disc = state.players["disc"].params

        def loss_fn(params):
            ws, mean = self._draw_styles(params, keys[2], n, label)
            fake = self._images(state, params, ws, noise)
            loss = losses.nonsaturating_g(self._score(state, disc, fake, label, keys[3]))
            return loss, ({}, {"gen/loss": loss, "w_avg": mean})

        state, metrics = game.update(state, "gen", self.tx("gen"), loss_fn, self._average_decay(state.step))
        return self._follow_styles(state, metrics.pop("w_avg")), metrics

    def _penalise_paths(self, state, batch, rng):
        """Moves G, which minimises `pl_every pl_weight E (l - a)^2` for the path lengths l of its images.

        a is the running mean of l. As in the authors' code, the fresh mean has a gradient too.
        """
        keys = jax.random.split(rng, 4)
        n = max(1, len(batch["image"]) // self.pl_shrink)
        label = self.classes(keys[0], n)
        maps = self.random_noise(keys[1], n)
        direction = jax.random.normal(keys[2], (n, self.size, self.size, self.channels))
        old = state.memory["path_mean"]

        def loss_fn(params):
            ws, _ = self._draw_styles(params, keys[3], n, label)
            lengths = slopes.path_lengths(lambda w: self._images(state, params, w, maps), ws, direction)
            mean = old + _PATH_DECAY * (game.device_mean(lengths.mean()) - old)
            penalty = jnp.square(lengths - mean).mean()
            told = {"gen/path_penalty": penalty, "gen/path_length": lengths.mean(), "path_mean": mean}
            return self.pl_every * self.pl_weight * penalty, ({}, told)

        state, metrics = game.update(state, "gen", self.tx("gen"), loss_fn)
        mean = game.device_mean(metrics.pop("path_mean"))
        return state.replace(memory={**state.memory, "path_mean": mean}), metrics

    def _score(self, state, params, images, label, rng):
        """D's logits [B] of images as they look after augmentation."""
        return self.d.apply({"params": params}, self.view(state, images, rng), self._one_hot(label))

    def _average_decay(self, step):
        """The old average's weight in G's new average, 2^(-1 / half-life)."""
        half_life: Any = self.ema_half_life
        if self.ema_ramp:
            half_life = jnp.minimum(half_life, self.ema_ramp * step)
        return jnp.exp2(-1 / jnp.maximum(half_life, 1e-8))
