"""Conversions of pixels: unsigned bytes on the host and on disk, floats in [-1, 1] inside networks."""

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

Images = TypeVar("Images", np.ndarray, jax.Array)


def to_float(batch: Any) -> Any:
    """Maps every uint8 leaf of a batch, 0..255, to float32 in [-1, 1]; other leaves stay as they are."""
    return jax.tree.map(lambda x: x.astype(jnp.float32) / 127.5 - 1 if x.dtype == jnp.uint8 else x, batch)


def on_floats(fn: Callable[..., Any]) -> Callable[..., Any]:
    """`fn(state, batch, ...)` for batches whose images may be bytes, see `to_float`."""

    def call(state: Any, batch: Any, *rest: Any) -> Any:
        return fn(state, to_float(batch), *rest)

    return call


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Rounds host images in [-1, 1] to bytes 0..255, and clips values outside that range.

    Images that are uint8 already are returned unchanged.
    """
    if images.dtype == np.uint8:
        return np.asarray(images)
    return np.clip(np.rint((np.asarray(images, np.float32) + 1) * 127.5), 0, 255).astype(np.uint8)


def resize(images: jax.Array, size: int) -> jax.Array:
    """Resizes images [B, H, W, C] to [B, size, size, C], bilinearly; a smaller size is antialiased.

    Images that have the size already are returned unchanged.
    """
    return reshape(images, size, size)


def reshape(images: jax.Array, height: int, width: int) -> jax.Array:
    """Resizes images [B, H, W, C] to [B, height, width, C], as `resize` does for squares."""
    if images.shape[1:3] == (height, width):
        return images
    return jax.image.resize(images, (images.shape[0], height, width, images.shape[-1]), "bilinear")


def to_rgb(images: Images) -> Images:
    """Replicates one channel to three: [..., 1] -> [..., 3]. Images [..., 3] are returned unchanged.

    Host arrays stay on the host.
    """
    return images if images.shape[-1] == 3 else images.repeat(3, axis=-1)


def shrunk(images: jax.Array, level: int) -> jax.Array:
    """Images [B, H, W, C] at 1 / 2^level of their size, antialiased, of one pixel a side at least."""
    return reshape(images, *(max(1, side // 2**level) for side in images.shape[1:3]))
