"""A plot of where the images of each class lie in a latent plane."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gan_jax.drawing import plots
from gan_jax.errors import ConfigError
from gan_jax.evaluation import Apply, Batches, Network
from gan_jax.evaluation.shared.requirements import require_plane

METRICS = ()
NEEDS = ("image_label",)
METHOD = "infer"


def check_model(model: Any, options: Mapping[str, Any]) -> None:
    """Raises ConfigError unless the model's latent vectors have two dimensions."""
    del options
    require_plane(model, "latent_scatter")


def evaluate(apply: Apply, batches: Batches, networks: Mapping[str, Network]) -> dict[str, Any]:
    """Means of q(z|x) as points of the plane, coloured by label.

    Args:
      apply: batch -> {'mean': [B, 2]}.
      batches: `image` and `image_label` [B].
      networks: not used.

    Returns:
      `scatter`, uint8 [H, W, 3].

    Raises:
      ConfigError: the images have no classes.
    """
    del networks
    pairs = [(apply(batch)["mean"], batch.get("image_label")) for batch in batches]
    if any(label is None or label.ndim != 1 for _, label in pairs):
        raise ConfigError("kind='latent_scatter' colours by class; its images have none")
    points, labels = (np.concatenate(column) for column in zip(*pairs, strict=True))
    return {"scatter": plots.scatter(points, labels)}
