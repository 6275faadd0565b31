"""History of generated images that D is shown, pure (Shrivastava et al. 2017; Zhu et al. 2017, Sec. 4)."""

from typing import Any

import jax
import jax.numpy as jnp

Pool = dict[str, jax.Array]


def create(size: int, image: tuple[int, ...], dtype: Any = jnp.float32) -> Pool:
    """An empty pool of `size` images [H, W, C]: `images` [size, H, W, C] and `count`, int32, held."""
    return {"images": jnp.zeros((size, *image), dtype), "count": jnp.zeros((), jnp.int32)}


def query(pool: Pool, images: jax.Array, rng: jax.Array) -> tuple[Pool, jax.Array]:
    """Exchanges new images for some of the pool's, as CycleGAN's official code does.

    Images [B, H, W, C] are taken one by one. While the pool is not full, each is stored and returned. Then
    with probability one half one slot, drawn uniformly, is returned and the new image stored in its place;
    else the new image is returned and not stored. No gradient passes.

    Args:
      pool: of `create`; of size 0 it returns every image as it is.
      images: of the pool's shape and type.
      rng: a key.

    Returns:
      The pool afterwards, and the images that D should see, [B, H, W, C].
    """
    images = jax.lax.stop_gradient(images)
    size = len(pool["images"])
    if not size:
        return pool, images
    coins, slots = jax.random.split(rng)
    swaps = jax.random.bernoulli(coins, 0.5, (len(images),))
    drawn = jax.random.randint(slots, (len(images),), 0, size)

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
