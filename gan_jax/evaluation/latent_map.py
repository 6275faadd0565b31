"""A map of the images that a generator of two latent dimensions draws across the plane."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from gan_jax.drawing.sheets import labelled
from gan_jax.errors import ConfigError
from gan_jax.evaluation import Apply, Batches, Network
from gan_jax.evaluation.shared.requirements import require_plane
from gan_jax.ops.latents import quantiles
from gan_jax.ops.pixels import to_uint8

METRICS = ()
FOR = "draws_from_noise"

_TITLE = "first latent dimension to the right, second upwards"


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, a side outside its range.

    Raises:
      ConfigError: naming the value and what is allowed.
    """
    del roles, requires
    if not 1 <= options["side"] <= 1000:
        raise ConfigError(f"side={options['side']} is not allowed; allowed: 1 to 1000")


def check_model(model: Any, options: Mapping[str, Any]) -> None:
    """Raises ConfigError unless the model's latent vectors have two dimensions."""
    del options
    require_plane(model, "latent_map")


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
      `map`, uint8 [H', W', 3], with gaps. The first latent dimension grows to the right, the second upwards.
    """
    del batches, networks
    made = to_uint8(apply({"z": quantiles(side)})["image"])
    return {"map": labelled([[("", line) for line in np.split(made, side)]], _TITLE)}
