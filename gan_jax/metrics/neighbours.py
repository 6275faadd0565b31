"""Precision, recall, density and coverage of features, by balls that reach to the k-th neighbour."""

import numpy as np

from gan_jax.metrics.frechet import checked

_CHUNK = 2**23  # distances at a time: 64 MiB
_ROUNDING = 1e-11  # of squared lengths in double precision, with room to spare


class Manifold:
    """Real features, each with the balls around it; what is compared with them pays for its own alone.

    A ball reaches from a feature to its k-th nearest neighbour in its own set, itself not counted.
    """

    def __init__(self, real: np.ndarray, *, k: int = 3, density_k: int = 5):
        """Finds the balls.

        Args:
          real: features [n, d].
          k: neighbours of the balls for precision and recall; 3 in Kynkäänniemi et al. 2019.
          density_k: of those for density and coverage; 5 in Naeem et al. 2020.

        Raises:
          ValueError: features that are not finite or not [n, d], or a k that they have not.
        """
        checked(real)
        self.k, self.density_k = k, density_k
        # Distances do not change, and lose fewer digits where no common mean is carried along.
        self._mean = real.mean(0, dtype=np.float64)
        self._real = real - self._mean
        self._balls, self._density_balls = _balls(self._real, k, density_k)

    def compare(self, fake: np.ndarray) -> dict[str, float]:
        """Measures of fake features [m, d], in one pass over the n m distances, in parts of 64 MiB.

        Returns:
          `precision`: share of fakes inside a real ball. `recall`: share of reals inside a fake ball; both
          count the ball's edge. `density`: real balls that hold a fake, on average over fakes, over
          `density_k`; about 1 for equal distributions, and it may be more. `coverage`: share of real balls
          with a fake inside; both of these leave the edge out. Distances that differ by rounding alone
          count as equal.

        Raises:
          ValueError: features that are not finite, unequally wide, or no more than k.
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
    """Median over fakes of (distance to the nearest of train) / (distance to the nearest of test).

    About 1 where the generator knows its training set no better than images it has not seen, and towards
    0 where it copies. The ratio of two sets of unequal size would be another number, so it is refused.

    Args:
      fake: features, or pixels, [m, d].
      train: those that the generator was trained on, [n, d].
      test: others of the same distribution, [n, d].

    Raises:
      ValueError: `train` and `test` of unequal size, or sets that are not finite and equally wide.
    """
    if train.shape != test.shape:
        raise ValueError(f"train and test have shapes {train.shape} and {test.shape}; expected equal ones")
    for part in (fake, train, test):
        checked(part)
    seen, unseen = (_nearest(fake, part) for part in (train, test))
    with np.errstate(divide="ignore"):  # a copy of a test image is infinitely farther from the others
        ratios = np.divide(seen, unseen, out=np.ones_like(seen), where=seen != unseen)
    return float(np.median(ratios))


def _balls(features, *ks):
    """For each k the squared radii [n] as (less, more) by what rounding may have changed."""
    most = max(ks)
    if min(ks) < 1 or most >= len(features):
        raise ValueError(f"k={ks} is not allowed; allowed: 1 to {len(features) - 1}, one less than there are")
    distances = _distances(features, None, most)
    lengths = np.linalg.norm(features, axis=1)
    balls = []
    for k in ks:
        radii = distances[:, k - 1]
        slack = _ROUNDING * np.square(lengths + radii)  # of whatever is as far away as the edge
        balls.append((np.square(radii) - slack, np.square(radii) + slack))
    return balls


def _nearest(queries, references):
    mean = references.mean(0, dtype=np.float64)
    return _distances(references - mean, queries - mean, 1)[:, 0]


def _distances(references, queries, k):
    """Distances [q, k] to the k nearest references, the nearest first; None queries each reference itself."""
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(algorithm="brute").fit(references)
    return search.kneighbors(queries, k)[0]
