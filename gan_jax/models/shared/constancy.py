"""L_CONST, the constancy of f (Taigman et al. 2016, eq. 5): G(x) has the features of x."""

import dataclasses
from collections.abc import Callable

import jax
import numpy as np

from gan_jax.models.shared import checks
from gan_jax.ops import augment, losses

_LEAST = 1e-3  # smallest standard deviation that divides a feature


@dataclasses.dataclass(frozen=True)
class Constancy:
    """The weight and the form of L_CONST = d(f(x), f(G(x))), mean over B."""

    alpha: float = 15.0  # weight of L_CONST, eq. 5
    const_distance: str = "mse"  # d of eq. 5: 'mse' or 'cosine'
    const_warp: float = 0.0  # strength of the random warp of G(x) before f sees it for L_CONST
    const_normalise: str = "none"  # 'std' divides features by their standard deviation over the source set

    def check_constancy(self) -> None:
        """Refuses values outside their ranges.

        Raises:
          ValueError: naming the field, its value and what is allowed.
        """
        checks.require_choice(self, "const_distance", ("mse", "cosine"))
        checks.require_choice(self, "const_normalise", ("none", "std"))
        checks.require_range(self, 0, 1e6, "alpha")
        checks.require_range(self, 0, 4, "const_warp")

    def constancy(
        self,
        z: jax.Array,
        f: Callable[[jax.Array], jax.Array],
        fake: jax.Array,
        scale: jax.Array,
        rng: jax.Array,
    ) -> jax.Array:
        """d(z / scale, f(fake) / scale), a scalar, where f sees the fakes warped by `const_warp`.

        Args:
          z: features of the originals, [B, d].
          f: images [B, H, W, C] -> features [B, d].
          fake: their translations, [B, H, W, C] in [-1, 1].
          scale: what divides the features, [d]; ones without `const_normalise`.
          rng: key of the warps.
        """
        if self.const_warp:
            fake = augment.warp(rng, fake, **augment.scaled(augment.HANDWRITING, self.const_warp))
        distance = losses.mse if self.const_distance == "mse" else losses.cosine
        return distance(z / scale, f(fake) / scale)


def scale_of(features: np.ndarray) -> np.ndarray:
    """Standard deviations [d] of the features [N, d] of a set, in float32; none is below 0.001."""
    return np.maximum(features.std(0, dtype=np.float64), _LEAST).astype(np.float32)
