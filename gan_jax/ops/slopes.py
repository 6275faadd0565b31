"""Penalties on slopes: of a critic or discriminator at images, and of a generator along its styles."""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp


def gradient_penalty(
    critic_fn: Callable[[jax.Array], jax.Array],
    real: jax.Array,
    fake: jax.Array,
    epsilon: jax.Array,
    sides: int = 2,
    scale: float = 1.0,
) -> jax.Array:
    """How far the critic's slope is from 1 between real and fake images: `E (scale |grad f(x)|_2 - 1)^2`.

    `x = epsilon real + (1 - epsilon) fake` (Gulrajani et al. 2017, eq. 3). The norm is over all pixels and
    channels of one example; `E` is the mean over B. Where the critic is flat, the gradient of the penalty is
    zero, not NaN.

    Args:
      critic_fn: images [B, ...] -> scores, one for each example. Each score may depend on its own image only:
        with batch norm over B, an image has no slope of its own.
      real: images [B, ...].
      fake: images of the same shape.
      epsilon: [B], from U[0, 1].
      sides: 2 penalises slopes below and above 1; 1 penalises slopes above 1 only, `E max(0, scale |grad f| -
        1)^2`.
      scale: factor of the slope. With scale s the slope is that with respect to images in a unit s times as
        large.
    """
    weight = epsilon.reshape(-1, *[1] * (real.ndim - 1))
    between = weight * real + (1 - weight) * fake
    # Each score depends on its own image only, so the gradient of their sum holds every image's slope.
    slopes = jax.grad(lambda x: critic_fn(x).sum())(between).astype(jnp.float32)
    # The square root has no derivative at 0.
    lengths = jnp.sqrt(jnp.square(slopes).sum(axis=range(1, real.ndim)) + 1e-12)
    excess = scale * lengths - 1
    return jnp.square(excess if sides == 2 else jax.nn.relu(excess)).mean()


def r1(score_fn: Callable[[jax.Array], jax.Array], images: jax.Array) -> jax.Array:
    """The squared slope of the scores at images: `E |grad_x D(x)|^2`, mean over B, a scalar.

    With real images this is R1 of Mescheder et al. 2018, eq. 9, without the factor gamma / 2. With fakes it
    is R2. The norm is over all pixels and channels of one image.

    Args:
      score_fn: images [B, ...] -> scores [B]. The minibatch standard deviation couples the images of a batch.
        As in the authors' code, the slope is then that of the sum of all scores.
      images: [B, ...].
    """
    slopes = jax.grad(lambda x: score_fn(x).sum())(images).astype(jnp.float32)
    return jnp.square(slopes).sum(range(1, images.ndim)).mean()


def path_lengths(
    synthesis_fn: Callable[[jax.Array], jax.Array], ws: jax.Array, noise: jax.Array
) -> jax.Array:
    """How far the images of G move with the styles, along random directions of the images: [B].

    `l_b = sqrt(mean_l sum_d (J^T y)^2_bld)`, where J is the derivative of the images with respect to the
    styles and y is noise / sqrt(H W) (Karras et al. 2020, eq. 4). As in the authors' code, the sum over
    layers is a mean.

    Args:
      synthesis_fn: styles [B, L, d] -> images [B, H, W, C].
      ws: [B, L, d].
      noise: draws of N(0, 1), [B, H, W, C].
    """
    y = noise / math.sqrt(noise.shape[1] * noise.shape[2])
    slopes = jax.grad(lambda w: (synthesis_fn(w) * y).sum())(ws).astype(jnp.float32)
    # The square root has no derivative at 0.
    return jnp.sqrt(jnp.square(slopes).sum(2).mean(1) + 1e-12)
