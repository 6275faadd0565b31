"""Sheets of reconstructions: images above an autoencoder's reconstructions of them."""

from collections.abc import Mapping
from typing import Any

from gan_jax.drawing.sheets import COLUMNS, labelled
from gan_jax.evaluation import Apply, Batches, Network
from gan_jax.ops.pixels import to_uint8

METRICS = ()
METHOD = "infer"


def evaluate(apply: Apply, batches: Batches, networks: Mapping[str, Network]) -> dict[str, Any]:
    """One sheet of the first batch; each row of `image` stands above the row of its reconstructions.

    Args:
      apply: batch -> {'reconstruction': [B, H, W, C] in [-1, 1]}, decoded from the mean of q(z|x).
      batches: `image` only, as bytes.
      networks: not used.

    Returns:
      `reconstructions`, uint8 [H, W, 3].
    """
    del networks
    batch = next(iter(batches))
    given, made = batch["image"], to_uint8(apply(batch)["reconstruction"])
    columns = min(COLUMNS, len(given))
    parts = [slice(first, first + columns) for first in range(0, len(given), columns)]
    blocks = [[("image", given[part]), ("reconstruction", made[part])] for part in parts]
    return {"reconstructions": labelled(blocks)}
