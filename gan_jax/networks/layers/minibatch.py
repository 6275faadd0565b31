"""The standard deviation over a batch as a feature of a discriminator (Karras et al. 2018, section 3)."""

import jax
import jax.numpy as jnp


def beside_deviation(x: jax.Array, group: int) -> jax.Array:
    """Appends one channel that says how much the images of a group differ: [B, H, W, C] -> [..., C + 1].

    For each feature and position the standard deviation over the images of the group is computed, with 1e-8
    under the root. Its mean over features and positions fills the new channel of the group's images. The
    statistics are in float32.

    Args:
      x: [B, H, W, C].
      group: most images in a group. G, the number of images in a group, is the largest divisor of B that is
        at most `group`. Image j belongs to group j mod (B / G), as in the authors' code.
    """
    batch, height, width, _ = x.shape
    group = next(count for count in range(min(group, batch), 0, -1) if batch % count == 0)
    y = x.astype(jnp.float32).reshape(group, batch // group, *x.shape[1:])
    y = y - y.mean(0)
    deviation = jnp.sqrt(jnp.square(y).mean(0) + 1e-8).mean((1, 2, 3))
    planes = jnp.tile(deviation, group)[:, None, None, None].astype(x.dtype)
    return jnp.concatenate([x, jnp.broadcast_to(planes, (batch, height, width, 1))], -1)
