"""All measures of generated images against real ones, in the features of one network."""

from collections.abc import Callable, Mapping

import numpy as np

from gan_jax.metrics import frechet
from gan_jax.metrics.inception_score import inception_score
from gan_jax.metrics.kernel import kernel_distance
from gan_jax.metrics.neighbours import Manifold, memorisation

Columns = Mapping[str, np.ndarray]  # `features` [n, d]; for classes also `logits` [n, K]


class Measures:
    """Measures of sets of images against the real ones. The real neighbourhoods are found once."""

    def __init__(self, real: np.ndarray, named: Callable[[str], str], k: int = 3, density_k: int = 5):
        """Finds the neighbourhoods.

        Args:
          real: features of the real images, [n, d].
          named: gives each measure its name, see `score_names.naming`.
          k: neighbours for precision and recall.
          density_k: neighbours for density and coverage.

        Raises:
          ValueError: as for `neighbours.Manifold`.
        """
        self._real, self._named = real, named
        self._manifold = Manifold(real, k=k, density_k=density_k)

    def __call__(self, found: Columns, known: np.ndarray | None = None) -> dict[str, float]:
        """The measures of one set of images.

        Args:
          found: `features` [m, d] of the images, and `logits` [m, K] if the network predicts classes.
          known: features of the training images, [l, d]; None leaves out memorisation.

        Returns:
          `fid`, `kid`, `precision`, `recall`, `density`, `coverage`; `is` and `is_std` with logits;
          `memorisation` with training images, of which as many are used as there are real ones.

        Raises:
          ValueError: features that are not finite or of another width, or too few rows.
        """
        features = found["features"]
        values = {
            "fid": frechet.from_features(self._real, features),
            "kid": kernel_distance(self._real, features),
            **self._manifold.compare(features),
        }
        if "logits" in found:
            values["is"], values["is_std"] = inception_score(found["logits"])
        if known is not None:
            size = min(len(known), len(self._real))
            values["memorisation"] = memorisation(features, known[:size], self._real[:size])
        return {self._named(name): value for name, value in values.items()}
