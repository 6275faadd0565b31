"""Sheets of reconstructions: images above what an autoencoder makes of them."""

from collections.abc import Mapping
from typing import Any

from gan_jax.evaluation import Apply, Batches, Network, sheet

METHOD = "infer"


def evaluate(apply: Apply, batches: Batches, networks: Mapping[str, Network]) -> dict[str, Any]:
    """One sheet of the first batch, each row of `image` above its row of reconstructions.

    Args:
      apply: batch -> {'reconstruction': [B, H, W, C] in [-1, 1]}, decoded from the mean of q(z|x).
      batches: `image` alone.
      networks: not read.

    Returns:
      `reconstructions`, uint8 [H, W, 3].
    """
    del networks
    batch = next(iter(batches))
    return {"reconstructions": sheet.pairs(batch["image"], apply(batch)["reconstruction"])}
