"""Operations on latent vectors: interpolation, vector arithmetic, neighbourhoods, grids.

What to know of N(0, I) in d dimensions: its samples lie near a shell of radius sqrt(d) (d = 100: 9.98 on
average, deviation 0.70). A linear interpolation leaves it (7.05 half-way) and a mean of three latents does
(5.76), so that their images are not what the generator was trained to make; a spherical interpolation stays
on it, and so does mean(A) - mean(B) + mean(C) of three each (9.98), whereas of n each it has sqrt(3 / n) of
the radius. Under a uniform prior nothing lies on a shell: there interpolate linearly.
"""

import jax
import numpy as np

_PARALLEL = 1e-6  # sine of an angle that is taken for 0 or pi


def lerp(a: np.ndarray, b: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """Linear interpolation (1 - t) a + t b; exactly a at t = 0 and b at t = 1.

    Args:
      a: [..., d].
      b: [..., d].
      t: a number, or [..., 1], against which a and b are broadcast.
    """
    return (1 - t) * a + t * b


def slerp(a: np.ndarray, b: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """Spherical interpolation (Shoemake 1985; for latents White 2016), along the great circle from a to b.

    sin((1 - t) w) / sin w a + sin(t w) / sin w b, where w is the angle between a and b: of vectors of equal
    length all points have that length. Exactly a at t = 0 and b at t = 1. Where a and b are parallel
    (sin w < 1e-6) or one is zero it is `lerp`; opposite vectors have no one great circle, and there the
    way leads through the origin.

    Args:
      a: [..., d].
      b: [..., d].
      t: a number, or [..., 1], against which a and b are broadcast.
    """
    lengths = np.linalg.norm(a, axis=-1, keepdims=True) * np.linalg.norm(b, axis=-1, keepdims=True)
    cosine = np.sum(a * b, axis=-1, keepdims=True) / np.where(lengths > 0, lengths, 1)
    angle = np.arccos(np.clip(cosine, -1, 1))
    sine = np.sin(angle)
    straight = (sine < _PARALLEL) | (lengths == 0)
    safe = np.where(straight, 1, sine)
    along = np.sin((1 - t) * angle) / safe * a + np.sin(t * angle) / safe * b
    return np.where(straight, lerp(a, b, t), along)


PATHS = {"spherical": slerp, "linear": lerp}


def path(a: np.ndarray, b: np.ndarray, points: int, kind: str = "spherical") -> np.ndarray:
    """Latents [..., points, d] from a to b [..., d], evenly spaced, both ends included.

    Args:
      a: [..., d].
      b: [..., d].
      points: 2 or more.
      kind: one of PATHS.
    """
    t = np.linspace(0, 1, points)[:, None]
    return PATHS[kind](a[..., None, :], b[..., None, :], t).astype(np.result_type(a, b))


def arithmetic(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """mean(a) - mean(b) + mean(c) of latents [n, d] each: [d] (Radford et al. 2016, Fig. 7).

    The three need not be equally many. With a linear generator this is the same sum of the mean images.
    """
    return a.mean(0) - b.mean(0) + c.mean(0)


def neighbourhood(z: np.ndarray, rng: np.random.Generator, n: int = 8, radius: float = 0.25) -> np.ndarray:
    """A latent z and n around it: [..., 1 + n, d], itself first.

    Args:
      z: [..., d].
      rng: of the noise.
      n: how many.
      radius: the noise is U(-radius, radius) in every dimension; 0.25 in the paper's Fig. 7.
    """
    noise = rng.uniform(-radius, radius, (*z.shape[:-1], n, z.shape[-1]))
    own = z[..., None, :]
    return np.concatenate([own, own + noise], axis=-2).astype(z.dtype)


def quantiles(side: int) -> np.ndarray:
    """Latents float32 [side^2, 2] that cut a plane by the quantiles of N(0, 1) both ways.

    They come line by line from the upper left. The i-th of an axis is that of probability (i + 1/2) / side,
    so that cells have equal mass.
    """
    values = np.asarray(jax.scipy.special.ndtri((np.arange(side) + 0.5) / side), np.float32)
    across, up = np.meshgrid(values, values[::-1])
    return np.stack([across.ravel(), up.ravel()], axis=-1)
