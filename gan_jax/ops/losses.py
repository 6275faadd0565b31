"""Losses and distances: arrays in, one scalar out. Every one is a mean over the batch."""

import functools
import math
from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp
import optax


def cross_entropy(logits: jax.Array, label: int) -> jax.Array:
    """Cross-entropy of logits [B, K] with one class for the whole batch, in nats; mean over B.

    `-mean log softmax(logits)[:, label]`: each term of eqs. 3 and 4 of Taigman et al. 2016.
    """
    labels = jnp.full(logits.shape[0], label)
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


def classification(
    logits: jax.Array, labels: jax.Array, smoothing: float = 0.0, weights: jax.Array | float = 1.0
) -> jax.Array:
    """Cross-entropy of logits [B, K] with int labels [B], in nats; mean over B.

    `smoothing` moves that share of the target's weight to the uniform distribution; `weights` [B] multiply
    each example's term, and do not change what the sum is divided by.
    """
    targets = optax.smooth_labels(jax.nn.one_hot(labels, logits.shape[-1]), smoothing)
    return jnp.mean(weights * optax.softmax_cross_entropy(logits, targets))


def attributes(logits: jax.Array, labels: jax.Array, smoothing: float = 0.0) -> jax.Array:
    """Sigmoid cross-entropy of logits [B, K] with labels [B, K] in {0, 1}, in nats; mean over B and K.

    `smoothing` moves that share of the target's weight to one half.
    """
    targets = (1 - smoothing) * labels + smoothing / 2
    return optax.sigmoid_binary_cross_entropy(logits, targets).mean()


def nonsaturating_d(real: jax.Array, fake: jax.Array) -> jax.Array:
    """Discriminator's side of a binary GAN: `-E log D(real) - E log(1 - D(fake))`, in nats.

    Logits of any shape; each expectation is a mean (Goodfellow et al. 2014, eq. 1).
    """
    return jax.nn.softplus(-real).mean() + jax.nn.softplus(fake).mean()


def nonsaturating_g(fake: jax.Array) -> jax.Array:
    """Generator's side that keeps its gradient: `-E log D(fake)`, in nats, from logits."""
    return jax.nn.softplus(-fake).mean()


def minimax_g(fake: jax.Array) -> jax.Array:
    """Generator's side taken literally: `E log(1 - D(fake))`, in nats, from logits; saturates."""
    return -jax.nn.softplus(fake).mean()


def lsgan_d(real: jax.Array, fake: jax.Array, a: float = 0.0, b: float = 1.0) -> jax.Array:
    """Discriminator's side of a least-squares GAN: `E (D(real) - b)^2 / 2 + E (D(fake) - a)^2 / 2`.

    Scores of any shape, no sigmoid; each expectation is a mean (Mao et al. 2017, eq. 2).
    """
    return (jnp.square(real - b).mean() + jnp.square(fake - a).mean()) / 2


def lsgan_g(fake: jax.Array, c: float = 1.0) -> jax.Array:
    """Generator's side of a least-squares GAN: `E (D(fake) - c)^2 / 2` (Mao et al. 2017, eq. 2)."""
    return jnp.square(fake - c).mean() / 2


def wasserstein_d(real: jax.Array, fake: jax.Array) -> jax.Array:
    """Critic's side of a Wasserstein GAN: `E f(fake) - E f(real)` (Arjovsky et al. 2017, eq. 2).

    For a critic of Lipschitz constant 1 its negative is a lower bound of the distance of the two
    distributions.
    """
    return fake.mean() - real.mean()


def wasserstein_g(fake: jax.Array) -> jax.Array:
    """Generator's side of a Wasserstein GAN: `-E f(fake)`."""
    return -fake.mean()


def hinge_d(real: jax.Array, fake: jax.Array) -> jax.Array:
    """Discriminator's side of the hinge loss: `E max(0, 1 - D(real)) + E max(0, 1 + D(fake))`.

    Scores of any shape (Miyato et al. 2018, eq. 16).
    """
    return jax.nn.relu(1 - real).mean() + jax.nn.relu(1 + fake).mean()


def hinge_g(fake: jax.Array) -> jax.Array:
    """Generator's side of the hinge loss: `-E D(fake)` (Miyato et al. 2018, eq. 17)."""
    return -fake.mean()


Adversaries = tuple[Callable[[jax.Array, jax.Array], jax.Array], Callable[[jax.Array], jax.Array]]


def adversarial(name: str, a: float = 0.0, b: float = 1.0, c: float = 1.0) -> Adversaries:
    """Both sides of an adversarial family: `d(real, fake)` and `g(fake)`, from logits or scores.

    Args:
      name: one of `ADVERSARIAL`.
      a: of 'lsgan', what D answers to fakes.
      b: what it answers to real images.
      c: what G wants it to answer.
    """
    if name == "lsgan":
        return functools.partial(lsgan_d, a=a, b=b), functools.partial(lsgan_g, c=c)
    return ADVERSARIAL[name]


ADVERSARIAL: Mapping[str, Adversaries] = {
    "nonsaturating": (nonsaturating_d, nonsaturating_g),
    "minimax": (nonsaturating_d, minimax_g),
    "lsgan": (lsgan_d, lsgan_g),
    "wasserstein": (wasserstein_d, wasserstein_g),
    "hinge": (hinge_d, hinge_g),
}


