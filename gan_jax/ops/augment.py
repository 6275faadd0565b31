"""Random changes of training images, drawn on the device: reflections, warps and changes of colour."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

# Ranges of `warp` that any handwriting shows: radians, logs, pixels.
HANDWRITING = {"rotation": 0.2, "scale": 0.2, "shear": 0.2, "shift": 2.4, "elastic": 0.8}


def scaled(ranges: Mapping[str, float], factor: float) -> dict[str, float]:
    """Ranges of `warp` or `colour`, each multiplied by a factor."""
    return {name: factor * value for name, value in ranges.items()}


def flip(rng: jax.Array, images: jax.Array, probability: float) -> jax.Array:
    """Mirrors each image [B, H, W, C] left to right with the given probability.

    Each image has its own draw.
    """
    mirrored = jax.random.bernoulli(rng, probability, (len(images), 1, 1, 1))
    return jnp.where(mirrored, images[:, :, ::-1], images)


def warp(
    rng: jax.Array,
    images: jax.Array,
    *,
    rotation: float = 0.0,
    scale: float = 0.0,
    shear: float = 0.0,
    shift: float = 0.0,
    elastic: float = 0.0,
) -> jax.Array:
    """Rotates, scales, shears, shifts and bends each image [B, H, W, C] by its own draw, bilinearly.

    Args:
      rng: a key.
      images: values of any range. A position outside the image takes the value of the nearest border pixel.
      rotation: largest angle in radians, in either direction.
      scale: largest |log| of the scale; each axis has its own draw.
      shear: largest shear.
      shift: largest shift in pixels; each axis has its own draw.
      elastic: standard deviation in pixels of an elastic distortion (Simard et al. 2003). A grid of 5x5
        points is moved at random along each axis, and the image follows the grid smoothly.
    """
    size, height, width = images.shape[:3]
    draws = jax.random.uniform(rng, (6, size), minval=-1.0)
    angle, shears = rotation * draws[0], shear * draws[1]
    scales, shifts = jnp.exp(scale * draws[2:4]), shift * draws[4:6]
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    centre = jnp.array([(height - 1) / 2, (width - 1) / 2])
    y, x = jnp.meshgrid(jnp.arange(height) - centre[0], jnp.arange(width) - centre[1], indexing="ij")
    y, x = y[None] * scales[0, :, None, None], x[None] * scales[1, :, None, None]
    x = x + shears[:, None, None] * y
    rows = cos[:, None, None] * y - sin[:, None, None] * x + centre[0] + shifts[0, :, None, None]
    cols = sin[:, None, None] * y + cos[:, None, None] * x + centre[1] + shifts[1, :, None, None]
    if elastic:
        # The moves have a key of their own, so that the other draws are the same with and without bending.
        moves = elastic * jax.random.normal(jax.random.fold_in(rng, 1), (size, 5, 5, 2))
        moves = jax.image.resize(moves, (size, height, width, 2), "cubic")
        rows, cols = rows + moves[..., 0], cols + moves[..., 1]
    return _bilinear(images, rows, cols)


def _bilinear(images: jax.Array, rows: jax.Array, cols: jax.Array) -> jax.Array:
    size, height, width = images.shape[:3]
    rows, cols = jnp.clip(rows, 0, height - 1), jnp.clip(cols, 0, width - 1)
    top, left = jnp.floor(rows).astype(int), jnp.floor(cols).astype(int)
    bottom, right = jnp.minimum(top + 1, height - 1), jnp.minimum(left + 1, width - 1)
    down, across = (rows - top)[..., None], (cols - left)[..., None]
    which = jnp.arange(size)[:, None, None]
    upper = images[which, top, left] * (1 - across) + images[which, top, right] * across
    lower = images[which, bottom, left] * (1 - across) + images[which, bottom, right] * across
    return upper * (1 - down) + lower * down


def colour(
    rng: jax.Array,
    images: jax.Array,
    *,
    contrast: float = 0.0,
    channel_contrast: float = 0.0,
    brightness: float = 0.0,
    negate: float = 0.0,
    ink: float = 0.0,
) -> jax.Array:
    """Changes contrast and brightness of each image [B, H, W, C] in [-1, 1], and clips to that range.

    Args:
      rng: a key.
      images: values in [-1, 1].
      contrast: largest |log| of the factor by which values move from the image's mean; all channels share it.
      channel_contrast: largest |log| of a further factor that each channel draws for itself.
      brightness: largest shift of each channel; 1 is half the range.
      negate: probability that an image is negated, so that light on dark becomes dark on light.
      ink: probability that an image is first reduced to two tones, like print or handwriting. The tones are
        the tanh of four times the grey value, in standard deviations from the image's mean.
    """
    size, channels = images.shape[0], images.shape[-1]
    keys = jax.random.split(rng, 5)
    if ink:
        inked = jax.random.bernoulli(keys[4], ink, (size, 1, 1, 1))
        images = jnp.where(inked, _two_tones(images), images)
    common = contrast * jax.random.uniform(keys[0], (size, 1, 1, 1), minval=-1.0)
    own = channel_contrast * jax.random.uniform(keys[1], (size, 1, 1, channels), minval=-1.0)
    offset = brightness * jax.random.uniform(keys[2], (size, 1, 1, channels), minval=-1.0)
    sign = 1 - 2 * jax.random.bernoulli(keys[3], negate, (size, 1, 1, 1)).astype(images.dtype)
    mean = images.mean(axis=(1, 2, 3), keepdims=True)
    return jnp.clip(sign * ((images - mean) * jnp.exp(common + own) + mean + offset), -1, 1)


def _two_tones(images: jax.Array) -> jax.Array:
    grey = images.mean(axis=3, keepdims=True)
    mean, deviation = grey.mean((1, 2, 3), keepdims=True), grey.std((1, 2, 3), keepdims=True)
    tones = jnp.tanh(4 * (grey - mean) / jnp.maximum(deviation, 1e-3))
    return jnp.broadcast_to(tones, images.shape)
