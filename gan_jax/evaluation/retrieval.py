"""Whether a translation can be matched to its original among many images (Taigman et al. 2016, Table 4)."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from gan_jax.errors import ConfigError, DataError
from gan_jax.evaluation import Batches, Network
from gan_jax.evaluation.shared.requirements import require_count, require_roles
from gan_jax.metrics.retrieval import retrieval_metrics
from gan_jax.ops.pixels import resize, to_float, to_rgb

METRICS = (*("median_rank", "mean_rank", "rank_1", "rank_5", "probes", "distractors", "chance_mean_rank"),)
FOR = "translates"
MORE_THAN = ("probes",)
JUDGES = ("{network}",)


def evaluate(
    apply: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]],
    batches: Batches,
    networks: Mapping[str, Network],
    *,
    probes: int = 118,
    network: str = "",
    pixels: int = 16,
) -> dict[str, Any]:
    """Ranks of the original images for their translations, among distractors.

    The paper looks for another photograph of the same person. Here the positive is the image that G was
    given.

    Args:
      apply: batch -> {'target': G(source) [B, H, W, C] in [-1, 1]}.
      batches: `source` images. The first `probes` are translated; the others are distractors.
      networks: the required networks by name.
      probes: number of images that are translated and looked for.
      network: name of the network that describes an image by its features, compared by cosine. '' compares
        pixels by Euclidean distance.
      pixels: side to which images are reduced before pixels are compared.

    Returns:
      The values of `retrieval_metrics`, `probes`, `distractors`, and `chance_mean_rank`, the mean rank of a
      random guess.

    Raises:
      ConfigError: there is no such network.
      DataError: there is no image beyond the probes.
    """
    if network and network not in networks:
        raise ConfigError(f"network={network!r} is not known; known: {', '.join(networks)}")

    def describe(pictures: np.ndarray) -> np.ndarray:
        if network:
            return networks[network].apply("embed", {"image": pictures})
        floats = to_float(pictures).astype(np.float32)
        small = np.asarray(resize(to_rgb(floats), pixels))
        return small.reshape(len(small), -1)

    made, originals, seen = [], [], 0
    for batch in batches:
        originals.append(describe(batch["source"]))
        if seen < probes:  # distractors need no translation
            made.append(describe(apply(batch)["target"]))
        seen += len(batch["source"])
    known = np.concatenate(originals)
    if seen <= probes:
        raise DataError(f"{seen} images leave no distractor beside probes={probes}")
    distance = "cosine" if network else "euclidean"
    found = retrieval_metrics(np.concatenate(made)[:probes], known[probes:], known[:probes], distance)
    counts = {"probes": probes, "distractors": seen - probes}
    return {**found, **counts, "chance_mean_rank": (seen - probes) / 2 + 1}


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, numbers outside their ranges, and a network or images that are missing.

    Raises:
      ConfigError: naming the field, its value and what is allowed.
    """
    require_roles(roles, ("source",), "its images are translated")
    require_count(options, "probes", 1)
    if not 1 <= options["pixels"] <= 4096:
        raise ConfigError(f"pixels={options['pixels']} is not allowed; allowed: 1 to 4096")
    if options["network"] and options["network"] not in requires:
        raise ConfigError(f"network={options['network']!r} is not known; known: {', '.join(requires)}")
