"""Losses and distances: arrays in, one scalar out. Each is a mean over the batch, float32 []."""

import functools
import math
from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp
import optax


def cross_entropy(logits: jax.Array, label: int) -> jax.Array:
    """Cross-entropy of logits [B, K] with class `label` for the whole batch, in nats; mean over B, a scalar.

    `-mean log softmax(logits)[:, label]`: each term of eqs. 3 and 4 of Taigman et al. 2016.
    """
    labels = jnp.full(logits.shape[0], label)
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


def classification(
    logits: jax.Array, labels: jax.Array, smoothing: float = 0.0, weights: jax.Array | float = 1.0
) -> jax.Array:
    """Cross-entropy of logits [B, K] with integer labels [B], in nats; mean over B, a scalar.

    Args:
      logits: [B, K].
      labels: int [B], 0 to K - 1.
      smoothing: share of the target's weight that goes to the uniform distribution over the K classes.
      weights: a number or [B]; they multiply the examples' terms. The sum is still divided by B.
    """
    targets = optax.smooth_labels(jax.nn.one_hot(labels, logits.shape[-1]), smoothing)
    return jnp.mean(weights * optax.softmax_cross_entropy(logits, targets))


def attributes(logits: jax.Array, labels: jax.Array, smoothing: float = 0.0) -> jax.Array:
    """Sigmoid cross-entropy of logits [B, K] with labels [B, K] in {0, 1}, in nats; mean over B and K.

    `smoothing` is the share of the target's weight that goes to one half. The result is a scalar.
    """
    targets = (1 - smoothing) * labels + smoothing / 2
    return optax.sigmoid_binary_cross_entropy(logits, targets).mean()


def nonsaturating_d(real: jax.Array, fake: jax.Array) -> jax.Array:
    """Discriminator's side of a binary GAN: `-E log D(real) - E log(1 - D(fake))`, in nats.

    `real` and `fake` are logits of any shape, and each expectation is a mean over all of them (Goodfellow et
    al. 2014, eq. 1). The result is a scalar, 0 or more.
    """
    return jax.nn.softplus(-real).mean() + jax.nn.softplus(fake).mean()


def nonsaturating_g(fake: jax.Array) -> jax.Array:
    """Generator's side that does not saturate: `-E log D(fake)`, in nats, from logits of any shape.

    Where D rejects the fakes, this loss still has a gradient, unlike `minimax_g`. A scalar, 0 or more.
    """
    return jax.nn.softplus(-fake).mean()


def minimax_g(fake: jax.Array) -> jax.Array:
    """Generator's side of the minimax game itself: `E log(1 - D(fake))`, in nats, from logits of any shape.

    Where D rejects the fakes, the gradient vanishes. A scalar, 0 or less.
    """
    return -jax.nn.softplus(fake).mean()


def lsgan_d(real: jax.Array, fake: jax.Array, a: float = 0.0, b: float = 1.0) -> jax.Array:
    """Discriminator's side of a least-squares GAN: `E (D(real) - b)^2 / 2 + E (D(fake) - a)^2 / 2`.

    `real` and `fake` are scores of any shape, without a sigmoid; each expectation is a mean over all of them
    (Mao et al. 2017, eq. 2). `a` and `b` are D's targets for fake and real images. A scalar, 0 or more.
    """
    return (jnp.square(real - b).mean() + jnp.square(fake - a).mean()) / 2


def lsgan_g(fake: jax.Array, c: float = 1.0) -> jax.Array:
    """Generator's side of a least-squares GAN: `E (D(fake) - c)^2 / 2` (Mao et al. 2017, eq. 2).

    `fake` are scores of any shape, and `c` is the score that G wants. A scalar, 0 or more.
    """
    return jnp.square(fake - c).mean() / 2


