"""Colours of photographs kept or carried over: luminance alone, and equal means and covariances."""

import jax
import jax.numpy as jnp
import numpy as np

# Luminance and two differences of colours (BT.601, YUV) of RGB, one row each.
_YUV = ((0.299, 0.587, 0.114), (-0.14713, -0.28886, 0.436), (0.615, -0.51499, -0.10001))
_LEAST = 1e-5  # added to the covariances, so that grey images have an inverse


def with_colours_of(images: jax.Array, colours: jax.Array) -> jax.Array:
    """The luminance of images [B, H, W, 3] with the differences of colours of others of the same shape."""
    matrix = np.array(_YUV)
    brightness = images @ matrix[0]
    differences = colours @ matrix[1:].T
    yuv = jnp.concatenate([brightness[..., None], differences], -1)
    return yuv @ np.linalg.inv(matrix).T


def matched(images: jax.Array, to: jax.Array) -> jax.Array:
    """Images whose colours have the mean and covariance of other images' colours.

    x -> S_to^(1/2) S^(-1/2) (x - mean) + mean_to, with the symmetric roots of the 3x3 covariances over
    positions (Gatys et al. 2017, "Controlling Perceptual Factors in Neural Style Transfer").

    Args:
      images: [B, H, W, 3].
      to: [B, H', W', 3] of any size.
    """

    def one(image, wanted):
        mean, covariance = _moments(image)
        mean_to, covariance_to = _moments(wanted)
        transform = _power(covariance_to, 0.5) @ _power(covariance, -0.5)
        return (image - mean) @ transform.T + mean_to

    return jax.vmap(one)(images, to)


def _moments(image):
    pixels = image.reshape(-1, 3)
    mean = pixels.mean(0)
    centred = pixels - mean
    return mean, centred.T @ centred / len(pixels) + _LEAST * jnp.eye(3)


def _power(matrix, exponent):
    values, vectors = jnp.linalg.eigh(matrix)
    return (vectors * jnp.maximum(values, _LEAST) ** exponent) @ vectors.T
