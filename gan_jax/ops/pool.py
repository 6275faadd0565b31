"""A pool of earlier generated images to show to D (Shrivastava et al. 2017; Zhu et al. 2017, Sec. 4)."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Pool = dict[str, jax.Array]


def create(size: int, image: tuple[int, ...], dtype: Any = jnp.float32) -> Pool:
    """An empty pool for `size` images [H, W, C].

    Returns:
      `images` [size, H, W, C], and `count`, the number of images held, int32 [].
    """
    return {"images": jnp.zeros((size, *image), dtype), "count": jnp.zeros((), jnp.int32)}


def query(pool: Pool, images: jax.Array, rng: jax.Array) -> tuple[Pool, jax.Array]:
    """Exchanges new images for some of the pool's, as CycleGAN's official code does.

    The images are taken one by one. While the pool is not full, each image is stored and returned. Once the
    pool is full, a coin with probability one half decides. Either a uniformly drawn slot's image is returned
    and the new image takes the slot, or the new image is returned and not stored. No gradient passes.

    Args:
      pool: a pool from `create`. A pool of size 0 returns every image as it is.
      images: [B, H, W, C], of the pool's shape and type.
      rng: a key.

    Returns:
      The new pool, and the images [B, H, W, C] to show to D.
    """
    images = jax.lax.stop_gradient(images)
    size = len(pool["images"])
    if not size:
        return pool, images
    coins, slots = jax.random.split(rng)
    swaps = jax.random.bernoulli(coins, 0.5, (len(images),))
    drawn = jax.random.randint(slots, (len(images),), 0, size)

    # One image at a time: an image of this batch may be drawn by a later image of the same batch.
    def one(pool, new):
        image, swap, slot = new
        stored, count = pool["images"], pool["count"]
        full = count == size
        slot = jnp.where(full, slot, count)
        old = stored[slot]
        returned = jnp.where(full & swap, old, image)
        kept = jnp.where(full & ~swap, old, image)
        pool = {"images": stored.at[slot].set(kept), "count": jnp.minimum(count + 1, size)}
        return pool, returned

    return jax.lax.scan(one, pool, (images, swaps, drawn))


def dealt(pools: Mapping[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    """The images of n pools as those of `count` pools, on the host. No image is in two pools.

    The images are dealt one by one. Of images for which the new pools have no room, the last slots' are lost.

    Args:
      pools: n stacked pools: `images` [n, size, H, W, C] and `count` [n].
      count: the number of new pools.

    Returns:
      `images` [count, size, H, W, C] and `count` [count].
    """
    images, held = pools["images"], pools["count"]
    size = images.shape[1]
    found = [images[n, slot] for slot in range(size) for n in range(len(images)) if slot < held[n]]
    new = np.zeros((count, *images.shape[1:]), images.dtype)
    counts = np.zeros(count, np.int32)
    for i, image in enumerate(found[: count * size]):
        new[i % count, i // count] = image
        counts[i % count] += 1
    return {"images": new, "count": counts}
