"""How far spots stand out in the maps of a generator with styles (Karras et al. 2020, Sec. 2)."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from gan_jax.evaluation import Apply, Batches, Network
from gan_jax.evaluation.shared.requirements import require_count, require_styles
from gan_jax.metrics.droplets import peaks

METRICS = ("droplet", "examples")

_PART = 16  # images at a time, since their maps are large


def evaluate(
    apply: Apply, batches: Batches, networks: Mapping[str, Network], *, examples: int = 256
) -> dict[str, Any]:
    """The mean peak of the last styled layer's maps at each side, see `metrics.droplets.peaks`.

    Args:
      apply: the model, which gives the maps of styles, without noise.
      batches: not used.
      networks: not used.
      examples: number of images.

    Returns:
      `droplet`, the largest mean over images of all sides; `droplet_by_side`, the mean of each side;
      `examples`.
    """
    del batches, networks
    ws = apply.method("styles", {"z": apply.latents(examples), **apply.conditions(examples)})
    found: dict[int, list[np.ndarray]] = {}
    for start in range(0, examples, _PART):
        for side, maps in apply.method("maps", {"ws": ws[start : start + _PART]}).items():
            found.setdefault(side, []).append(peaks(maps))
    means = {side: float(np.concatenate(parts).mean()) for side, parts in sorted(found.items())}
    by_side = {str(side): value for side, value in means.items()}
    return {"droplet": max(means.values()), "droplet_by_side": by_side, "examples": examples}


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, a number of images outside its range.

    Raises:
      ConfigError: naming the field, its value and what is allowed.
    """
    del roles, requires
    require_count(options, "examples", 1)


def check_model(model: Any, options: Mapping[str, Any]) -> None:
    """Raises ConfigError unless styles reach a layer of the model."""
    del options
    require_styles(model, "kind='droplets'")
