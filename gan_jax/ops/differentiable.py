"""Differentiable augmentation of everything that a discriminator sees (Zhao et al. 2020, DiffAugment).

Real images and fakes are changed by the same random transformations, and G's gradient passes through them.
D then cannot memorise a small training set, and G does not learn the transformations. Each transformation
applies to an image with its own probability, so that the strength can follow D's overfitting (Karras et al.
2020, ADA).
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp

_SHIFT = 1 / 8  # largest shift, as a share of the side
_HOLE = 1 / 2  # side of the square that `cutout` clears, as a share of the image's side


def augment(
    rng: jax.Array, images: jax.Array, probability: jax.Array | float, kinds: Sequence[str]
) -> jax.Array:
    """Applies transformations in order, each to every image with the given probability.

    Args:
      rng: a key.
      images: [B, H, W, C] in [-1, 1]. The result may leave this range.
      probability: of each transformation, for each image. At 0 the images stay as they are, bit for bit.
      kinds: names of TRANSFORMATIONS.
    """
    for kind in kinds:
        rng, draw, choice = jax.random.split(rng, 3)
        chosen = jax.random.bernoulli(choice, probability, (len(images), 1, 1, 1))
        images = jnp.where(chosen, TRANSFORMATIONS[kind](draw, images), images)
    return images


def flip(rng: jax.Array, images: jax.Array) -> jax.Array:
    """Mirrors each image left to right with probability 1/2."""
    mirrored = jax.random.bernoulli(rng, 0.5, (len(images), 1, 1, 1))
    return jnp.where(mirrored, images[:, :, ::-1], images)


def colour(rng: jax.Array, images: jax.Array) -> jax.Array:
    """Changes brightness, saturation and contrast.

    Brightness adds U(-1/2, 1/2). Saturation multiplies the distance from the pixel's mean over channels by
    U(0, 2). Contrast multiplies the distance from the image's mean by U(1/2, 3/2).
    """
    draws = jax.random.uniform(rng, (3, len(images), 1, 1, 1))
    images = images + draws[0] - 0.5
    grey = images.mean(3, keepdims=True)
    images = (images - grey) * (2 * draws[1]) + grey
    mean = images.mean((1, 2, 3), keepdims=True)
    return (images - mean) * (0.5 + draws[2]) + mean


def translation(rng: jax.Array, images: jax.Array) -> jax.Array:
    """Shifts each image by up to an eighth of its side in each axis; what enters is 0, a middle grey."""
    batch, height, width, _ = images.shape
    rows, columns = _shifts(rng, batch, height, width)
    margin = [(0, 0), (height, height), (width, width), (0, 0)]

    def shifted(image, row, column):
        return jax.lax.dynamic_slice(image, (height + row, width + column, 0), images.shape[1:])

    return jax.vmap(shifted)(jnp.pad(images, margin), rows, columns)


def _shifts(rng, batch, height, width):
    across, down = jax.random.split(rng)
    most = [int(_SHIFT * side + 0.5) for side in (height, width)]
    return (
        jax.random.randint(key, (batch,), -limit, limit + 1)
        for key, limit in zip((across, down), most, strict=True)
    )


def cutout(rng: jax.Array, images: jax.Array) -> jax.Array:
    """Clears a square of half the side at a random place of each image; the square may leave the image."""
    batch, height, width, _ = images.shape
    rows, columns = jax.random.split(rng)

    def inside(key, side):
        hole = int(_HOLE * side + 0.5)
        first = jax.random.randint(key, (batch, 1), 0, side + 1 - hole % 2) - hole // 2
        places = jnp.arange(side)
        return (places >= first) & (places < first + hole)

    hole = inside(rows, height)[:, :, None] & inside(columns, width)[:, None, :]
    return jnp.where(hole[..., None], 0.0, images)


TRANSFORMATIONS: dict[str, Callable[[jax.Array, jax.Array], jax.Array]] = {
    "flip": flip,
    "colour": colour,
    "translation": translation,
    "cutout": cutout,
}
