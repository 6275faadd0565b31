"""CycleGAN (Zhu et al. 2017, "Unpaired Image-to-Image Translation using Cycle-Consistent ... Networks")."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from gan_jax import game
from gan_jax.game import TrainState
from gan_jax.models.shared import base, checks, two_way
from gan_jax.models.shared.rates import Averaged, Rates
from gan_jax.networks.layers.normalisation import pass_in_training
from gan_jax.networks.translation import mnist_svhn, patchgan, resnet_generator
from gan_jax.ops import losses, pool

_DOMAINS = ("target", "source")


@dataclasses.dataclass(frozen=True)
class Model(Rates, Averaged, base.Defaults):
    """Two generators, source to target and back. A D for each domain and the way back judge their images.

    Players: `gen` (s2t, t2s) and `disc` (target, source), one Adam each. An iteration moves gen, then disc,
    as in the official PyTorch code. The fakes for disc are those that gen drew before it moved; they pass
    through a history of 50 images for each domain, which the state keeps. For each domain, with means over
    batch, patches and pixels:

        gen:  (D(fake) - 1)^2 + cycle |back - image| + cycle identity |G(own domain's image) - image|
        disc: disc_weight ((D(real) - 1)^2 + D(fake)^2)

    Defaults are the paper's. `decay_start` and `decay_end` have no default, since they are half of the steps
    and all of the steps. Departures: rates fall at every step instead of every epoch, and reach zero after
    the last step. Each device has its own history. Instance norm has
    no parameters, as in the PyTorch code; `norm='instance_affine'` has them, as in the Lua code. Batch norm's
    running variances are unbiased, as in torch.
    """

    TINY: ClassVar[dict[str, Any]] = {"g_width": 4, "blocks": 1, "d_width": 4, "d_layers": 2}
    OWN_MEMORY: ClassVar[tuple[str, ...]] = ("pool_",)
    translates: ClassVar[bool] = True

    generator: str = "resnet"  # and PatchGAN; 'mnist_svhn': both networks of yunjey's code
    g_width: int = 64  # channels of the first layer
    blocks: int = 9  # residual blocks; the paper has 6 for 128 pixels
    downs: int = 2  # halvings of the size inside G
    norm: str = "instance"  # or 'instance_affine', 'batch'
    d_width: int = 64
    d_layers: int = 3  # layers of stride 2; 3 gives patches of 70 pixels
    source_channels: int = 3
    target_channels: int = 3
    objective: str = "lsgan"  # or 'nonsaturating'
    cycle_distance: str = "l1"  # or 'mse'
    gan_weight: float = 1.0  # 0 is the paper's "cycle alone"
    cycle_forward: float = 10.0  # lambda of |t2s(s2t(source)) - source|
    cycle_backward: float = 10.0  # lambda of |s2t(t2s(target)) - target|
    identity: float = 0.0  # factor of lambda; 0.5 in both codes and in the paper's paintings to photographs
    disc_weight: float = 0.5  # one half slows D down
    pool: int = 50  # images of each domain in the history; 0: no history
    learning_rate: float = 2e-4
    b1: float = 0.5
    b2: float = 0.999

    def __post_init__(self):
        """Refuses hyper-parameters outside their ranges."""
        checks.require_choice(self, "generator", ("resnet", "mnist_svhn"))
        checks.require_choice(self, "norm", ("instance", "instance_affine", "batch"))
        checks.require_choice(self, "objective", ("lsgan", "nonsaturating"))
        checks.require_choice(self, "cycle_distance", ("l1", "mse"))
        checks.require_range(self, 1, 4096, "g_width", "d_width")
        checks.require_range(self, 0, 100, "blocks", "d_layers")
        checks.require_range(self, 1, 8, "downs")
        checks.require_range(
            self, 0, 1e6, "gan_weight", "cycle_forward", "cycle_backward", "identity", "pool"
        )
        checks.require_range(self, 0, 1, "learning_rate", "disc_weight")
        checks.require_range(self, 0, 0.999999, "b1", "b2")
        self.check_average()
        self.check_rates()
        checks.require_channels(self, "source_channels", "target_channels")
        equal = self.source_channels == self.target_channels
        checks.require("identity", self.identity, not self.identity or equal, "0 where channels differ")

    @property
    def gen(self) -> dict[str, nn.Module]:
        """`s2t` and `t2s`: images [B, S, S, C] -> [B, S, S, C'] in [-1, 1]."""
        return {name: self._generator(f"{role}_channels") for name, (_, role) in two_way.WAYS.items()}

    @property
    def disc(self) -> dict[str, nn.Module]:
        """`target` and `source`: images [B, S, S, C] -> logits [B, s, s, 1]."""
        if self.generator == "mnist_svhn":
            return {role: mnist_svhn.Discriminator(self.d_width) for role in _DOMAINS}
        return {role: patchgan.Discriminator(self.d_width, self.d_layers, self.norm) for role in _DOMAINS}

    def _generator(self, field):
        channels = getattr(self, field)
        if self.generator == "mnist_svhn":
            return mnist_svhn.Generator(self.g_width, channels)
        return resnet_generator.Generator(self.g_width, self.blocks, self.downs, channels, self.norm)

    @property
    def takes_rectangles(self) -> bool:
        """The networks are convolutional, but for those of yunjey's code."""
        return self.generator == "resnet"

    @property
    def multiple(self) -> int:
        """Sides of images that `generate` takes are multiples of this."""
        return 4 if self.generator == "mnist_svhn" else 2**self.downs

    def tx(self, player: str) -> optax.GradientTransformation:
        """Adam for both players."""
        del player
        return self.clipped(optax.adam(self.rate_of(self.learning_rate), self.b1, self.b2))

    @property
    def _unhalved(self):
        # LSGAN's equations halve both players' losses. CycleGAN halves only D's, by `disc_weight`.
        return 2.0 if self.objective == "lsgan" else 1.0

    def check(self, inputs: base.Inputs) -> None:
        """Refuses sizes that G cannot halve, and sizes at which D's last normalised map has one pixel."""
        for size in inputs.sides:
            checks.require("size", size, size % self.multiple == 0, f"multiples of {self.multiple}")
            if self.generator == "mnist_svhn":
                checks.require("size", size, size >= 32 and size % 8 == 0, "multiples of 8 from 32 on")
            else:
                side = patchgan.normalised_side(size, self.d_layers)
                checks.require("d_layers", self.d_layers, side >= 2, f"fewer layers for {size} pixels")

    def init(self, rng: jax.Array, batch: base.Batch) -> TrainState:
        """The state before training; `batch` has `source` and `target` images.

        Raises:
          ValueError: a role is missing, or the networks do not take its channels or size.
        """
        players = two_way.players(self, rng, batch)
        memory = {}
        if self.pool:
            memory = {f"pool_{role}": pool.create(self.pool, batch[role].shape[1:]) for role in _DOMAINS}
        return game.create(players, memory=memory)

    def train_step(
        self, state: TrainState, batch: base.Batch, rng: jax.Array, phase: str
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        """One update of both generators, then one of both discriminators on the fakes of gen's update."""
        del phase
        state, metrics = self._update_gen(state, batch)
        fakes = {role: metrics.pop(f"fake_{role}") for role in _DOMAINS}
        memory = dict(state.memory)
        for i, role in enumerate(fakes if self.pool else ()):
            name, key = f"pool_{role}", jax.random.fold_in(rng, i)
            memory[name], fakes[role] = pool.query(memory[name], fakes[role], key)
        state, disc = self._update_disc(state.replace(memory=memory), batch, fakes)
        return state, metrics | disc

    def dealt(self, stack: Mapping[str, Any], count: int) -> Mapping[str, Any]:
        """The histories of some devices, image by image to the histories of `count` devices."""
        return {name: pool.dealt(pools, count) for name, pools in stack.items()}

    def generate(self, state: TrainState, batch: base.Batch, rng: jax.Array) -> base.Batch:
        """Translates each role of the batch: `source` becomes `target`, and `target` becomes `source`.

        Images are [B, H, W, C] in [-1, 1]. `multiple` must divide H and W, which may differ from the trained
        size.
        """
        del rng
        return two_way.translate(self, state, batch)

    def _update_gen(self, state, batch):
        """Moves both generators, which minimise the sum of these terms over both domains.

        gan_weight (D(fake) - 1)^2, cycle |back - image| and identity cycle |G(image of the output domain) -
        image|. With objective='nonsaturating' the first term is -gan_weight log D(fake). The generators move
        first, as in the official PyTorch code. Their new fakes are handed on in the metrics for disc.
        """
        old, source, target = state.players["gen"].batch_stats, batch["source"], batch["target"]

        def loss_fn(params):
            def draw(name, images):
                return pass_in_training(self.gen[name], params[name], old[name], images)

            # The running statistics come from real images, since `generate` translates real images.
            fake_t, stats_t = draw("s2t", source)
            fake_s, stats_s = draw("t2s", target)
            terms: dict[str, jax.Array] = {}
            if self.gan_weight:
                terms |= self._fool(state, {"target": fake_t, "source": fake_s})
            distance = losses.mae if self.cycle_distance == "l1" else losses.mse
            if self.cycle_forward:
                terms["cycle_forward"] = distance(draw("t2s", fake_t)[0], source)
            if self.cycle_backward:
                terms["cycle_backward"] = distance(draw("s2t", fake_s)[0], target)
            if self.identity:
                terms["identity_target"] = distance(draw("s2t", target)[0], target)
                terms["identity_source"] = distance(draw("t2s", source)[0], source)
            weights = {
                "cycle_forward": self.cycle_forward,
                "cycle_backward": self.cycle_backward,
                "identity_target": self.identity * self.cycle_backward,
                "identity_source": self.identity * self.cycle_forward,
            }
            weighted = [weights.get(name, self.gan_weight) * term for name, term in terms.items()]
            loss = jnp.asarray(sum(weighted))
            metrics = {f"gen/{k}": v for k, v in {"loss": loss, **terms}.items()}
            fakes = {"fake_target": fake_t, "fake_source": fake_s}
            return loss, ({"s2t": stats_t, "t2s": stats_s}, metrics | fakes)

        return game.update(state, "gen", self.tx("gen"), loss_fn, self.ema)

    def _fool(self, state, fakes):
        disc = state.players["disc"]
        terms: dict[str, jax.Array] = {}
        for role, fake in fakes.items():
            logits, _ = pass_in_training(self.disc[role], disc.params[role], disc.batch_stats[role], fake)
            terms[f"gan_{role}"] = self._unhalved * losses.adversarial(self.objective)[1](logits)
        return terms

    def _update_disc(self, state, batch, fakes):
        """Moves both discriminators, which minimise disc_weight ((D(real) - 1)^2 + D(fake)^2), summed.

        With objective='nonsaturating' it is disc_weight (-log D(real) - log(1 - D(fake))). `fakes` are drawn
        by the generators before their update, as in the official PyTorch code, or come from the history.
        Older fakes in the history keep D from following only the latest generators.
        """
        old = state.players["disc"].batch_stats

        def loss_fn(params):
            terms, stats = {}, {}
            for role, fake in fakes.items():
                module = self.disc[role]
                real, between = pass_in_training(module, params[role], old[role], batch[role])
                judged, stats[role] = pass_in_training(module, params[role], between, fake)
                term = losses.adversarial(self.objective)[0](real, judged)
                terms[role] = self.disc_weight * self._unhalved * term
            loss = jnp.asarray(sum(terms.values()))
            return loss, (stats, {f"disc/{k}": v for k, v in {"loss": loss, **terms}.items()})

        return game.update(state, "disc", self.tx("disc"), loss_fn)
