"""StarGAN (Choi et al. 2018, "Unified Generative Adversarial Networks for Multi-Domain Translation")."""

import dataclasses
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import optax

from gan_jax import game
from gan_jax.errors import ConfigError
from gan_jax.game import TrainState
from gan_jax.models.shared import base, checks
from gan_jax.models.shared.labelled import Labelled
from gan_jax.models.shared.rates import Averaged, Rates
from gan_jax.models.shared.strided import Strided
from gan_jax.networks.translation.stargan import Discriminator, Generator
from gan_jax.ops import losses, slopes
from gan_jax.ops.pixels import to_rgb


@dataclasses.dataclass(frozen=True)
class Model(Rates, Averaged, Labelled, Strided):
    """G(x, c) changes image x to match label c; D tells real from fake for each patch and predicts the label.

    Players: `gen` and `disc`. The training role is `a` with `a_label`. Where `labels` names several data
    sets, the others are `b` with `b_label` and so on; G tells the sets apart by a mask
    (`ops.labels.LabelSets`). Labels are int32 [B, n] in {0, 1} for attributes and int32 [B] for classes.
    Target labels are the batch's own labels in random order. With real x and c', and target label c,

      D: -E D_src(x) + E D_src(G(x, c)) + gp_weight GP + cls_weight L_cls(D_cls(x), c')
      G: -E D_src(G(x, c)) + cls_weight L_cls(D_cls(G(x, c)), c) + rec_weight E |x - G(G(x, c), c')|

    (eqs. 3, 4, 6, 7, and 8 for the first terms). L_cls is the sigmoid cross-entropy summed over attributes,
    or the cross-entropy of classes; it covers only the labels of the image's own set. As in the official
    code, Wasserstein terms are means over patches, and GP penalises the gradient of the patches' sum.

    With `identity_weight`, G also minimises identity_weight E |x - G(x, c')|, as in AttGAN (He et al. 2019)
    and RelGAN (Wu et al. 2019). Without this term, G may change the colours of all images, if its way back
    undoes the change.

    Departures: D's biases start at zero. With several sets, G moves after all updates of D on all sets; in
    the official code G moves on the first set before D's last update on the second.
    """

    TINY: ClassVar[dict[str, Any]] = {"g_width": 4, "g_blocks": 1, "d_width": 4, "d_downs": 3, "n_critic": 2}
    translates: ClassVar[bool] = True

    # the names of the labels, set by set
    labels: tuple[tuple[str, ...], ...] = (("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young"),)
    exclusive: tuple[bool, ...] = (False,)  # for each set: True for classes, False for attributes
    channels: int = 3  # channels of G's images; grey inputs are repeated to three channels
    g_width: int = 64  # channels of G's first layer
    g_blocks: int = 6  # residual blocks of G
    d_width: int = 64
    d_downs: int = 6  # halvings of the size inside D
    n_critic: int = 5  # updates of D for each update of G, each on its own batch
    cls_weight: float = 1.0  # of the classification
    rec_weight: float = 10.0  # of the way back
    identity_weight: float = 0.0  # of the change by an image's own labels; the paper has no such term
    gp_weight: float = 10.0  # of the gradient penalty
    g_learning_rate: float = 1e-4
    d_learning_rate: float = 1e-4
    b1: float = 0.5
    b2: float = 0.999

    def __post_init__(self):
        """Refuses hyper-parameters outside their ranges."""
        self.check_labels()
        checks.require_channels(self, "channels")
        checks.require_range(self, 1, 4096, "g_width", "d_width")
        checks.require_range(self, 0, 100, "g_blocks")
        checks.require_range(self, 1, 12, "d_downs")
        checks.require_range(self, 1, 100, "n_critic")
        checks.require_range(self, 0, 1e6, "cls_weight", "rec_weight", "identity_weight", "gp_weight")
        checks.require_range(self, 0, 1, "g_learning_rate", "d_learning_rate")
        checks.require_range(self, 0, 0.999999, "b1", "b2")
        self.check_average()
        self.check_rates()

    @property
    def batches(self) -> int:
        """Each update of D takes a new batch. G takes the last of them."""
        return self.n_critic

    @property
    def g(self) -> Generator:
        """([B, S, S, channels], [B, sets.size]) -> [B, S, S, channels] in [-1, 1]."""
        return Generator(self.g_width, self.g_blocks)

    @property
    def d(self) -> Discriminator:
        """[B, S, S, channels] -> ([B, s, s, 1], [B, sets.labels]), s = S / 2**d_downs."""
        return Discriminator(self.sets.labels, self.d_width, self.d_downs)

    def tx(self, player: str) -> optax.GradientTransformation:
        """A player's Adam. The schedule counts the player's own updates."""
        rate, each = (self.g_learning_rate, 1) if player == "gen" else (self.d_learning_rate, self.n_critic)
        return self.clipped(optax.adam(self.rate_of(rate, len(self.labels) * each), self.b1, self.b2))

    def check(self, inputs: base.Inputs) -> None:
        """Refuses what `Labelled` and `Strided` refuse, and a single image on a device."""
        super().check(inputs)
        allowed = "2 or more images on each device, which exchange their labels"
        checks.require("batch_size", inputs.batch_size, inputs.batch_size != 1, allowed)

    def init(self, rng: jax.Array, batch: base.Batch) -> TrainState:
        """The state before training; `batch` has the images and labels of every role of `sets`.

        Raises:
          ValueError: a role or its label is missing or has a shape that the networks do not take.
        """
        for role in self.sets.roles:
            checks.require_images(batch, role, (1, self.channels))
            self.check(base.inputs_like(batch[role]))
        checks.require_label_sets(batch, self.sets)
        rng_g, rng_d = jax.random.split(rng)
        x = self._channels(batch["a"])
        variables = self.g.init(rng_g, x, jnp.zeros((len(x), self.sets.size)))
        gen = game.player(variables, self.tx("gen"), self.ema > 0)
        return game.create({"gen": gen, "disc": game.player(self.d.init(rng_d, x), self.tx("disc"))})

    def train_step(
        self, state: TrainState, batch: base.Batch, rng: jax.Array, phase: str
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        """`n_critic` updates of D on each set, each on its own part of the batch, then one of G on each set.

        Raises:
          ConfigError: a device has only one image for an update, so labels cannot be permuted.
        """
        del phase
        each = len(batch["a"]) // self.n_critic
        if each < 2:
            raise ConfigError(f"batch_size gives a device {each} image an update; allowed: 2 or more")
        parts = jax.tree.map(lambda x: x.reshape(self.n_critic, -1, *x.shape[1:]), batch)
        keys = jax.random.split(rng, self.n_critic)

        def critic(state, part_and_key):
            metrics: dict[str, jax.Array] = {}
            part, rng = part_and_key
            for which in range(len(self.labels)):
                task, rng_gp = self._task(part, rng, which)
                state, new = self._update_d(state, which, task, rng_gp)
                metrics |= new
            return state, metrics

        state, stacked = game.repeat(critic, state, (parts, keys))
        metrics = jax.tree.map(lambda x: x[-1], stacked)
        last = jax.tree.map(lambda x: x[-1], parts)
        for which in range(len(self.labels)):
            state, new = self._update_g(state, which, self._task(last, keys[-1], which)[0])
            metrics |= new
        return state, metrics

    def generate(self, state: TrainState, batch: base.Batch, rng: jax.Array) -> base.Batch:
        """Changes `source` [B, S, S, C] to match `label` [B, sets.size]: {'target': [B, S, S, channels]}.

        Raises:
          ValueError: the label is missing or has another length.
        """
        del rng
        if "label" not in batch or batch["label"].shape[1:] != (self.sets.size,):
            found = list(batch["label"].shape) if "label" in batch else "missing"
            raise ValueError(f"label is {found}; expected [B, {self.sets.size}], as of LabelSets.vector")
        x = self._channels(batch["source"])
        return {"target": self.g.apply(state.players["gen"].eval_variables, x, batch["label"])}

    def _channels(self, x):
        return to_rgb(x) if self.channels == 3 else x

    def _task(self, part, rng, which):
        """One set's images, their own labels and target labels; and a key for the gradient penalty."""
        role = self.sets.roles[which]
        rng_labels, rng_gp = jax.random.split(jax.random.fold_in(rng, which))
        own = self.sets.bits(which, part[f"{role}_label"])
        return (self._channels(part[role]), own, jax.random.permutation(rng_labels, own)), rng_gp

    def _update_d(self, state, which, task, rng):
        """Moves D on one set, with images x, their own labels c', target labels c and fakes G(x, c).

        D minimises E D_src(G(x, c)) - E D_src(x) + cls_weight L_cls(D_cls(x), c') + gp_weight GP. The fakes
        are those of G before its update. GP is taken between each x and its fake. D learns labels from real
        images only.
        """
        x, own, wanted = task
        disc = state.players["disc"]
        fake = self.g.apply(state.players["gen"].variables, x, self.sets.vector(which, wanted))
        epsilon = jax.random.uniform(rng, (len(x),))

        def loss_fn(params):
            def discriminate(pictures):
                return self.d.apply({"params": params}, pictures)

            realness, logits = discriminate(jnp.concatenate([x, fake]))
            real, drawn = jnp.split(realness, 2)
            terms = {
                "adversarial": losses.wasserstein_d(real=real, fake=drawn),
                "cls": self._classification(which, logits[: len(x)], own),
                "gp": slopes.gradient_penalty(lambda y: discriminate(y)[0], x, fake, epsilon),
            }
            loss, metrics = self._weighted("disc", which, terms)
            return loss, (disc.batch_stats, metrics)

        return game.update(state, "disc", self.tx("disc"), loss_fn)

    def _update_g(self, state, which, task):
        """Moves G on one set, with images x, their own labels c' and target labels c.

        G minimises -E D_src(G(x, c)) + cls_weight L_cls(D_cls(G(x, c)), c) + rec_weight E |x - G(G(x, c),
        c')| + identity_weight E |x - G(x, c')|. The images and labels are those of D's last update. G moves
        after D, since the negative critic's loss estimates the Wasserstein distance only after several
        updates of D.
        """
        x, own, wanted = task
        gen, disc = state.players["gen"], state.players["disc"]
        there, back = (self.sets.vector(which, bits) for bits in (wanted, own))

        def loss_fn(params):
            fake = self.g.apply({"params": params}, x, there)
            realness, logits = self.d.apply(disc.variables, fake)
            terms = {
                "adversarial": losses.wasserstein_g(realness),
                "cls": self._classification(which, logits, wanted),
                "rec": losses.mae(x, self.g.apply({"params": params}, fake, back)),
            }
            if self.identity_weight:
                terms["identity"] = losses.mae(x, self.g.apply({"params": params}, x, back))
            loss, metrics = self._weighted("gen", which, terms)
            return loss, (gen.batch_stats, metrics)

        return game.update(state, "gen", self.tx("gen"), loss_fn, self.ema)

    def _classification(self, which, logits, bits):
        """L_cls over the labels of one set; the logits of other sets do not enter."""
        logits = logits[:, self.sets.block(which)]
        if self.exclusive[which]:
            return losses.classification(logits, bits.argmax(axis=-1))
        return logits.shape[-1] * losses.attributes(logits, bits)

    def _weighted(self, player, which, terms):
        """One set's weighted loss, and its terms as metrics, named by the role if there are several sets."""
        weights = {"cls": self.cls_weight, "rec": self.rec_weight, "gp": self.gp_weight}
        weights["identity"] = self.identity_weight
        loss = jnp.asarray(sum(weights.get(name, 1.0) * term for name, term in terms.items()))
        suffix = f"_{self.sets.roles[which]}" if len(self.labels) > 1 else ""
        metrics = {f"{player}/{name}{suffix}": term for name, term in {"loss": loss, **terms}.items()}
        return loss, metrics