def gradient_penalty(
    critic_fn: Callable[[jax.Array], jax.Array],
    real: jax.Array,
    fake: jax.Array,
    epsilon: jax.Array,
    sides: int = 2,
    scale: float = 1.0,
) -> jax.Array:
    """How far the critic's slope is from 1 between real and fake: `E (scale |grad f(x)|_2 - 1)^2`.

    `x = epsilon real + (1 - epsilon) fake` (Gulrajani et al. 2017, eq. 3); the norm is over all pixels
    and channels of one example. Where the critic is flat the gradient is zero, not NaN.

    Args:
      critic_fn: images [B, ...] -> scores, one an example, each of its own image alone: a batch
        normalised over B has no slope of its own.
      real: images [B, ...].
      fake: images of the same shape.
      epsilon: [B], from U[0, 1].
      sides: 2 as above; 1 penalises slopes above 1 alone, `E max(0, scale |grad f| - 1)^2`.
      scale: of the slope; s measures it by images in the unit of s of theirs.
    """
    weight = epsilon.reshape(-1, *[1] * (real.ndim - 1))
    between = weight * real + (1 - weight) * fake
    slopes = jax.grad(lambda x: critic_fn(x).sum())(between).astype(jnp.float32)
    # The root has no derivative at 0.
    lengths = jnp.sqrt(jnp.square(slopes).sum(axis=range(1, real.ndim)) + 1e-12)
    excess = scale * lengths - 1
    return jnp.square(excess if sides == 2 else jax.nn.relu(excess)).mean()


def kl_standard_normal(mean: jax.Array, log_variance: jax.Array) -> jax.Array:
    """KL divergence of N(mean, exp(log_variance)), [B, d] each, from N(0, I), in nats.

    `1/2 sum_j (mean_j^2 + variance_j - 1 - log variance_j)`, mean over B (Kingma and Welling
    2013, appendix B).
    """
    terms = jnp.square(mean) + jnp.expm1(log_variance) - log_variance
    return 0.5 * terms.sum(-1).mean()


def bernoulli(logits: jax.Array, x: jax.Array) -> jax.Array:
    """Negative log-likelihood of x in [0, 1] under Bernoullis of these logits, [B, ...] each, in nats.

    `softplus(l) - x l` summed over all dimensions but the first, mean over B. Of x that are neither 0 nor 1
    it is a cross-entropy, whose least value is their entropy, and no likelihood.
    """
    return optax.sigmoid_binary_cross_entropy(logits, x).sum(range(1, x.ndim)).mean()


def gaussian(mean: jax.Array, x: jax.Array, sigma: float) -> jax.Array:
    """Negative log-density of x under N(mean, sigma^2), [B, ...] each, in nats.

    `(x - mean)^2 / (2 sigma^2) + 1/2 log(2 pi sigma^2)` summed over all dimensions but the first, mean
    over B.
    """
    constant = 0.5 * math.log(2 * math.pi * sigma**2)
    return squared_error(mean, x) / (2 * sigma**2) + constant * math.prod(x.shape[1:])


def squared_error(a: jax.Array, b: jax.Array) -> jax.Array:
    """`(a - b)^2` summed over all dimensions but the first, mean over B."""
    return jnp.square(a - b).sum(range(1, a.ndim)).mean()


def mse(a: jax.Array, b: jax.Array) -> jax.Array:
    """Mean of `(a - b)^2` over every dimension, the batch included."""
    return jnp.mean(jnp.square(a - b))


def cosine(a: jax.Array, b: jax.Array) -> jax.Array:
    """Mean over B of `1 - <a, b> / (|a| |b|)` for vectors [B, d]; in [0, 2]."""
    return optax.cosine_distance(a, b, epsilon=1e-8).mean()


def total_variation(images: jax.Array, reduction: str = "mean", eps: float = 1e-8) -> jax.Array:
    """Total variation of images [B, H, W, C], mean over B (Taigman et al. 2016, eq. 7, B = 1).

    `sum_ij sqrt((z[i, j+1] - z[i, j])^2 + (z[i+1, j] - z[i, j])^2 + eps)` over i < H-1, j < W-1 and
    C; `eps` bounds the gradient where both differences vanish. `reduction` is 'sum' or 'mean' over
    positions and channels.
    """
    corner = images[:, :-1, :-1]
    across = images[:, :-1, 1:] - corner
    down = images[:, 1:, :-1] - corner
    lengths = jnp.sqrt(jnp.square(across) + jnp.square(down) + eps)
    if reduction == "sum":
        return lengths.sum(axis=(1, 2, 3)).mean()
    return lengths.mean()


def mae(a: jax.Array, b: jax.Array) -> jax.Array:
    """Mean of `|a - b|` over every dimension, the batch included: the L1 terms of pix2pix and CycleGAN."""
    return jnp.abs(a - b).mean()


def feature_matching(real: Sequence[jax.Array], fake: Sequence[jax.Array]) -> jax.Array:
    """Distance of two batches' mean features: `sum_l mean (E f_l(real) - E f_l(fake))^2`.

    Features [B, ...] of each layer l; `E` is the mean over B alone, `mean` over what is left of a layer; the
    two batches may differ in size (Salimans et al. 2016, eq. 2; DiscoGAN's code over several layers).
    """
    return jnp.stack([mse(a.mean(0), b.mean(0)) for a, b in zip(real, fake, strict=True)]).sum()