def wasserstein_d(real: jax.Array, fake: jax.Array) -> jax.Array:
    """Critic's side of a Wasserstein GAN: `E f(fake) - E f(real)` (Arjovsky et al. 2017, eq. 2).

    `real` and `fake` are scores of any shape; the result is a scalar of either sign. If the critic has the
    Lipschitz constant 1, the negative loss is a lower bound of the distributions' Wasserstein-1 distance.
    """
    return fake.mean() - real.mean()


def wasserstein_g(fake: jax.Array) -> jax.Array:
    """Generator's side of a Wasserstein GAN: `-E f(fake)`, from scores of any shape, a scalar."""
    return -fake.mean()


def drift(real: jax.Array) -> jax.Array:
    """The mean square of a critic's scores of real images, of any shape: `E D(x)^2`, a scalar.

    A small weight of it keeps the scores near 0, which the Wasserstein losses leave free (Karras et al. 2018,
    appendix A.1).
    """
    return jnp.square(real).mean()


def hinge_d(real: jax.Array, fake: jax.Array) -> jax.Array:
    """Discriminator's side of the hinge loss: `E max(0, 1 - D(real)) + E max(0, 1 + D(fake))`.

    `real` and `fake` are scores of any shape (Miyato et al. 2018, eq. 16). A scalar, 0 or more.
    """
    return jax.nn.relu(1 - real).mean() + jax.nn.relu(1 + fake).mean()


def hinge_g(fake: jax.Array) -> jax.Array:
    """Generator's side of the hinge loss: `-E D(fake)`, from scores of any shape.

    Miyato et al. 2018, eq. 17. A scalar of either sign.
    """
    return -fake.mean()


def relativistic(preferred: jax.Array, other: jax.Array) -> jax.Array:
    """A player's side of the relativistic pairing game: `E softplus(-(preferred - other))`, in nats.

    D prefers real images, G prefers fakes: `relativistic(D(x), D(G(z)))` is D's loss and
    `relativistic(D(G(z)), D(x))` is G's (Jolicoeur-Martineau 2018; Huang et al. 2024, eq. 2). `preferred` and
    `other` are scores of one shape, paired one by one. A scalar, 0 or more; log 2 at equal scores.
    """
    return jax.nn.softplus(other - preferred).mean()


Adversaries = tuple[Callable[[jax.Array, jax.Array], jax.Array], Callable[[jax.Array], jax.Array]]


