"""Random draws for the rows of a batch, each by a key of its own.

A row's draw then depends neither on the other rows nor on the number of devices that share the batch.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp


def of_rows(keys: jax.Array, n: Any, parts: int = 1) -> tuple[jax.Array, ...]:
    """`parts` arrays of keys [n], for draws that are independent of each other.

    Args:
      keys: a key for each row, [n], or one key, from which row i gets the i-th derived key.
      n: the number of rows; an open number of `jax.export` is allowed.
      parts: how many independent draws a row needs.
    """
    if not keys.ndim:
        keys = jax.vmap(jax.random.fold_in, (None, 0))(keys, jnp.arange(n))
    if parts == 1:
        return (keys,)
    split = jax.vmap(lambda key: jax.random.split(key, parts))(keys)
    return tuple(split[:, part] for part in range(parts))


def by_row(draw: Callable[[jax.Array, int], Any], keys: jax.Array) -> Any:
    """`draw(key, 1)` of each key, stacked: [n, ...] where `draw(key, m)` has the shape [m, ...]."""
    return jax.vmap(lambda key: jax.tree.map(lambda x: x[0], draw(key, 1)))(keys)
