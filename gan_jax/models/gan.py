"""GANs that draw images from noise; the networks, the loss and the conditioning are fields."""

import dataclasses
from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from gan_jax import game
from gan_jax.game import TrainState
from gan_jax.models.shared import base, checks, optimizers
from gan_jax.models.shared.adversarial import AdversarialLoss
from gan_jax.models.shared.noise_to_image import Conditional, Labels
from gan_jax.models.shared.rates import Averaged, Rates
from gan_jax.networks.generation import catalogue
from gan_jax.networks.layers import spectral
from gan_jax.ops import answers, losses


@dataclasses.dataclass(frozen=True)
class Model(AdversarialLoss, Rates, Averaged, Conditional):
    """G draws images from noise z; D, or a critic, scores how real an image is.

    Players: `gen`, and `disc` (`critic` where loss='wasserstein'). Every loss works with every pair of
    networks. These are configurations: GAN (Goodfellow et al. 2014), LSGAN (Mao et al. 2017), WGAN (Arjovsky
    et al. 2017), WGAN-GP (Gulrajani et al. 2017), DCGAN (Radford et al. 2015), SNGAN (Miyato et al. 2018),
    CGAN (Mirza and Osindero 2014), ACGAN (Odena et al. 2017), and the loss of R3GAN (Huang et al. 2024).

    An iteration is `d_steps` updates of D, then one update of G against the updated D (Algorithm 1 of the
    GAN paper). D takes real and fake images in two passes, so that batch norm never mixes them.

    `labels`: 'none'; 'input', where both networks get the class, and D's fakes have the classes of its real
    images; 'auxiliary', where G gets the class, D predicts it, and both players minimise the cross-entropy.
    """

    TINY: ClassVar[dict[str, Any]] = {"g_width": 4, "d_width": 4, "z_dim": 4, "d_steps": 2}

    generator: str = "dcgan"  # a name that networks/generation/catalogue.py knows
    discriminator: str = "dcgan"  # likewise
    size: int = 28  # pixels a side
    channels: int = 1
    z_dim: int = 100
    z_prior: str = "normal"  # N(0, z_scale^2), or 'uniform': U(-z_scale, z_scale)
    z_scale: float = 1.0  # deviation of the normal prior, or bound of the uniform one
    g_width: int = 0  # channels of the layer next to the images; 0 is the published width
    d_width: int = 0  # the same in D
    g_norm: str = "published"  # G's norm as published, or 'none', 'batch', 'layer'
    d_norm: str = "published"  # D's norm, likewise
    spectral: bool = False  # whether D's kernels are divided by their largest singular value
    clip: float = 0.0  # D's parameters are clipped to [-clip, clip] after each update; 0: no clipping
    d_steps: int = 1  # updates of D in an iteration; k of the GAN paper, n_critic of WGAN
    num_classes: int = 0
    labels: str = "none"  # or 'input', 'auxiliary': how networks use classes
    label_input: str = "concat"  # G gets z and the label; 'multiply': z times a learned vector of the label
    aux_weight_d: float = 1.0  # weight of D's classification
    aux_weight_g: float = 1.0  # weight of the classification in G's loss
    aux_on_fake: bool = True  # whether D also learns the classes of fakes, as in the ACGAN paper
    optimizer: str = "adam"  # or 'rmsprop', 'rmsprop_tf', 'sgd': see optimizers.optimizer
    g_learning_rate: float = 2e-4
    d_learning_rate: float = 2e-4
    b1: float = 0.5  # of adam; the momentum of sgd
    b2: float = 0.999

    def __post_init__(self):
        """Refuses hyper-parameters outside their ranges, and values that do not go together."""
        checks.require_choice(self, "generator", tuple(catalogue.GENERATORS))
        checks.require_choice(self, "discriminator", tuple(catalogue.DISCRIMINATORS))
        checks.require_choice(self, "z_prior", ("normal", "uniform"))
        checks.require_choice(self, "g_norm", catalogue.NORMS)
        checks.require_choice(self, "d_norm", catalogue.NORMS)
        self.check_loss()
        checks.require_choice(self, "labels", ("none", "input", "auxiliary"))
        checks.require_choice(self, "label_input", catalogue.LABEL_INPUTS)
        checks.require_choice(self, "optimizer", optimizers.OPTIMIZERS)
        checks.require("channels", self.channels, self.channels in (1, 2, 3), "1, 2, 3")
        checks.require_range(self, 1, 4096, "size", "z_dim")
        checks.require_range(self, 0, 4096, "g_width", "d_width")
        checks.require_range(self, 1e-6, 1e6, "z_scale")
        checks.require_range(self, 0, 1e6, "clip", "aux_weight_d", "aux_weight_g")
        checks.require_range(self, 1, 1000, "d_steps")
        checks.require_range(self, 0, 1, "g_learning_rate", "d_learning_rate")
        checks.require_range(self, 0, 0.999999, "b1", "b2")
        self.check_average()
        self.check_rates()
        self._require_sense()

    def _require_sense(self):
        """Refuses values that are allowed alone but not together."""
        for field in ("generator", "discriminator"):
            try:
                _ = self.g if field == "generator" else self.d
            except ValueError as error:
                raise ValueError(f"{field}={getattr(self, field)!r}: {error}") from error
        slopes = self.slope_weights
        mixed = slopes and self.d.norm == "batch"
        allowed = (
            f"none, layer where {' or '.join(slopes)} > 0: a slope is of one image, and batch norm mixes them"
        )
        checks.require("d_norm", self.d.norm, not mixed, allowed)
        bounds = {**slopes, "clip": self.clip, "spectral": self.spectral}
        on = [name for name, value in bounds.items() if value]
        checks.require("clip", self.clip, not self.clip or len(on) == 1, f"0 beside {', '.join(on)}")
        bounded = self.loss != "wasserstein" or bool(on)
        checks.require("loss", self.loss, bounded, "with a critic that gp_weight, clip or spectral bounds")
        low, high = (2, 100_000) if self.labels != "none" else (0, 0)
        allowed = f"{low} to {high} where labels={self.labels!r}"
        checks.require("num_classes", self.num_classes, low <= self.num_classes <= high, allowed)
        unused = self.label_input == "multiply" and self.labels == "none"
        checks.require("label_input", self.label_input, not unused, "concat where labels='none'")

    @property
    def batches(self) -> int:
        """Each update of D takes a batch of its own."""
        return self.d_steps

    @property
    def g(self) -> nn.Module:
        """[B, z_dim + num_classes] -> images [B, size, size, channels]."""
        return catalogue.generator(
            self.generator,
            size=self.size,
            channels=self.channels,
            width=self.g_width,
            norm=self.g_norm,
            num_classes=self.num_classes,
            label_input=self.label_input,
        )

    @property
    def d(self) -> nn.Module:
        """[B, size, size, channels] -> logits [B, 1], or [B, 1 + num_classes] where labels='auxiliary'."""
        return catalogue.discriminator(
            self.discriminator,
            size=self.size,
            channels=self.channels,
            width=self.d_width,
            classes=1 + (self.num_classes if self.labels == "auxiliary" else 0),
            norm=self.d_norm,
            spectral=self.spectral,
        )

    @property
    def straight_paths(self) -> bool:
        """True for the uniform prior, whose latents fill a cube and lie on no sphere."""
        return self.z_prior == "uniform"

    def tx(self, player: str) -> optax.GradientTransformation:
        """The optimiser of a player. The schedule counts the player's own updates."""
        rate, updates = (self.g_learning_rate, 1) if player == "gen" else (self.d_learning_rate, self.d_steps)
        tx = optimizers.optimizer(self.optimizer, self.rate_of(rate, updates), self.b1, self.b2)
        return self.clipped(tx)

    def init(self, rng: jax.Array, batch: base.Batch) -> TrainState:
        """The state before training; `batch` has `image`, and `image_label` [B] if the model is conditional.

        Raises:
          ValueError: a role is missing, or the networks do not take its channels or size.
        """
        checks.require_images(batch, "image", (self.channels,))
        self.check(base.inputs_like(batch["image"]))
        y = self.labels_of(batch)
        g_key, d_key, dropout = jax.random.split(rng, 3)
        z = jnp.zeros((len(batch["image"]), self.z_dim + self.num_classes))
        g = self.g.init({"params": g_key, "dropout": dropout}, z, False)
        d = self.d.init({"params": d_key, "dropout": dropout}, batch["image"], False, self._condition(y))
        gen = game.player(g, self.tx("gen"), self.ema > 0)
        opponent = game.player(d, self.tx(self.opponent))
        return game.create({"gen": gen, self.opponent: opponent})

    def train_step(
        self, state: TrainState, batch: base.Batch, rng: jax.Array, phase: str
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        """`d_steps` updates of D, then one of G. The metrics are those of the last update of each."""
        del phase
        d_key, g_key = jax.random.split(rng)
        split = lambda x: x.reshape(self.d_steps, -1, *x.shape[1:])  # noqa: E731
        rounds = (jax.tree.map(split, batch), jax.random.split(d_key, self.d_steps))
        state, metrics = game.repeat(lambda s, x: self._update_d(s, *x), state, rounds)
        last = jax.tree.map(lambda x: x[-1], metrics)
        state, metrics = self._update_g(state, jax.tree.map(lambda x: x[-1], rounds[0]), g_key)
        return state, {**last, **metrics}

    def latents(self, rng: jax.Array, n: int) -> jax.Array:
        """`n` draws of the prior, float32 [n, z_dim]."""
        shape = (n, self.z_dim)
        if self.z_prior == "uniform":
            return jax.random.uniform(rng, shape, minval=-self.z_scale, maxval=self.z_scale)
        return self.z_scale * jax.random.normal(rng, shape)

    def decode(self, state: TrainState, z: jax.Array, label: Labels = None) -> jax.Array:
        """Images [n, size, size, channels] in [-1, 1] that G draws of z [n, z_dim] in evaluation."""
        return self.g.apply(state.players["gen"].eval_variables, self.with_class(z, label), False)

    def _update_d(self, state, batch, rng):
        """Moves D, which minimises the following loss, with r = D(real) and f = D(G(z)).

            d_loss(r, f) + slope penalties + aux_weight_d (CE(real classes) + aux_on_fake CE(fake classes))

        The terms with CE appear where labels='auxiliary'. The penalties are those of `AdversarialLoss`. Each
        update draws new fakes of fresh z from G as it stands after its last update.
        """
        keys = jax.random.split(rng, 6)
        real, y_real = batch["image"], self.labels_of(batch)
        y_fake = y_real if self.labels == "input" else self.classes(keys[0], len(real))
        z = self.with_class(self.latents(keys[1], len(real)), y_fake)
        fake, _ = self._draw(state, state.players["gen"].params, z, keys[2])
        disc = state.players[self.opponent]
        stats = spectral.advance(disc.params, disc.batch_stats)

        def loss_fn(params):
            r, r_class, new = self._score(params, stats, real, y_real, keys[3])
            f, f_class, new = self._score(params, new, fake, y_fake, keys[4])
            loss = self.d_loss(r, f)
            terms = {"adversarial": loss, **answers.scores(self.loss, r, f, self.lsgan_a, self.lsgan_b)}
            if self.labels == "auxiliary":
                terms |= answers.classes(r_class, y_real, f_class, y_fake)
                both = terms["class_real"] + self.aux_on_fake * terms["class_fake"]
                loss = loss + self.aux_weight_d * both
            score = lambda x: self._score(params, stats, x, y_real, keys[3])[0]  # noqa: E731
            penalty, slopes = self.slope_penalties(score, real, fake, keys[5])
            loss, terms = loss + penalty, {**terms, **slopes}
            return loss, (new, {f"{self.opponent}/{k}": v for k, v in {"loss": loss, **terms}.items()})

        state, metrics = game.update(state, self.opponent, self.tx(self.opponent), loss_fn)
        return game.clipped(state, self.opponent, self.clip) if self.clip else state, metrics

    def _update_g(self, state, batch, rng):
        """Moves G, which minimises g_loss(D(G(z))) + aux_weight_g CE(the classes that G was asked for).

        CE appears where labels='auxiliary'. G draws as many new fakes as D's last batch has images, of fresh
        z, and of random classes if it takes classes. Only the relativistic loss compares them with the images
        of that batch. G moves after D, so that it follows the gradient of the updated D.
        """
        keys = jax.random.split(rng, 4)
        real, n = batch["image"], len(batch["image"])
        y = self.classes(keys[0], n)
        z = self.with_class(self.latents(keys[1], n), y)
        disc = state.players[self.opponent]

        def loss_fn(params):
            fake, stats = self._draw(state, params, z, keys[2])
            score, classes, _ = self._score(disc.params, disc.batch_stats, fake, y, keys[3])
            known = (disc.params, disc.batch_stats, real, self.labels_of(batch), keys[3])
            loss = self.g_loss(lambda: self._score(*known)[0], score)
            terms = {"adversarial": loss}
            if self.labels == "auxiliary":
                terms["class"] = losses.classification(classes, y)
                loss = loss + self.aux_weight_g * terms["class"]
            return loss, (stats, {"gen/loss": loss, **{f"gen/{k}": v for k, v in terms.items()}})

        return game.update(state, "gen", self.tx("gen"), loss_fn, self.ema)

    def _draw(self, state, params, z, rng):
        """The images that G draws in training, and G's new running statistics."""
        variables = {"params": params, "batch_stats": state.players["gen"].batch_stats}
        images, new = self.g.apply(variables, z, True, mutable=["batch_stats"], rngs={"dropout": rng})
        return images, new.get("batch_stats", {})

    def _score(self, params, batch_stats, images, y, rng):
        """D's scores [B], its class logits [B, K], with K = 0 for none, and its new running statistics."""
        variables = {"params": params, "batch_stats": batch_stats}
        logits, new = self.d.apply(
            variables, images, True, self._condition(y), mutable=["batch_stats"], rngs={"dropout": rng}
        )
        return logits[:, 0], logits[:, 1:], new.get("batch_stats", {})

    def _condition(self, y):
        return jax.nn.one_hot(y, self.num_classes) if self.labels == "input" else None
