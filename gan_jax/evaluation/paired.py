"""How close translations come to the paired targets."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from gan_jax.drawing.sheets import COLUMNS, labelled
from gan_jax.evaluation import Apply, Batches, Network
from gan_jax.evaluation.shared.requirements import require_roles
from gan_jax.metrics import similarity
from gan_jax.ops.pixels import to_uint8

METRICS = (
    *("l1", "psnr", "ssim", "l1_mean_image", "between_draws", "saturation", "target_saturation", "examples"),
)
FOR = "translates"


def evaluate(
    apply: Apply,
    batches: Batches,
    networks: Mapping[str, Network],
) -> dict[str, Any]:
    """Compares G(`source`) with `target`, both [B, H, W, C].

    Returns:
      `l1`, the mean absolute difference over images, pixels and channels, in grey levels of 255. `psnr` in dB
      and `ssim`, means over images, see `metrics.similarity`; `ssim` is None for images of fewer than 11
      pixels. `l1_mean_image`, the l1 of the targets' mean image, used for all images. `between_draws`, the
      mean absolute difference between two draws of the noise. `saturation` and `target_saturation`, the mean
      over pixels of the largest minus the smallest channel, 0 for grey images. `examples`. `pairs`, uint8 [H,
      W, 3]: sources, translations, targets.
    """
    del networks
    columns: dict[str, list[np.ndarray]] = {name: [] for name in ("source", "made", "again", "target")}
    for batch in batches:
        for name in ("source", "target"):
            columns[name].append(to_uint8(batch[name]))
        for name in ("made", "again"):
            columns[name].append(to_uint8(apply({"source": batch["source"]})["target"]))
    source, made, again, target = (np.concatenate(parts) for parts in columns.values())
    mean = np.broadcast_to(np.rint(target.mean(0)).astype(np.uint8), target.shape)
    first = slice(0, COLUMNS)
    return {
        **similarity.measures(made, target),
        "l1_mean_image": similarity.difference(mean, target),
        "between_draws": similarity.difference(made, again),
        "saturation": _saturation(made),
        "target_saturation": _saturation(target),
        "examples": len(target),
        "pairs": labelled(
            [[("source", source[first]), ("translated", made[first]), ("target", target[first])]]
        ),
    }


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses, before any work, an evaluation without sources or without their targets.

    Raises:
      ConfigError: naming the role that is missing.
    """
    del options, requires
    require_roles(roles, ("source", "target"), "both domains are compared")


def _saturation(pictures):
    return float(np.mean(pictures.max(-1).astype(np.float32) - pictures.min(-1), dtype=np.float64))
