"""Operations on latent vectors: interpolation, vector arithmetic, neighbourhoods, grids.

Samples of N(0, I) in d dimensions lie near a shell of radius sqrt(d); for d = 100 the mean radius is 9.98 and
its standard deviation 0.70. Half-way along a linear interpolation the radius is only 7.05, and the mean of
three latents has 5.76. The generator was not trained on such latents. A spherical interpolation stays on the
shell. So does mean(A) - mean(B) + mean(C) of three latents each (9.98); with n latents each, its radius is
sqrt(3 / n) times the shell's. Samples of a uniform prior lie on no shell; interpolate those linearly.
"""

from collections.abc import Sequence

import jax
import numpy as np

_PARALLEL = 1e-6  # vectors count as parallel below this sine of their angle


def lerp(a: np.ndarray, b: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """Linear interpolation (1 - t) a + t b; exactly a at t = 0 and b at t = 1.

    Args:
      a: [..., d].
      b: [..., d].
      t: a number, or an array [..., 1] that broadcasts against a and b.
    """
    return (1 - t) * a + t * b


def slerp(a: np.ndarray, b: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """Spherical interpolation (Shoemake 1985; for latents White 2016), along the great circle from a to b.

    The formula is sin((1 - t) w) / sin w a + sin(t w) / sin w b, where w is the angle between a and b. If a
    and b have the same length, every point has that length. The result is exactly a at t = 0 and b at t = 1.
    Where a and b are parallel (sin w < 1e-6) or one of them is zero, the function returns `lerp`. Opposite
    vectors have no unique great circle; for them the path is a straight line through the origin.

    Args:
      a: [..., d].
      b: [..., d].
      t: a number, or an array [..., 1] that broadcasts against a and b.
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
    """Latents [..., points, d] from a to b [..., d], evenly spaced, with both ends.

    Args:
      a: [..., d].
      b: [..., d].
      points: the number of latents, 2 or more.
      kind: one of PATHS.
    """
    # t is float64; the result keeps the latents' type.
    t = np.linspace(0, 1, points)[:, None]
    return PATHS[kind](a[..., None, :], b[..., None, :], t).astype(np.result_type(a, b))


def arithmetic(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """mean(a) - mean(b) + mean(c) of latents [n, d] each: [d] (Radford et al. 2016, Fig. 7).

    The three arrays may differ in n. For a linear generator, the result's image is the same sum of mean
    images.
    """
    return a.mean(0) - b.mean(0) + c.mean(0)


def neighbourhood(z: np.ndarray, rng: np.random.Generator, n: int = 8, radius: float = 0.25) -> np.ndarray:
    """A latent z and n latents around it: [..., 1 + n, d], z itself first.

    Args:
      z: [..., d].
      rng: source of the noise.
      n: the number of neighbours.
      radius: the noise in every dimension is U(-radius, radius); the paper's Fig. 7 has 0.25.
    """
    noise = rng.uniform(-radius, radius, (*z.shape[:-1], n, z.shape[-1]))
    own = z[..., None, :]
    return np.concatenate([own, own + noise], axis=-2).astype(z.dtype)


def quantiles(side: int) -> np.ndarray:
    """Latent vectors float32 [side^2, 2], line by line from the upper left, at quantiles of N(0, 1).

    The i-th value of each axis is the quantile of (i + 1/2) / side, so that all cells have equal mass.
    """
    values = np.asarray(jax.scipy.special.ndtri((np.arange(side) + 0.5) / side), np.float32)
    across, up = np.meshgrid(values, values[::-1])
    return np.stack([across.ravel(), up.ravel()], axis=-1)


def factorised_directions(kernels: Sequence[np.ndarray], count: int) -> np.ndarray:
    """The directions [count, d] along which a style changes its layers most (Shen and Zhou 2021, SeFa).

    A layer maps a style w to A^T w. The unit vectors n with the largest |A^T n| are the eigenvectors of A A^T
    with the largest eigenvalues. A has the columns of all kernels beside each other, each column of length 1.
    The sign of a direction is such that its largest component is positive.

    Args:
      kernels: A of each layer, [d, C].
      count: the number of directions, at most d.
    """
    a = np.concatenate([np.asarray(kernel, np.float64) for kernel in kernels], 1)
    a = a / np.linalg.norm(a, axis=0)
    found = np.linalg.eigh(a @ a.T)[1][:, ::-1].T[:count]
    largest = np.take_along_axis(found, np.abs(found).argmax(1)[:, None], 1)
    return (found * np.sign(largest)).astype(np.float32)
