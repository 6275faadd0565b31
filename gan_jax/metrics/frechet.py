"""The Fréchet distance between two sets of features (Heusel et al. 2017, eq. 6), in double precision."""

import dataclasses
from collections.abc import Iterable

import numpy as np

_ROWS = 4096  # rows centred together; more would copy too much to float64 at once


@dataclasses.dataclass(frozen=True)
class Moments:
    """Count, mean and scatter of features; they determine the fitted Gaussian.

    Attributes:
      count: n, the number of rows.
      mean: float64 [d].
      scatter: sum of the outer products of the centred rows, float64 [d, d].
    """

    count: int
    mean: np.ndarray
    scatter: np.ndarray

    @property
    def covariance(self) -> np.ndarray:
        """Unbiased covariance [d, d], scatter / (n - 1); needs n >= 2."""
        if self.count < 2:
            raise ValueError(f"a covariance needs 2 rows or more, and there are {self.count}")
        return self.scatter / (self.count - 1)

    def merge(self, other: "Moments") -> "Moments":
        """Moments of both sets together (Chan, Golub, LeVeque 1979), without cancellation, in any order."""
        count = self.count + other.count
        apart = other.mean - self.mean
        scatter = self.scatter + other.scatter
        scatter = scatter + np.outer(apart, apart) * (self.count * other.count / count)
        return Moments(count, self.mean + apart * (other.count / count), scatter)


def moments(features: np.ndarray) -> Moments:
    """Moments of features [n, d] of any float type, n >= 1.

    Raises:
      ValueError: the array has another number of axes, no row, or a value that is not finite.
    """
    checked(features)
    return merged(_one(features[i : i + _ROWS]) for i in range(0, len(features), _ROWS))


def merged(parts: Iterable[Moments]) -> Moments:
    """Moments of a stream of one or more parts; the parts may differ in their number of rows."""
    parts = iter(parts)
    total = next(parts)
    for part in parts:
        total = total.merge(part)
    return total


def frechet_distance(real: Moments, fake: Moments) -> float:
    """|m_1 - m_2|^2 + tr C_1 + tr C_2 - 2 tr (C_1 C_2)^(1/2) of the two fitted Gaussians; 0 or more.

    The distance is called "FID" only for the features of one particular Inception network. The trace of the
    root is the sum of the roots of the eigenvalues of C_1^(1/2) C_2 C_1^(1/2). That matrix is symmetric, so
    no complex numbers arise. Two samples of n rows from the same Gaussian give about (d^2 + 5 d) / (2 n) if n
    is much larger than d, so compare only distances of equal n.

    Raises:
      ValueError: the features have unequal widths, or a set has fewer than two rows.
    """
    if real.mean.shape != fake.mean.shape:
        raise ValueError(f"real features are {len(real.mean)} wide, fake ones {len(fake.mean)}")
    values, vectors = np.linalg.eigh(real.covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    product = np.linalg.eigvalsh(root @ fake.covariance @ root)
    cross = np.sqrt(np.maximum(product, 0)).sum()
    traces = np.trace(real.covariance) + np.trace(fake.covariance)
    return _distance(real.mean - fake.mean, traces, cross)


def from_features(real: np.ndarray, fake: np.ndarray) -> float:
    """`frechet_distance` of features [n, d] and [m, d].

    If a set has no more rows than features, its covariance is singular. The trace of the root then comes from
    the rows themselves: it is the sum of the singular values of A B^T, where A and B are the centred rows
    over sqrt(n - 1) and sqrt(m - 1). This is exact, and cheap for few rows.

    Raises:
      ValueError: as for `moments` and `frechet_distance`.
    """
    checked(real)
    checked(fake)
    if min(len(real), len(fake)) > real.shape[1] or min(len(real), len(fake)) < 2:
        return frechet_distance(moments(real), moments(fake))
    if real.shape[1] != fake.shape[1]:
        raise ValueError(f"real features are {real.shape[1]} wide, fake ones {fake.shape[1]}")
    means = [x.mean(0, dtype=np.float64) for x in (real, fake)]
    a, b = (_factor(x, mean) for x, mean in zip((real, fake), means, strict=True))
    cross = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    return _distance(means[0] - means[1], np.square(a).sum() + np.square(b).sum(), cross)


def checked(features: np.ndarray) -> None:
    """Raises ValueError unless features are finite and [n, d] with n >= 1."""
    if features.ndim != 2 or not len(features):
        raise ValueError(f"features have shape {features.shape}; expected [n, d] with n of 1 or more")
    if not np.isfinite(features).all():
        raise ValueError("features are not finite")


def _one(features):
    part = np.asarray(features, np.float64)
    mean = part.mean(0)
    centred = part - mean
    return Moments(len(part), mean, centred.T @ centred)


def _factor(features, mean):
    """Rows A, at most as many as features, such that A^T A is the covariance."""
    centred = (np.asarray(features, np.float64) - mean) / np.sqrt(len(features) - 1)
    return np.linalg.qr(centred, mode="r") if len(centred) > centred.shape[1] else centred


def _distance(apart, traces, cross):
    # Rounding can give about -1e-12 for equal sets.
    return max(float(apart @ apart + traces - 2 * cross), 0.0)
