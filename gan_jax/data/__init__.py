"""Images by role: `load` reads a split, `stream` draws shuffled batches, `epoch` makes one pass."""

from gan_jax.data.batches import epoch, stream
from gan_jax.data.examples import Examples
from gan_jax.data.loading import check, classes, load
from gan_jax.data.order import require_partners, together
from gan_jax.data.preview import Preview, preview
from gan_jax.data.sources.listing import in_order
from gan_jax.data.store.place import Store

__all__ = [
    "Examples",
    "Preview",
    "Store",
    "check",
    "classes",
    "epoch",
    "in_order",
    "load",
    "preview",
    "require_partners",
    "stream",
    "together",
]
