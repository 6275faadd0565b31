"""Precision, recall, density and coverage of features, from balls that reach to the k-th neighbour."""

import numpy as np

from gan_jax.metrics.frechet import checked

_CHUNK = 2**23  # distances in one part; they take 64 MiB
_ROUNDING = 1e-11  # a safe bound of the relative error of squared lengths in double precision


class Manifold:
    """Real features with a ball around each. The balls are found once and serve for every comparison.

    A ball reaches from a feature to its k-th nearest neighbour in the same set, itself not counted.
    """

    def __init__(self, real: np.ndarray, *, k: int = 3, density_k: int = 5):
        """Finds the balls.

        Args:
          real: features [n, d].
          k: neighbours of the balls for precision and recall; 3 in Kynkäänniemi et al. 2019.
          density_k: neighbours of the balls for density and coverage; 5 in Naeem et al. 2020.

        Raises:
          ValueError: features that are not finite or not [n, d], or a k that is not between 1 and n - 1.
        """
        checked(real)
        self.k, self.density_k = k, density_k
        # Removing the common mean leaves distances as they are and saves digits.
        self._mean = real.mean(0, dtype=np.float64)
        self._real = real - self._mean
        self._balls, self._density_balls = _balls(self._real, k, density_k)

    def compare(self, fake: np.ndarray) -> dict[str, float]:
        """Measures of fake features [m, d], in one pass over the n m distances, in parts of 64 MiB.

        Returns:
          `precision` is the share of fakes inside a real ball. `recall` is the share of reals inside a fake
          ball. Both count a ball's edge as inside. `density` is the number of real balls that hold a fake,
          averaged over fakes and divided by `density_k`; it is about 1 for equal distributions and may be
          larger. `coverage` is the share of real balls with a fake inside. Density and coverage count the
          edge as outside. Distances that differ only by rounding count as equal.

        Raises:
          ValueError: features that are not finite or of another width, or not more than k rows.
        """
        checked(fake)
        if fake.shape[1] != self._real.shape[1]:
            raise ValueError(f"real features are {self._real.shape[1]} wide, fake ones {fake.shape[1]}")
        fake = fake - self._mean
        (fake_balls,) = _balls(fake, self.k)
        n, m = len(self._real), len(fake)
        within, held = np.zeros(m, bool), np.zeros(m, np.int64)
        recalled, covered = np.zeros(n, bool), np.zeros(n, bool)
        lengths = np.square(fake).sum(1)
        rows = max(1, _CHUNK // m)
        for first in range(0, n, rows):
            part = slice(first, first + rows)
            real = self._real[part]
            squared = real @ fake.T
            squared *= -2
            squared += lengths
            squared += np.square(real).sum(1)[:, None]
            within |= (squared <= self._balls[1][part, None]).any(0)
            recalled[part] = (squared <= fake_balls[1]).any(1)
            inside = squared < self._density_balls[0][part, None]
            held += inside.sum(0)
            covered[part] = inside.any(1)
        return {
            "precision": float(within.mean()),
            "recall": float(recalled.mean()),
            "density": float(held.mean() / self.density_k),
            "coverage": float(covered.mean()),
        }


def memorisation(fake: np.ndarray, train: np.ndarray, test: np.ndarray) -> float:
    """Median over fakes of (distance to the nearest train feature) / (distance to the nearest test feature).

    The ratio is about 1 if the generator is no nearer to its training set than to unseen images. It goes
    towards 0 if the generator copies. Sets of unequal size would shift the ratio, so they are refused.

    Args:
      fake: features, or pixels, [m, d].
      train: features of the generator's training images, [n, d].
      test: features of other images of the same distribution, [n, d].

    Raises:
      ValueError: `train` and `test` differ in size, or the sets are not finite and of equal width.
    """
    if train.shape != test.shape:
        raise ValueError(f"train and test have shapes {train.shape} and {test.shape}; expected equal ones")
    for part in (fake, train, test):
        checked(part)
    seen, unseen = (_nearest(fake, part) for part in (train, test))
    with np.errstate(divide="ignore"):  # a fake that equals a test image has the ratio inf
        ratios = np.divide(seen, unseen, out=np.ones_like(seen), where=seen != unseen)
    return float(np.median(ratios))


def _balls(features, *ks):
    """The squared radii [n] for each k, as (lower, upper) bounds of what rounding may have changed."""
    most = max(ks)
    if min(ks) < 1 or most >= len(features):
        raise ValueError(f"k={ks} is not allowed; allowed: 1 to {len(features) - 1}, one less than the rows")
    distances = _distances(features, None, most)
    lengths = np.linalg.norm(features, axis=1)
    balls = []
    for k in ks:
        radii = distances[:, k - 1]
        slack = _ROUNDING * np.square(lengths + radii)  # rounding error of a point at the ball's edge
        balls.append((np.square(radii) - slack, np.square(radii) + slack))
    return balls


def _nearest(queries, references):
    mean = references.mean(0, dtype=np.float64)
    return _distances(references - mean, queries - mean, 1)[:, 0]


def _distances(references, queries, k):
    """Distances [q, k] to the k nearest references, the nearest first.

    If `queries` is None, each reference is compared with all other references.
    """
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(algorithm="brute").fit(references)
    return search.kneighbors(queries, k)[0]
