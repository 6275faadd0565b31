"""Pixels: unsigned bytes on the host and on disk, floats in [-1, 1] inside networks."""

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

Images = TypeVar("Images", np.ndarray, jax.Array)


def to_float(batch: Any) -> Any:
    """Maps every uint8 leaf of a batch, 0..255, to float32 in [-1, 1]; other leaves stay."""
    return jax.tree.map(lambda x: x.astype(jnp.float32) / 127.5 - 1 if x.dtype == jnp.uint8 else x, batch)


def on_floats(fn: Callable[..., Any]) -> Callable[..., Any]:
    """`fn(state, batch, ...)` for batches whose images may be bytes, see `to_float`."""

    def call(state: Any, batch: Any, *rest: Any) -> Any:
        return fn(state, to_float(batch), *rest)

    return call


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Rounds host images in [-1, 1] to bytes 0..255; values outside are clipped.

    Images that are uint8 already are returned as they are.
    """
    if images.dtype == np.uint8:
        return np.asarray(images)
    return np.clip(np.rint((np.asarray(images, np.float32) + 1) * 127.5), 0, 255).astype(np.uint8)


def resize(images: jax.Array, size: int) -> jax.Array:
    """Images [B, H, W, C] at size x size, bilinearly; antialiased where that is smaller.

    Images of that size are returned as they are.
    """
    if images.shape[1:3] == (size, size):
        return images
    return jax.image.resize(images, (len(images), size, size, images.shape[-1]), "bilinear")


def to_rgb(images: Images) -> Images:
    """Replicates one channel to three: [..., 1] -> [..., 3]; [..., 3] is returned as it is.

    Host arrays stay on the host.
    """
    return images if images.shape[-1] == 3 else images.repeat(3, axis=-1)
