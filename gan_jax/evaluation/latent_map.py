"""A map of the images that a generator of two latent dimensions draws across the plane."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from gan_jax.drawing import plots
from gan_jax.errors import ConfigError
from gan_jax.evaluation import Apply, Batches, Network
from gan_jax.ops.pixels import to_uint8


def check_model(model: Any) -> None:
    """Raises ConfigError unless the model's latent vectors have two dimensions."""
    z_dim = getattr(model, "z_dim", 0)
    if z_dim != 2:
        raise ConfigError(f"kind='latent_map' draws a plane; model.z_dim={z_dim} is not allowed; allowed: 2")


def evaluate(
    apply: Apply, batches: Batches, networks: Mapping[str, Network], *, side: int = 20
) -> dict[str, Any]:
    """The decoded plane (Kingma and Welling 2013, Fig. 4). Each image stands for an equal share of the prior.

    Args:
      apply: {'z': [B, 2]} -> {'image': [B, H, W, C]}.
      batches: not used.
      networks: not used.
      side: images in each row and each column.

    Returns:
      `map`, uint8 [side H, side W, 3]. The first latent dimension grows to the right, the second upwards.
    """
    del batches, networks
    made = apply({"z": grid(side)})["image"]
    return {"map": plots.mosaic(to_uint8(made), side)}


def grid(side: int) -> np.ndarray:
    """Latent vectors float32 [side^2, 2], line by line from the upper left, at quantiles of N(0, 1).

    The i-th value of each axis is the quantile of (i + 1/2) / side, so that all cells have equal mass.
    """
    quantiles = np.asarray(jax.scipy.special.ndtri((np.arange(side) + 0.5) / side), np.float32)
    across, up = np.meshgrid(quantiles, quantiles[::-1])
    return np.stack([across.ravel(), up.ravel()], axis=-1)
