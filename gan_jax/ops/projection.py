"""Projection of an image into the styles of a generator (Karras et al. 2020, appendix D)."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from gan_jax.ops import draws

_NOISE_WEIGHT = 1e5
_EXPLORATION = 0.05  # the first noise of w, in standard deviations of the styles
_EXPLORED = 0.75  # share of the steps in which w has noise
_RISE, _FALL = 0.05, 0.25  # shares of the steps in which the learning rate rises and falls
_RATE = 0.1
_LEAST_SIDE = 8  # pixels a side of the smallest map that `noise_penalty` looks at

Synthesis = Callable[[jax.Array, Sequence[jax.Array]], jax.Array]
Distance = Callable[[jax.Array, jax.Array], jax.Array]


class Unknowns(NamedTuple):
    """What the projection of n images looks for: styles w [n, 1 or L, d] and noise maps [n, r, r]."""

    w: jax.Array
    noise: list[jax.Array]


def start(rng: jax.Array, w_avg: jax.Array, n: int, layers: int, sides: Sequence[int]) -> Unknowns:
    """The mean style for every image and layer, and noise from N(0, 1).

    `layers` is 1 for a projection into W, and L for a projection into W+. `rng` has a key for each image, or
    is one key, see `draws.of_rows`.
    """
    parts = draws.of_rows(rng, n, parts=len(sides))
    noise = [_normal(keys, (side, side)) for keys, side in zip(parts, sides, strict=True)]
    return Unknowns(jnp.broadcast_to(w_avg, (n, layers, len(w_avg))), noise)


def rate(t: jax.Array | float) -> jax.Array:
    """The learning rate at t in [0, 1]: a linear rise, a constant part, and half a cosine down to 0."""
    fall = jnp.minimum(1.0, (1 - t) / _FALL)
    return _RATE * (0.5 - 0.5 * jnp.cos(jnp.pi * fall)) * jnp.minimum(1.0, t / _RISE)


def noise_penalty(maps: Sequence[jax.Array]) -> jax.Array:
    """How far noise maps [n, r, r] are from white noise: a sum over images, maps and scales.

    Each scale halves the map by the mean of 2x2 values, times 2, down to 8 pixels a side. At each scale the
    term is `mean(x roll(x, 1 row))^2 + mean(x roll(x, 1 column))^2`, which is 0 for white noise.
    """
    total = jnp.zeros(())
    for values in maps:
        x = values
        while True:
            for axis in (1, 2):
                total = total + jnp.square((x * jnp.roll(x, 1, axis)).mean((1, 2))).sum()
            if x.shape[1] <= _LEAST_SIDE:
                break
            # The factor 2 keeps the variance of white noise, whose mean of four values has a quarter of it.
            x = 2 * x.reshape(len(x), x.shape[1] // 2, 2, x.shape[2] // 2, 2).mean((2, 4))
    return total


def pixel_distance(images: jax.Array, targets: jax.Array) -> jax.Array:
    """The mean squared difference of images [n, H, W, C], and a tenth of that of their 4x4 means: [n]."""
    gap = images - targets
    n, height, width, depth = gap.shape
    coarse = gap.reshape(n, height // 4, 4, width // 4, 4, depth).mean((2, 4))
    return jnp.square(gap).mean((1, 2, 3)) + 0.1 * jnp.square(coarse).mean((1, 2, 3))


def step(
    unknowns: Unknowns,
    opt_state: Any,
    targets: jax.Array,
    rng: jax.Array,
    t: jax.Array,
    deviation: jax.Array,
    *,
    synthesise: Synthesis,
    distance: Distance,
    layers: int,
) -> tuple[Unknowns, Any, jax.Array]:
    """One step of Adam on the styles and the noise of n images; the images do not touch each other.

    It minimises the distance to the targets plus 1e5 `noise_penalty`. Then each noise map is brought back to
    mean 0 and variance 1.

    Args:
      unknowns: of n images.
      opt_state: state of `optimiser`.
      targets: [n, H, W, C] in [-1, 1].
      rng: the keys of the exploration, see `start`.
      t: share of the steps that is done, in [0, 1].
      deviation: root of the mean squared distance of styles from their mean.
      synthesise: (styles [n, L, d], noise maps) -> images.
      distance: (images, targets) -> [n].
      layers: L.

    Returns:
      The new unknowns, the optimiser's state, and the distances [n] before the step.
    """
    scale = _EXPLORATION * deviation * jnp.square(jnp.maximum(0.0, 1 - t / _EXPLORED))
    (keys,) = draws.of_rows(rng, len(unknowns.w))
    moved = scale * _normal(keys, unknowns.w.shape[1:])

    def loss(found: Unknowns) -> tuple[jax.Array, jax.Array]:
        w = found.w + moved
        ws = jnp.broadcast_to(w, (len(w), layers, w.shape[-1]))
        far = distance(synthesise(ws, found.noise), targets)
        return far.sum() + _NOISE_WEIGHT * noise_penalty(found.noise), far

    slopes, far = jax.grad(loss, has_aux=True)(unknowns)
    updates, opt_state = optimiser().update(slopes, opt_state)
    updates = jax.tree.map(lambda x: -rate(t) * x, updates)
    w, noise = optax.apply_updates(unknowns, updates)
    return Unknowns(w, [_standardised(x) for x in noise]), opt_state, far


def optimiser() -> optax.GradientTransformation:
    """Adam without its learning rate, which `rate` gives."""
    return optax.scale_by_adam()


def _normal(keys, shape):
    """Draws of N(0, 1) by the key of each image, [n, *shape]."""
    return draws.by_row(lambda key, n: jax.random.normal(key, (n, *shape)), keys)


def _standardised(x):
    x = x - x.mean((1, 2), keepdims=True)
    return x * jax.lax.rsqrt(jnp.square(x).mean((1, 2), keepdims=True))
