"""Images by role: `load` reads a split, `stream` draws shuffled batches, `epoch` makes one pass."""

from gan_jax.data.batches import epoch, stream
from gan_jax.data.examples import Examples
from gan_jax.data.loading import check, load
from gan_jax.data.order import together

__all__ = ["Examples", "check", "epoch", "load", "stream", "together"]
