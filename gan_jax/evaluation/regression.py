"""How well a network imitates another network's features of the same images."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gan_jax.evaluation import Batches, Network

METRICS = ("cosine_similarity", "explained_variance", "mse", "examples")
METHOD = "predict"
FOR = "tells_classes"
NEEDS = ("image_features",)


def evaluate(
    apply: Callable[[dict[str, np.ndarray]], np.ndarray],
    batches: Batches,
    networks: Mapping[str, Network],
) -> dict[str, Any]:
    """Compares the features of `image` [B, H, W, C] with `image_features` [B, d].

    Returns:
      `cosine_similarity`, mean over images; `explained_variance`, 1 - (variance of the error) / (variance of
      the features), both summed over the d dimensions; `mse`, mean over images and dimensions; `examples`.
    """
    from sklearn import metrics

    del networks
    pairs = [(batch["image_features"], apply(batch)) for batch in batches]
    wanted, found = (np.concatenate(column).astype(np.float64) for column in zip(*pairs, strict=True))
    lengths = np.linalg.norm(wanted, axis=1) * np.linalg.norm(found, axis=1)
    explained = metrics.explained_variance_score(wanted, found, multioutput="variance_weighted")
    return {
        "cosine_similarity": float(np.mean((wanted * found).sum(1) / np.maximum(lengths, 1e-12))),
        "explained_variance": float(explained),
        "mse": float(np.mean(np.square(wanted - found))),
        "examples": len(wanted),
    }
