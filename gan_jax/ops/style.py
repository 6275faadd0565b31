"""Styles as statistics of feature maps: adaptive instance normalisation, and mixtures of its results."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp

EPSILON = 1e-5  # added to every variance, as in torch's instance norm

Moments = tuple[jax.Array, jax.Array]


def moments(x: jax.Array, eps: float = EPSILON, mask: jax.Array | None = None) -> Moments:
    """Mean and standard deviation of each image's channels over all positions.

    Args:
      x: maps [B, H, W, C].
      eps: added to the biased variance, so that a constant channel has a finite gradient.
      mask: weight of every position, [B, H, W] or [H, W], 0 or more; None weighs all positions equally. If
        all weights of an image are 0, its mean is 0 and its standard deviation is sqrt(eps).

    Returns:
      The mean and sqrt(variance + eps), [B, 1, 1, C] each.
    """
    if mask is None:
        mean = x.mean((1, 2), keepdims=True)
        return mean, jnp.sqrt(jnp.square(x - mean).mean((1, 2), keepdims=True) + eps)
    share = jnp.broadcast_to(mask, x.shape[:3])[..., None].astype(x.dtype)
    # The least divisor only matters where all weights are 0.
    share = share / jnp.maximum(share.sum((1, 2), keepdims=True), jnp.finfo(x.dtype).tiny)
    mean = (share * x).sum((1, 2), keepdims=True)
    return mean, jnp.sqrt((share * jnp.square(x - mean)).sum((1, 2), keepdims=True) + eps)


def normalised(x: jax.Array, eps: float = EPSILON, own: Moments | None = None) -> jax.Array:
    """Instance norm without parameters: (x - mean) / std of maps [B, H, W, C].

    Args:
      x: maps [B, H, W, C].
      eps: as for `moments`.
      own: mean and standard deviation to use in place of the maps' own moments. A part of an image takes the
        whole image's moments in this way.
    """
    mean, std = own or moments(x, eps)
    return (x - mean) / std


def adain(
    x: jax.Array, mean: jax.Array, std: jax.Array, eps: float = EPSILON, own: Moments | None = None
) -> jax.Array:
    """Adaptive instance normalisation, std (x - mean(x)) / std(x) + mean (Huang and Belongie 2017, eq. 8).

    In style transfer `mean` and `std` are the `moments` of the style's maps. In StyleGAN they are the shift
    and the scale that a layer computes from w.

    Args:
      x: the content's maps [B, H, W, C].
      mean: the wanted mean of each channel, broadcastable to [B, H, W, C].
      std: the wanted standard deviation, likewise.
      eps: added to the variance of `x`.
      own: as for `normalised`.

    Returns:
      Maps [B, H, W, C]. Their mean is `mean`; their standard deviation is std s / sqrt(s^2 + eps), where s is
      that of `x` without `eps`.
    """
    return std * normalised(x, eps, own) + mean


def weighted(parts: Sequence[jax.Array], weights: Sequence[float] | jax.Array) -> jax.Array:
    """The sum of arrays of one shape, each times its weight. Weights that add up to 1 interpolate."""
    first, *others = (w * part for w, part in zip(weights, parts, strict=True))
    return sum(others, first)


def blend(content: jax.Array, styled: jax.Array, alpha: float | jax.Array) -> jax.Array:
    """Alpha styled + (1 - alpha) content: the trade-off between content and style (eq. 14)."""
    return alpha * styled + (1 - alpha) * content


def moment_distance(a: Moments, b: Moments) -> tuple[jax.Array, jax.Array]:
    """Squared differences of means and of standard deviations, [B, C] each: the terms of eq. 13."""
    return tuple(jnp.square(p - q)[:, 0, 0] for p, q in zip(a, b, strict=True))  # type: ignore[return-value]


def coral(images: jax.Array, to: jax.Array) -> jax.Array:
    """Images with the colours of others, by correlation alignment as in the official code of AdaIN.

    The channels are standardised, then multiplied by C_to^(1/2) C^(-1/2), then given the mean and the
    standard deviation of `to`. C and C_to are (X X^T + I) / n of the standardised channels X [3, n]. The
    official code does not divide by n, so that its contrast depends on the two images' numbers of pixels.

    Args:
      images: [B, H, W, 3].
      to: [B, H', W', 3] of any size.

    Returns:
      [B, H, W, 3]. The means are those of `to`, and the covariances nearly so.
    """

    def one(image, wanted):
        pixels, _, _, root = _standardised(image, -0.5)
        _, mean, std, root_to = _standardised(wanted, 0.5)
        return pixels @ (root_to @ root).T * std + mean

    return jax.vmap(one)(images, to)


def _standardised(image, exponent):
    """Standardised pixels [H, W, 3], their mean and std [3], and a power of (X X^T + I) / n [3, 3]."""
    mean = image.mean((0, 1))
    std = jnp.sqrt(jnp.square(image - mean).mean((0, 1)) + EPSILON)
    pixels = (image - mean) / std
    flat = pixels.reshape(-1, 3)
    values, vectors = jnp.linalg.eigh((flat.T @ flat + jnp.eye(3)) / len(flat))
    return pixels, mean, std, (vectors * values**exponent) @ vectors.T
