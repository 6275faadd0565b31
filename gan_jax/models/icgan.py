"""IcGAN (Perarnau et al. 2016, "Invertible Conditional GANs for image editing")."""

import dataclasses
from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from gan_jax import game
from gan_jax.game import TrainState
from gan_jax.models.shared import base, checks
from gan_jax.models.shared.labelled import Labelled
from gan_jax.models.shared.rates import Averaged, Rates
from gan_jax.networks.generation import catalogue
from gan_jax.networks.layers import spectral
from gan_jax.networks.layers.normalisation import pass_in_training
from gan_jax.networks.translation.icgan import Encoders
from gan_jax.ops import losses
from gan_jax.ops.labels import mismatched


@dataclasses.dataclass(frozen=True)
class Model(Rates, Averaged, Labelled):
    """A conditional DCGAN G(z, y), then two encoders, which find z and y of an image x.

    Players: `gen`, `disc`, and `enc` with the networks `z` and `y`. The first `gan_steps` iterations move the
    GAN, and all later ones the encoders (the paper's IND). The training role is `a` with `a_label`:
    attributes int32 [B, n] in {0, 1}, or classes int32 [B]. Networks see the labels y as -1 and 1. With y~ a
    label that is not the image's own, and y' the labels of other images,

      disc: -log D(x, y) - (log(1 - D(x, y~)) + log(1 - D(G(z, y'), y'))) / 2
      gen:  -log D(G(z, y'), y')
      enc:  mean (E_z(G(z, y)) - z)^2 + mean (E_y(x) - y)^2

    An image is edited by G(E_z(x), y) with other labels y. The defaults are those of the authors' code.
    Departures: layers before batch norm have no biases, and neither have the last ones of G and D. y' and y~
    are the labels of images of the same batch. The authors draw the images of E_z once, and this model in
    each step.
    """

    TINY: ClassVar[dict[str, Any]] = {
        **{"g_width": 4, "d_width": 4, "z_dim": 4, "gan_steps": 1},
        **{"enc_width": 4, "enc_layers": 3, "z_dense": 8, "y_dense": 8},
    }
    SCHEDULES: ClassVar[tuple[str, ...]] = (*Rates.SCHEDULES, "gan_steps")
    translates: ClassVar[bool] = True
    encodes: ClassVar[bool] = True

    # the names of the labels, as one set
    labels: tuple[tuple[str, ...], ...] = (("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young"),)
    exclusive: tuple[bool, ...] = (False,)  # True: the labels are classes, False: attributes
    size: int = 64  # pixels a side
    channels: int = 3
    z_dim: int = 100
    gan_steps: int = 71_343  # iterations of the GAN; the encoders move in all later ones
    g_width: int = 64  # channels of the layer next to the images
    d_width: int = 64
    objective: str = "nonsaturating"  # the losses of D and G; or 'lsgan', 'hinge'
    d_norm: str = "batch"  # D's norm: 'batch', 'layer' or 'none'
    spectral: bool = False  # whether D's kernels are divided by their largest singular value
    mismatched: bool = True  # whether D also learns to reject real images with labels of others
    enc_width: int = 32  # channels of the encoders' first layer; they double with each layer
    enc_layers: int = 4  # halvings of the size inside the encoders
    z_dense: int = 4096  # units of the dense layer of E_z
    y_dense: int = 512  # the same of E_y
    g_learning_rate: float = 2e-4
    d_learning_rate: float = 2e-4
    b1: float = 0.5
    b2: float = 0.999
    enc_learning_rate: float = 1e-4  # learning rate of the encoders
    enc_b1: float = 0.1  # decay of Adam's mean of gradients for the encoders

    def __post_init__(self):
        """Refuses hyper-parameters outside their ranges, and values that do not go together."""
        self.check_labels()
        checks.require("labels", self.labels, len(self.labels) == 1, "one set of names")
        checks.require_choice(self, "objective", ("nonsaturating", "lsgan", "hinge"))
        checks.require_channels(self, "channels")
        checks.require_choice(self, "d_norm", ("batch", "layer", "none"))
        checks.require_range(self, 1, 4096, "size", "z_dim", "g_width", "d_width", "enc_width")
        checks.require_range(self, 1, 12, "enc_layers")
        checks.require_range(self, 1, 100_000, "z_dense", "y_dense")
        checks.require_range(self, 1, 1e9, "gan_steps")
        checks.require_range(self, 0, 1, "g_learning_rate", "d_learning_rate", "enc_learning_rate")
        checks.require_range(self, 0, 0.999999, "b1", "b2", "enc_b1")
        self.check_average()
        self.check_rates()
        _ = self.g, self.d  # they refuse sizes that they do not draw
        halved = self.size % 2**self.enc_layers == 0
        checks.require("enc_layers", self.enc_layers, halved, f"layers that halve {self.size} pixels")

    @property
    def g(self) -> nn.Module:
        """[B, z_dim + n] -> images [B, size, size, channels] in [-1, 1]."""
        return catalogue.generator("dcgan", size=self.size, channels=self.channels, width=self.g_width)

    @property
    def d(self) -> nn.Module:
        """Images and labels [B, n] -> logits [B, 1]. The labels join the maps after the first layer."""
        fields = {"size": self.size, "channels": self.channels, "width": self.d_width}
        return catalogue.discriminator("dcgan", norm=self.d_norm, spectral=self.spectral, joins=1, **fields)

    @property
    def e(self) -> Encoders:
        """Images for E_z and images for E_y -> [B, z_dim] and [B, n]."""
        sizes = self.enc_width, self.enc_layers, self.z_dense, self.y_dense
        return Encoders(self.z_dim, self.sets.size, *sizes)

    def tx(self, player: str) -> optax.GradientTransformation:
        """A player's Adam. All rates follow the iteration."""
        if player != "enc":
            peak = self.g_learning_rate if player == "gen" else self.d_learning_rate
            return self.clipped(optax.adam(self.rate_of(peak), self.b1, self.b2))
        rate = self.rate_of(self.enc_learning_rate)
        # The encoders' first update is in iteration `gan_steps`.
        late = (lambda count: rate(count + self.gan_steps)) if callable(rate) else rate
        return self.clipped(optax.adam(late, self.enc_b1, self.b2))

    def phases(self, iteration: int) -> tuple[str, ...]:
        """'gan' in the first `gan_steps` iterations, then 'encoders'."""
        return ("gan",) if iteration < self.gan_steps else ("encoders",)

    def check(self, inputs: base.Inputs) -> None:
        """Refuses images of another size than the model's, and classes without a name."""
        super().check(inputs)
        checks.require_side(self.size, inputs)

    def init(self, rng: jax.Array, batch: base.Batch) -> TrainState:
        """The state before training; `batch` has `a` and `a_label`.

        Raises:
          ValueError: one is missing or has a shape that the networks do not take.
        """
        checks.require_images(batch, "a", (self.channels,))
        self.check(base.inputs_like(batch["a"]))
        checks.require_label_sets(batch, self.sets)
        x, y = batch["a"], jnp.zeros((len(batch["a"]), self.sets.size))
        keys = jax.random.split(rng, 3)
        variables = {
            "gen": self.g.init(keys[0], jnp.zeros((len(x), self.z_dim + self.sets.size)), train=False),
            "disc": self.d.init(keys[1], x, train=False, condition=y),
            "enc": self.e.init(keys[2], x, x, train=False),
        }
        average = lambda name: name == "gen" and self.ema > 0  # noqa: E731
        return game.create({k: game.player(v, self.tx(k), average(k)) for k, v in variables.items()})

    def train_step(
        self, state: TrainState, batch: base.Batch, rng: jax.Array, phase: str
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        """One update of D and one of G with the same z and y', or one of the encoders, by the phase."""
        x, own = batch["a"], 2 * self.sets.bits(0, batch["a_label"]) - 1
        keys = jax.random.split(rng, 3)
        z = jax.random.normal(keys[0], (len(x), self.z_dim))
        if phase == "encoders":
            return self._update_enc(state, x, own, z)
        asked = jax.random.permutation(keys[1], own)
        others = mismatched(keys[2], own, self.exclusive[0])
        state, metrics = self._update_d(state, (x, own, others), z, asked)
        state, more = self._update_g(state, z, asked)
        return state, metrics | more

    def generate(self, state: TrainState, batch: base.Batch, rng: jax.Array) -> base.Batch:
        """Draws `source` [B, S, S, C] again with other labels: {'target': G(E_z(x), y)} of the same shape.

        `label` [B, n] has 1 for each label that is wanted, and 0 for each that is not. NaN keeps a label as
        E_y sees it, decided at 0. Without `label`, y is E_y(x) itself, so the target is a reconstruction.

        Raises:
          ValueError: the label has another length.
        """
        del rng
        z, seen = self._codes(state, batch["source"])
        if "label" not in batch:
            return {"target": self._decode(state, z, seen)}
        label = batch["label"]
        if label.shape[1:] != (self.sets.size,):
            raise ValueError(f"label is {list(label.shape)}; expected [B, {self.sets.size}]")
        kept = jnp.where(seen > 0, 1.0, -1.0)
        return {"target": self._decode(state, z, jnp.where(jnp.isnan(label), kept, 2 * label - 1))}

    def infer(self, state: TrainState, batch: base.Batch, rng: jax.Array) -> dict[str, jax.Array]:
        """Encodes `image`: `z` [B, z_dim], `y` [B, n], whose signs tell the labels, and `reconstruction`."""
        del rng
        z, seen = self._codes(state, batch["image"])
        return {"z": z, "y": seen, "reconstruction": self._decode(state, z, seen)}

    def _codes(self, state, x):
        return self.e.apply(state.players["enc"].eval_variables, x, x, train=False)

    def _decode(self, state, z, y):
        return self.g.apply(state.players["gen"].eval_variables, jnp.concatenate([z, y], -1), train=False)

    def _draw(self, params, stats, z, y):
        return pass_in_training(self.g, params, stats, jnp.concatenate([z, y], -1))

    def _score(self, params, stats, x, y):
        logits, stats = pass_in_training(self.d, params, stats, x, condition=y)
        return logits[:, 0], stats

    def _update_d(self, state, real, z, asked):
        """Moves D, which minimises the mean of its losses against fakes and against mismatched labels.

        By default this is -log D(x, y) - (log(1 - D(x, y~)) + log(1 - D(G(z, y'), y'))) / 2. Each group of
        images passes through D by itself.
        """
        x, own, others = real
        gen, disc = state.players["gen"], state.players["disc"]
        fake, _ = self._draw(gen.params, gen.batch_stats, z, asked)
        stats, d_loss = spectral.advance(disc.params, disc.batch_stats), losses.adversarial(self.objective)[0]

        def loss_fn(params):
            right, new = self._score(params, stats, x, own)
            drawn, new = self._score(params, new, fake, asked)
            terms = {"adversarial": d_loss(right, drawn)}
            if self.mismatched:
                wrong, new = self._score(params, new, x, others)
                terms["mismatched"] = d_loss(right, wrong)
            loss = jnp.asarray(sum(terms.values())) / len(terms)
            return loss, (new, {f"disc/{k}": v for k, v in {"loss": loss, **terms}.items()})

        return game.update(state, "disc", self.tx("disc"), loss_fn)

    def _update_g(self, state, z, asked):
        """Moves G, which minimises -log D(G(z, y'), y') by default, with the z and y' of D's update.

        G moves after D, as in the authors' code.
        """
        gen, disc = state.players["gen"], state.players["disc"]

        def loss_fn(params):
            fake, stats = self._draw(params, gen.batch_stats, z, asked)
            score, _ = self._score(disc.params, disc.batch_stats, fake, asked)
            loss = losses.adversarial(self.objective)[1](score)
            return loss, (stats, {"gen/loss": loss})

        return game.update(state, "gen", self.tx("gen"), loss_fn, self.ema)

    def _update_enc(self, state, x, own, z):
        """Moves both encoders, which minimise mean (E_z(G(z, y)) - z)^2 + mean (E_y(x) - y)^2.

        G draws in evaluation and does not move. E_z learns from drawn images, whose z is known, and E_y from
        real ones, whose labels are known. No parameter is in both terms, so they are two separate trainings.
        """
        drawn, old = self._decode(state, z, own), state.players["enc"].batch_stats

        def loss_fn(params):
            variables = {"params": params, "batch_stats": old}
            (code, told), new = self.e.apply(variables, drawn, x, train=True, mutable=["batch_stats"])
            terms = {"z": losses.mse(code, z), "y": losses.mse(told, own)}
            loss = terms["z"] + terms["y"]
            return loss, (new["batch_stats"], {f"enc/{k}": v for k, v in {"loss": loss, **terms}.items()})

        return game.update(state, "enc", self.tx("enc"), loss_fn)
