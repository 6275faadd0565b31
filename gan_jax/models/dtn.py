"""Domain Transfer Network (Taigman, Polyak, Wolf 2016, "Unsupervised Cross-Domain Image Generation")."""

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
from gan_jax.models.shared import base, checks, parts
from gan_jax.models.shared.constancy import Constancy, scale_of
from gan_jax.models.shared.domains import DomainLosses
from gan_jax.models.shared.rates import Averaged, Rates
from gan_jax.networks.generation.dcgan import Discriminator, Generator, logits_of_groups, widths_at
from gan_jax.networks.layers.normalisation import pass_in_training
from gan_jax.networks.recognition.stages import Features, fold_batch_norm, last_window
from gan_jax.networks.translation.dtn import EncodedGenerator
from gan_jax.ops import losses, slopes
from gan_jax.ops.pixels import resize, to_rgb


@dataclasses.dataclass(frozen=True)
class Model(Constancy, DomainLosses, Rates, Averaged, base.Defaults):
    """G = g(f(x)) maps source images to the target domain; D tells G(source), G(target) and target apart.

    Players: `gen`, the network g and, where `encoder='trained'`, an encoder e; and `disc`. `frozen['f']` is
    the perceptual function, which the required run `f` trained. Where the paper is silent (rates, widths,
    kernels, schedule), the values are this project's. The default weights are the paper's for digits.

    g may draw fewer pixels than the domains have, as it does for faces. Its images are then enlarged
    bilinearly to the domains' size for D and f, and in `generate`, so that judges see what D and f see. L_TID
    and L_TV are taken at g's size.
    """

    TINY: ClassVar[dict[str, Any]] = {"f_widths": (4, 4, 4, 8), "f_input_size": 32,
                                      "g_widths": (8, 8, 4), "d_widths": (4, 8, 8)}  # fmt: skip
    translates: ClassVar[bool] = True

    beta: float = 15.0  # weight of L_TID, eq. 6
    gamma: float = 0.0  # weight of L_TV, eq. 7
    encoder: str = "f"  # 'f': G = g(f(x)); 'trained': G = g(e(x)), e like f; 'identity': G(x) = x
    e_batch_norm: bool = False  # whether e has batch norm, as f may have while it is trained
    tv_reduction: str = "mean"  # over pixels: 'mean' or 'sum'
    target_channels: int = 1
    f_widths: tuple[int, ...] = (64, 128, 256, 128)  # channels of f's stages
    f_convs_per_block: int = 1  # convolutions in each stage of f
    f_input_size: int = 0  # pixels a side that f resizes images to; 0: no resizing
    g_widths: tuple[int, ...] = (512, 256, 128)  # three for 32 pixels, four for 64
    g_pointwise: bool = False  # a 1x1 convolution after each layer but the last, as for the paper's faces
    d_widths: tuple[int, ...] = (128, 256, 512)  # channels of D's layers
    d_batch_norm: bool = True  # whether D's layers but the first have batch norm
    d_first_norm: bool = False  # whether D's first layer has batch norm too, as for the paper's faces
    d_activation: str = "leaky_relu"  # of slope 0.2; the paper has 'relu'
    d_init: str = "normal"  # 'normal': N(0, 0.02), as in DCGAN; 'lecun': flax's default
    r1_weight: float = 0.0  # gamma: D minimises gamma / 2 times its squared slope at target images
    g_learning_rate: float = 2e-4
    d_learning_rate: float = 2e-4
    b1: float = 0.5
    b2: float = 0.999
    g_steps: int = 1  # updates of G in an iteration
    d_steps: int = 1  # updates of D in an iteration

    def __post_init__(self):
        """Refuses hyper-parameters outside their ranges."""
        checks.require_choice(self, "encoder", ("f", "trained", "identity"))
        self.check_adversary()
        checks.require_choice(self, "tv_reduction", ("mean", "sum"))
        checks.require_choice(self, "d_activation", ("relu", "leaky_relu"))
        checks.require_choice(self, "d_init", ("normal", "lecun"))
        checks.require_range(self, 0, 1e6, "beta", "gamma", "r1_weight")
        self.check_constancy()
        checks.require_range(self, 0, 1, "g_learning_rate", "d_learning_rate")
        checks.require_range(self, 0, 0.999999, "b1", "b2")
        self.check_average()
        self.check_rates()
        checks.require_range(self, 1, 2, "f_convs_per_block")
        checks.require_range(self, 1, 100, "g_steps", "d_steps")
        checks.require_range(self, 0, 4096, "f_input_size")
        checks.require_widths(self, "f_widths", "g_widths", "d_widths")
        checks.require_channels(self, "target_channels")
        fits = self.adversary != "binary" or self.beta == 0
        checks.require("beta", self.beta, fits, "0 where adversary='binary' (Sec. 3)")
        if self.d_batch_norm or self.adversary == "none":  # with batch norm no image has a slope of its own
            reason = "D has batch norm" if self.d_batch_norm else "adversary='none'"
            self.refuse(f"where {reason}", "r1_weight")

    @property
    def batches(self) -> int:
        """A player that moves several times in an iteration takes a new batch for each update."""
        return max(self.g_steps, self.d_steps)

    @property
    def f(self) -> Features:
        """[B, S, S, 1 or 3] -> [B, d], without batch norm, which `adopt` folds into the kernels."""
        return Features(self.f_widths, self.f_convs_per_block, input_size=self.f_input_size)

    @property
    def e(self) -> Features:
        """The encoder of `encoder='trained'`: like f, with the batch norm that f may have in training."""
        return Features(self.f_widths, self.f_convs_per_block, self.e_batch_norm, self.f_input_size)

    @property
    def g(self) -> Generator:
        """[B, d] -> [B, g.size, g.size, target_channels] in [-1, 1]."""
        return Generator(self.g_widths, self.target_channels, self.g_pointwise)

    @property
    def drawer(self) -> EncodedGenerator:
        """The trained part of G: g, after e where there is one."""
        return EncodedGenerator(self.e if self.encoder == "trained" else None, self.g)

    @property
    def d(self) -> Discriminator:
        """[B, S, S, target_channels] -> logits [B, 3], or [B, 1] where adversary='binary'."""
        classes, first = self.d_classes, self.d_first_norm
        return Discriminator(self.d_widths, classes, self.d_batch_norm, self.d_activation, self.d_init, first)

    @property
    def features(self) -> Mapping[str, str]:
        """The roles whose features of f the step reads: G starts from them, and L_CONST compares them."""
        if self.encoder == "f":
            return {"source": "f", "target": "f"}
        return {"source": "f"} if self.encoder == "trained" and self.alpha else {}

    def tx(self, player: str) -> optax.GradientTransformation:
        """A player's Adam. The schedule counts the player's own updates."""
        of_g, of_d = (self.g_learning_rate, self.g_steps), (self.d_learning_rate, self.d_steps)
        return self.clipped(optax.adam(self.rate_of(*(of_g if player == "gen" else of_d)), self.b1, self.b2))

    @classmethod
    def fields_at(cls, size: int, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Without resizing for f, and with as many layers of g and D as the size needs."""
        g, d = widths_at(size, fields["g_widths"], shrink=2), widths_at(size, fields["d_widths"])
        return {"f_input_size": 0, "g_widths": g, "d_widths": d}

    def check(self, inputs: base.Inputs) -> None:
        """Refuses an f at another size than it was trained at, and a g larger than the domains' images."""
        pixels = self.f_input_size or inputs.size
        trained = inputs.required.get("f", 0) or pixels
        allowed = f"what shows f the {trained} pixels that it was trained at"
        checks.require("f_input_size", self.f_input_size, pixels == trained, allowed)
        last_window(pixels, len(self.f_widths))
        fits = self.encoder == "identity" or self.g.size <= inputs.size
        allowed = f"widths for at most the domains' {inputs.size} pixels"
        checks.require("g_widths", self.g_widths, fits, allowed)
        known = self.const_normalise == "none" or not inputs.varies
        checks.require("const_normalise", self.const_normalise, known, "none where images vary when drawn")

    def init(self, rng: jax.Array, batch: base.Batch) -> TrainState:
        """The state before training; `batch` has `source` and `target` images.

        Raises:
          ValueError: a role is missing, or the networks do not take its channels or size.
        """
        checks.require_images(batch, "source")
        checks.require_images(batch, "target", (self.target_channels,))
        self.check(base.Inputs(batch["target"].shape[1]))
        keys = jax.random.split(rng, 4)
        f = self.f.init(keys[0], batch["source"])["params"]
        players = {}
        if self.encoder != "identity":
            z = self.f.apply({"params": f}, batch["source"])
            g = self.g.init(keys[1], z, train=False)
            networks = {"g": g}
            if self.encoder == "trained":
                networks["e"] = self.e.init(keys[2], batch["source"])
            variables = {kind: {k: tree[kind] for k, tree in networks.items() if kind in tree} for kind in g}
            players["gen"] = game.player(variables, self.tx("gen"), self.ema > 0)
            if self.adversary != "none":
                d = self.d.init(keys[3], batch["target"], train=False)
                players["disc"] = game.player(d, self.tx("disc"))
        return game.create(players, frozen={"f": f, "scale": jnp.ones(self.f_widths[-1])})

    def adopt(
        self, state: TrainState, networks: Mapping[str, Network], columns: Mapping[str, np.ndarray]
    ) -> TrainState:
        """Takes f of the required run, with its batch norm folded, and the deviations that scale L_CONST."""
        f = fold_batch_norm(networks["f"].variables["classifier"])
        checks.require_shapes("f", f, state.frozen["f"], "f_widths and f_convs_per_block")
        frozen = {**state.frozen, "f": f}
        if self.const_normalise == "std" and "source_features" in columns:
            frozen["scale"] = scale_of(columns["source_features"])
        return state.replace(frozen=frozen)

    def train_step(
        self, state: TrainState, batch: base.Batch, rng: jax.Array, phase: str
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        """`d_steps` updates of D, then `g_steps` updates of g against the updated D."""
        del phase
        keys = jax.random.split(rng, self.g_steps)
        fresh = {f"{role}_features": self._f(state, batch[role]) for role in self.features}
        splits = jax.tree.map(lambda x: jnp.split(x, self.batches), {**fresh, **batch})
        metrics: dict[str, jax.Array] = {}
        # g does not move before its first update, so the first updates of both players can share fakes.
        fakes = game.once(self._transfer(state, parts.take(splits, 0)), state.players["gen"].params)
        if self.adversary != "none":
            for i in range(self.d_steps):
                state, aux = self._update_d(state, parts.take(splits, i), None if i else fakes)
                metrics |= aux
        for i in range(self.g_steps):
            state, aux = self._update_g(state, parts.take(splits, i), keys[i], None if i else fakes)
            metrics |= aux
        return state, metrics

    def generate(self, state: TrainState, batch: base.Batch, rng: jax.Array) -> base.Batch:
        """The source images in the target domain, of the same size: {'target': [B, H, W, C]} in [-1, 1]."""
        del rng
        if self.encoder == "identity":
            return {"target": batch["source"]}
        x = batch["source"] if self.encoder == "trained" else self._f(state, batch["source"])
        drawn = self.drawer.apply(state.players["gen"].eval_variables, x, train=False)
        return {"target": resize(drawn, batch["source"].shape[1])}

    def draw(self, state: TrainState, z: jax.Array) -> jax.Array:
        """Images [B, g.size, g.size, target_channels] in [-1, 1] that g draws of features [B, d]."""
        own = {name: tree["g"] for name, tree in state.players["gen"].eval_variables.items()}
        return self.g.apply(own, z, train=False)

    def _f(self, state, pictures):
        return self.f.apply({"params": state.frozen["f"]}, pictures)

    def _transfer(self, state, batch):
        """G of both domains as a function of `gen`'s parameters; one pass, so batch norm sees the mixture."""
        roles = ["source"] if self.adversary == "binary" else ["source", "target"]
        encoded = self.encoder == "trained"
        x = jnp.concatenate([to_rgb(batch[r]) if encoded else batch[f"{r}_features"] for r in roles])

        def transfer(params):
            out, new = pass_in_training(self.drawer, params, state.players["gen"].batch_stats, x)
            return dict(zip(roles, jnp.split(out, len(roles)), strict=True)), new

        return transfer

    def _update_d(self, state, batch, transfer=None):
        """Moves D, which minimises the loss of `d_terms`. g has not moved yet.

        R1 (Mescheder et al. 2018) is the squared slope at target images of the log-odds that an image is a
        real one.
        """
        g, disc = state.players["gen"], state.players["disc"]
        fakes, _ = (transfer or self._transfer(state, batch))(g.params)
        size = batch["target"].shape[1]
        groups = [*(resize(fake, size) for fake in fakes.values()), batch["target"]]

        def loss_fn(params):
            logits, batch_stats = logits_of_groups(self.d, params, disc.batch_stats, groups)
            terms = self.d_terms(logits)
            if self.r1_weight:
                terms["r1"] = slopes.r1(lambda x: self._log_odds(params, x), batch["target"])
                terms["loss"] += self.r1_weight / 2 * terms["r1"]
            return terms["loss"], (batch_stats, {f"disc/{k}": v for k, v in terms.items()})

        return game.update(state, "disc", self.tx("disc"), loss_fn)

    def _log_odds(self, params, images):
        return self.real_log_odds(self.d.apply({"params": params}, images, train=True))

    def _update_g(self, state, batch, rng, transfer=None):
        """Moves g (and e), which minimises L_GANG + alpha L_CONST + beta L_TID + gamma L_TV.

        L_GANG is the sum of `g_terms`, by the updated D. L_CONST is d(f(source), f(G(source))), L_TID =
        |target - G(target)|^2, and L_TV is the total variation of all fakes (eqs. 5 to 7).
        """
        transfer = transfer or self._transfer(state, batch)

        def loss_fn(params):
            drawn, batch_stats = transfer(params)
            fakes = {role: resize(fake, batch["target"].shape[1]) for role, fake in drawn.items()}
            terms = self._adversarial_g(state, fakes)
            if self.alpha:
                terms["const"] = self._const(state, batch["source_features"], fakes["source"], rng)
            if self.beta:
                terms["tid"] = losses.mse(drawn["target"], resize(batch["target"], self.g.size))
            if self.gamma:
                both = jnp.concatenate(list(drawn.values()))
                terms["tv"] = losses.total_variation(both, self.tv_reduction)
            weights = {"const": self.alpha, "tid": self.beta, "tv": self.gamma}
            loss = jnp.asarray(sum(weights.get(name, 1.0) * term for name, term in terms.items()))
            metrics = {f"gen/{k}": v for k, v in {"loss": loss, **terms}.items()}
            return loss, (batch_stats, metrics)

        return game.update(state, "gen", self.tx("gen"), loss_fn, self.ema)

    def _adversarial_g(self, state, fakes):
        if self.adversary == "none":
            return {}
        disc = state.players["disc"]
        logits, _ = logits_of_groups(self.d, disc.params, disc.batch_stats, list(fakes.values()))
        return self.g_terms(logits)

    def _const(self, state, z, fake, rng):
        return self.constancy(z, lambda images: self._f(state, images), fake, state.frozen["scale"], rng)
