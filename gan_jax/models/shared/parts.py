"""The parts of an iteration's batch, one part for each update of a player."""

from collections.abc import Mapping, Sequence

import jax

from gan_jax.models.shared.base import Batch


def take(parts: Mapping[str, Sequence[jax.Array]], i: int) -> Batch:
    """The batch of update `i`: part `i` of each column. After its last part a column starts again."""
    return {name: split[i % len(split)] for name, split in parts.items()}
