"""Variational autoencoder (Kingma, Welling 2013, "Auto-Encoding Variational Bayes")."""

import dataclasses
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import optax

from gan_jax import game
from gan_jax.game import TrainState
from gan_jax.models.shared import base, checks, optimizers
from gan_jax.models.shared.noise_to_image import NoiseToImage
from gan_jax.models.shared.rates import Averaged, Rates
from gan_jax.networks.generation import vae
from gan_jax.ops import draws, losses


@dataclasses.dataclass(frozen=True)
class Model(Rates, Averaged, NoiseToImage):
    """q(z|x) = N(mean, variance) and p(x|z), trained to maximise the evidence lower bound (eq. 7, L = 1).

    The one player, `vae`, has two networks, `enc` and `dec`. It minimises `recon + beta kl` in nats; both
    terms are sums over dimensions and means over the batch. Inside the model, images are in [0, 1]. The mean
    of p(x|z) is the sigmoid of the decoder's logits. Defaults are those of the public PyTorch and Flax
    examples. The paper's network is `network='aevb'`, and its optimiser is `optimizer='adagrad'`. The paper's
    Gaussian prior of the weights is left out.
    """

    TINY: ClassVar[dict[str, Any]] = {"width": 8}
    encodes: ClassVar[bool] = True

    size: int = 28  # pixels a side
    channels: int = 1
    z_dim: int = 20
    network: str = "mlp"  # or 'aevb', 'conv'
    width: int = 0  # hidden units, or channels of the first convolution; 0 is the network's own
    likelihood: str = "bernoulli"  # 'gaussian': N(mean, sigma^2); 'seed': the plain squared error
    sigma: float = 1.0  # standard deviation of 'gaussian'
    beta: float = 1.0  # weight of the KL term; 1 gives the bound
    binarize: str = "none"  # 'dynamic' draws each pixel at each step; 'threshold' cuts at one half
    optimizer: str = "adam"  # or 'adagrad'
    learning_rate: float = 1e-3
    b1: float = 0.9
    b2: float = 0.999

    def __post_init__(self):
        """Refuses hyper-parameters outside their ranges."""
        checks.require_choice(self, "network", tuple(vae.WIDTHS))
        checks.require_choice(self, "likelihood", ("bernoulli", "gaussian", "seed"))
        checks.require_choice(self, "binarize", ("none", "dynamic", "threshold"))
        checks.require_choice(self, "optimizer", ("adam", "adagrad"))
        checks.require("channels", self.channels, self.channels in (1, 3), "1, 3")
        checks.require_range(self, 4, 4096, "size")
        checks.require_range(self, 1, 100_000, "z_dim")
        checks.require_range(self, 0, 100_000, "width")
        checks.require_range(self, 0, 1e6, "beta")
        checks.require_range(self, 1e-6, 1e6, "sigma")
        checks.require_range(self, 0, 0.999999, "b1", "b2")
        self.check_average()
        self.check_rates()
        checks.require("learning_rate", self.learning_rate, 0 < self.learning_rate < 10, "0 to 10")
        fits = self.network != "conv" or self.size % 4 == 0
        checks.require("size", self.size, fits, "multiples of 4 where network='conv'")
        black = self.binarize == "none" or self.likelihood == "bernoulli"
        checks.require("binarize", self.binarize, black, "none but with likelihood='bernoulli'")

    @property
    def networks(self) -> tuple:
        """Encoder and decoder."""
        fields = {"channels": self.channels, "z_dim": self.z_dim, "width": self.width}
        return vae.pair(self.network, size=self.size, **fields)

    def tx(self, player: str) -> optax.GradientTransformation:
        """Adam, or torch's Adagrad, whose sums of squares start at zero."""
        del player
        rate = self.rate_of(self.learning_rate)
        if self.optimizer == "adagrad":
            return self.clipped(optimizers.adagrad(rate))
        return self.clipped(optax.adam(rate, self.b1, self.b2))

    def init(self, rng: jax.Array, batch: base.Batch) -> TrainState:
        """The state before training; `batch` has `image`.

        Raises:
          ValueError: it is missing or has a shape that the networks do not take.
        """
        checks.require_images(batch, "image", (self.channels,))
        self.check(base.inputs_like(batch["image"]))
        rng_enc, rng_dec = jax.random.split(rng)
        enc, dec = self.networks
        params = {
            "enc": enc.init(rng_enc, batch["image"])["params"],
            "dec": dec.init(rng_dec, jnp.zeros((1, self.z_dim)))["params"],
        }
        return game.create({"vae": game.player({"params": params}, self.tx("vae"), self.ema > 0)})

    def train_step(
        self, state: TrainState, batch: base.Batch, rng: jax.Array, phase: str
    ) -> tuple[TrainState, dict[str, jax.Array]]:
        """One step on `recon + beta kl`, with one draw of z for each image; beta=1: the negative bound."""
        del phase
        rng_pixels, rng_noise = jax.random.split(rng)
        x = self._pixels(batch["image"], rng_pixels)

        def loss_fn(params):
            noise = jax.random.normal(rng_noise, (len(x), self.z_dim))
            terms = self._terms(x, *self._pass(params, x, noise))
            return terms["loss"], ({}, {f"vae/{name}": term for name, term in terms.items()})

        return game.update(state, "vae", self.tx("vae"), loss_fn, self.ema)

    def decode(self, state: TrainState, z: jax.Array, label: jax.Array | None = None) -> jax.Array:
        """The mean of p(x|z), not a sample: z [n, z_dim] -> [n, size, size, channels] in [-1, 1]."""
        del label
        params = state.players["vae"].eval_variables["params"]
        return 2 * jax.nn.sigmoid(self._decode(params, z)) - 1

    def infer(self, state: TrainState, batch: base.Batch, keys: jax.Array) -> dict[str, jax.Array]:
        """Encodes `batch['image']` [n, size, size, channels] and evaluates the bound.

        Each image has draws by its own key, see `draws.of_rows`.

        Returns:
          `mean` [n, z_dim] of q(z|x); `reconstruction` in [-1, 1], decoded from `mean`; and the terms `loss`,
          `recon` and `kl` [n] of the bound in nats, with one draw of z for each image.
        """
        of_pixels, of_noise = draws.of_rows(keys, batch["image"].shape[0], parts=2)
        x = jax.vmap(self._pixels)(batch["image"], of_pixels)
        params = state.players["vae"].eval_variables["params"]
        noise = draws.by_row(self.latents, of_noise)
        mean, log_variance, logits = self._pass(params, x, noise)
        single = jax.vmap(lambda *arrays: self._terms(*(a[None] for a in arrays)))
        terms = single(x, mean, log_variance, logits)
        return {"mean": mean, "reconstruction": self.decode(state, mean), **terms}

    def _pixels(self, images, rng):
        x = (images + 1) / 2
        if self.binarize == "threshold":
            return (x > 0.5).astype(x.dtype)
        if self.binarize == "dynamic":
            return jax.random.bernoulli(rng, x).astype(x.dtype)
        return x

    def _pass(self, params, x, noise):
        """Mean and log variance of q(z|x) [n, z_dim], and the decoder's logits for noise [n, z_dim] of z."""
        mean, log_variance = self.networks[0].apply({"params": params["enc"]}, x)
        z = vae.reparametrise(mean, log_variance, noise)
        return mean, log_variance, self._decode(params, z)

    def _decode(self, params, z):
        return self.networks[1].apply({"params": params["dec"]}, z)

    def _terms(self, x, mean, log_variance, logits):
        recon = {
            "bernoulli": lambda: losses.bernoulli(logits, x),
            "gaussian": lambda: losses.gaussian(jax.nn.sigmoid(logits), x, self.sigma),
            "seed": lambda: losses.squared_error(jax.nn.sigmoid(logits), x),
        }[self.likelihood]()
        kl = losses.kl_standard_normal(mean, log_variance)
        return {"loss": recon + self.beta * kl, "recon": recon, "kl": kl}
