"""Style transfer of every content with every style: both losses, and a sheet."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from gan_jax.drawing.sheets import labelled
from gan_jax.evaluation import Apply, Batches, Network
from gan_jax.evaluation.shared.requirements import require_roles
from gan_jax.ops.pixels import to_uint8

METHOD = "stylise"

METRICS = ("content_loss", "style_loss")


def evaluate(apply: Apply, batches: Batches, networks: Mapping[str, Network]) -> dict[str, Any]:
    """Every pair of a content and a style of the first batch.

    Args:
      apply: `content` and `style` [B, H, W, 3] -> `image`, and `content_loss` and `style_loss` [B].
      batches: only the first batch is used; it has `content` and `style`.
      networks: not used.

    Returns:
      `content_loss` and `style_loss`, means over all pairs. `sheet`, uint8 [H, W, 3]: the contents are the
      first row, and every further row has a style followed by all contents in this style.
    """
    del networks
    batch = next(iter(batches))
    contents, styles = batch["content"], batch["style"]
    shown = to_uint8(contents)
    rows, found = [("contents", np.concatenate([np.full_like(shown[:1], 255), shown]))], []
    for number, style in enumerate(styles, 1):
        made = apply({"content": contents, "style": np.repeat(style[None], len(contents), 0)})
        rows.append((f"style {number}", np.concatenate([to_uint8(style[None]), to_uint8(made["image"])])))
        found.append(made)
    means = {name: float(np.mean([part[name] for part in found])) for name in ("content_loss", "style_loss")}
    return {**means, "sheet": labelled([rows])}


def check(options: Mapping[str, Any], roles: Collection[str], requires: Collection[str]) -> None:
    """Refuses an evaluation without contents or styles.

    Raises:
      ConfigError: a role is missing.
    """
    del options, requires
    require_roles(roles, ("content", "style"), "every content is shown in every style")