def adversarial(name: str, a: float = 0.0, b: float = 1.0, c: float = 1.0) -> Adversaries:
    """The two losses `(d_loss(real, fake), g_loss(fake))` of an adversarial family, each a scalar.

    Args:
      name: one of `ADVERSARIAL`.
      a: for 'lsgan', D's target for fake images.
      b: for 'lsgan', D's target for real images.
      c: for 'lsgan', the score that G wants for fake images.
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


def kl_standard_normal(mean: jax.Array, log_variance: jax.Array) -> jax.Array:
    """KL divergence of N(mean, exp(log_variance)), [B, d] each, from N(0, I), in nats; mean over B, a scalar.

    `1/2 sum_j (mean_j^2 + variance_j - 1 - log variance_j)` (Kingma and Welling 2013, appendix B).
    """
    # expm1 keeps the digits of variance - 1 where the variance is near 1.
    terms = jnp.square(mean) + jnp.expm1(log_variance) - log_variance
    return 0.5 * terms.sum(-1).mean()


def bernoulli(logits: jax.Array, x: jax.Array) -> jax.Array:
    """Negative log-likelihood of x in [0, 1] under Bernoullis with these logits, [B, ...] each, in nats.

    `softplus(l) - x l`, summed over all dimensions but the first; mean over B, a scalar. If values of x are
    neither 0 nor 1, the result is a cross-entropy and no likelihood; its least value is then the entropy of
    x.
    """
    return optax.sigmoid_binary_cross_entropy(logits, x).sum(range(1, x.ndim)).mean()


def gaussian(mean: jax.Array, x: jax.Array, sigma: float) -> jax.Array:
    """Negative log-density of x under N(mean, sigma^2), [B, ...] each, in nats.

    `(x - mean)^2 / (2 sigma^2) + 1/2 log(2 pi sigma^2)`, summed over all dimensions but the first; mean over
    B, a scalar. It may be negative, since a density may exceed 1.
    """
    constant = 0.5 * math.log(2 * math.pi * sigma**2)
    return squared_error(mean, x) / (2 * sigma**2) + constant * math.prod(x.shape[1:])


def squared_error(a: jax.Array, b: jax.Array) -> jax.Array:
    """`(a - b)^2` for a and b [B, ...], summed over all dimensions but the first; mean over B, a scalar."""
    return jnp.square(a - b).sum(range(1, a.ndim)).mean()


def mse(a: jax.Array, b: jax.Array) -> jax.Array:
    """Mean of `(a - b)^2` over every dimension, the batch included: a and b of one shape, a scalar."""
    return jnp.mean(jnp.square(a - b))


def cosine(a: jax.Array, b: jax.Array) -> jax.Array:
    """`1 - <a, b> / (|a| |b|)` for vectors a and b [B, d]; mean over B, a scalar in [0, 2]."""
    return optax.cosine_distance(a, b, epsilon=1e-8).mean()


def total_variation(images: jax.Array, reduction: str = "mean", eps: float = 1e-8) -> jax.Array:
    """Total variation of images [B, H, W, C]; mean over B, a scalar (Taigman et al. 2016, eq. 7, B = 1).

    `sqrt((z[i, j+1] - z[i, j])^2 + (z[i+1, j] - z[i, j])^2 + eps)` at each position i < H - 1, j < W - 1 and
    in each channel.

    Args:
      images: [B, H, W, C].
      reduction: 'sum' or 'mean' over positions and channels.
      eps: bounds the gradient where both differences are 0.
    """
    corner = images[:, :-1, :-1]
    across = images[:, :-1, 1:] - corner
    down = images[:, 1:, :-1] - corner
    lengths = jnp.sqrt(jnp.square(across) + jnp.square(down) + eps)
    if reduction == "sum":
        return lengths.sum(axis=(1, 2, 3)).mean()
    return lengths.mean()


def mae(a: jax.Array, b: jax.Array) -> jax.Array:
    """Mean of `|a - b|` over every dimension, the batch included: the L1 terms of pix2pix and CycleGAN.

    `a` and `b` have one shape; the result is a scalar.
    """
    return jnp.abs(a - b).mean()


def feature_matching(real: Sequence[jax.Array], fake: Sequence[jax.Array]) -> jax.Array:
    """Distance of the mean features of two batches: `sum_l mean (E f_l(real) - E f_l(fake))^2`, a scalar.

    `real` and `fake` hold features [B, ...] for each layer l; the two B may differ. `E` is the mean over the
    batch, and the outer mean is over a layer's other dimensions (Salimans et al. 2016, eq. 2; DiscoGAN's code
    sums over several layers).
    """
    return jnp.stack([mse(a.mean(0), b.mean(0)) for a, b in zip(real, fake, strict=True)]).sum()


def relative_features(made: Sequence[jax.Array], given: Sequence[jax.Array]) -> jax.Array:
    """How far features are from given ones: `sum_l |a_l - b_l|^2 / |b_l|^2`; mean over B, a scalar.

    `made` and `given` hold features [B, ...] of each layer l, image by image. The scale of a network without
    norms does not matter: a layer whose features a are all 0 adds 1. The result is 0 or more.
    """
    axes = [tuple(range(1, b.ndim)) for b in given]
    pairs = zip(made, given, axes, strict=True)
    shares = [jnp.square(a - b).mean(axis) / (jnp.square(b).mean(axis) + 1e-8) for a, b, axis in pairs]
    return jnp.stack(shares).sum(0).mean()
