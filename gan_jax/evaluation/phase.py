"""How much of a generator's details stays in its place while styles move (Karras et al. 2020, Sec. 4)."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from gan_jax.evaluation import Apply, Batches, Network
from gan_jax.evaluation.shared.requirements import require_count, require_styles
from gan_jax.metrics.phase import share_that_stays
from gan_jax.ops.latents import lerp

METRICS = ("phase", "examples")


def evaluate(
    apply: Apply, batches: Batches, networks: Mapping[str, Network], *, examples: int = 64, frames: int = 8
) -> dict[str, Any]:
    """The share of the details that stays, see `metrics.phase.share_that_stays`, on straight paths in W.

    A path goes from the style of one random latent to that of another one.

    Args:
      apply: the model, which gives the maps of styles, without noise.
      batches: not used.
      networks: not used.
      examples: number of paths.
      frames: number of evenly spaced points of a path, with both ends.

    Returns:
      `phase`, the mean over paths for the maps of the largest side; `phase_by_side`, the mean of each side;
      `examples`.
    """
    del batches, networks
    conditions = apply.conditions(examples)
    ends = (apply.method("styles", {"z": z, **conditions}) for z in np.split(apply.latents(2 * examples), 2))
    t = np.linspace(0, 1, frames)[:, None, None]
    found: dict[int, list[float]] = {}
    for first, last in zip(*ends, strict=True):
        path = lerp(first, last, t).astype(np.float32)
        for side, maps in apply.method("maps", {"ws": path}).items():
            found.setdefault(side, []).append(share_that_stays(maps))
    means = {side: float(np.mean(values)) for side, values in sorted(found.items())}
    by_side = {str(side): value for side, value in means.items()}
    return {"phase": means[max(means)], "phase_by_side": by_side, "examples": examples}


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, numbers outside their ranges.

    Raises:
      ConfigError: naming the field, its value and what is allowed.
    """
    del roles, requires
    require_count(options, "examples", 1)
    require_count(options, "frames", 2)


def check_model(model: Any, options: Mapping[str, Any]) -> None:
    """Raises ConfigError unless styles reach a layer of the model."""
    del options
    require_styles(model, "kind='phase'")
