"""Perceptual path length: how fast images change along a path (Karras et al. 2019, Sec. 4.1)."""

import numpy as np

_TRIM = 1  # per cent of the values that are left out at each end, as in the authors' code


def path_length(distances: np.ndarray, epsilon: float) -> float:
    """The mean of d / epsilon^2 over pairs of images, without the lowest and the highest per cent.

    `l = E[d(G(x(t)), G(x(t + epsilon))) / epsilon^2]` (eqs. 2 and 3 of the paper; the code leaves out the
    extremes). d is quadratic in the difference of its images, so that l hardly depends on epsilon.

    Args:
      distances: d [n], 0 or more.
      epsilon: the step along the path from t = 0 to t = 1.

    Raises:
      ValueError: there is no distance, or one is not finite.
    """
    if not len(distances) or not np.isfinite(distances).all():
        raise ValueError(f"{len(distances)} distances; needed: 1 or more, all finite")
    values = np.asarray(distances, np.float64)
    low = np.percentile(values, _TRIM, method="lower")
    high = np.percentile(values, 100 - _TRIM, method="higher")
    return float(values[(low <= values) & (values <= high)].mean() / epsilon**2)
