"""The Fréchet distance between two sets of features (Heusel et al. 2017, eq. 6), in double precision."""

import dataclasses
from collections.abc import Iterable

import numpy as np

_ROWS = 4096  # rows that are centred at a time


@dataclasses.dataclass(frozen=True)
class Moments:
    """Count, mean and scatter of features, from which a Gaussian is fitted.

    Attributes:
      count: n, the rows seen.
      mean: float64 [d].
      scatter: sum of the outer products of the rows less their mean, float64 [d, d].
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
        """Moments of both sets together (Chan, Golub, LeVeque 1979): no cancellation, in any order."""
        count = self.count + other.count
        apart = other.mean - self.mean
        scatter = self.scatter + other.scatter
        scatter = scatter + np.outer(apart, apart) * (self.count * other.count / count)
        return Moments(count, self.mean + apart * (other.count / count), scatter)


def moments(features: np.ndarray) -> Moments:
    """Moments of features [n, d] of any float type, n >= 1.

    Raises:
      ValueError: another number of axes, no row, or a value that is not finite.
    """
    checked(features)
    return merged(_one(features[i : i + _ROWS]) for i in range(0, len(features), _ROWS))


def merged(parts: Iterable[Moments]) -> Moments:
    """Moments of a stream of parts, one or more, each of which may have another number of rows."""
    parts = iter(parts)
    total = next(parts)
    for part in parts:
        total = total.merge(part)
    return total


def frechet_distance(real: Moments, fake: Moments) -> float:
    """|m_1 - m_2|^2 + tr C_1 + tr C_2 - 2 tr (C_1 C_2)^(1/2), of Gaussians fitted to both sets; 0 or more.

    It is "FID" for the features of one Inception network alone. The trace of the root is the sum of the
    roots of the eigenvalues of C_1^(1/2) C_2 C_1^(1/2), which is symmetric: no complex numbers, and no
    matrix root of something that is not symmetric. With n rows of d features, many more rows than features,
    two equal Gaussians give about (d^2 + 5 d) / (2 n): compare figures of equal n alone.

    Raises:
      ValueError: features of unequal width, or fewer than two rows.
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

    Where a set has no more rows than features its covariance is singular, and the trace of the root is taken
    from the rows themselves: the sum of singular values of A B^T, A and B being the centred rows over
    sqrt(n - 1) and sqrt(m - 1). That is exact, and cheap for few rows.

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
    """Raises ValueError unless features are finite, [n, d] with n >= 1."""
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
    """Rows A with A^T A the covariance, no more than there are features."""
    centred = (np.asarray(features, np.float64) - mean) / np.sqrt(len(features) - 1)
    return np.linalg.qr(centred, mode="r") if len(centred) > centred.shape[1] else centred


def _distance(apart, traces, cross):
    return max(float(apart @ apart + traces - 2 * cross), 0.0)  # rounding may leave -1e-12 of nothing
