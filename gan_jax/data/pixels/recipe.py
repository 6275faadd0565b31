"""What makes a row of a data set from a picture: its framing, and what is derived from it."""

import dataclasses

import numpy as np

from gan_jax.data.pixels import views
from gan_jax.data.pixels.framing import Framing


@dataclasses.dataclass(frozen=True)
class Recipe:
    """The pixels of a row: a picture in its framing, then `views.derived` of it.

    Attributes:
      framing: the used part of each picture, and its size.
      derive: '', 'edges' or 'grey', see `views.derived`.
      channels: 0, 1 or 3, see `views.derived`.
    """

    framing: Framing
    derive: str = ""
    channels: int = 0

    def finish(self, images: np.ndarray) -> np.ndarray:
        """The rows uint8 [N, H, W, C'] of framed pictures uint8 [N, H, W, C]."""
        return views.derived(images, self.derive, self.channels)

    def depth(self, channels: int = 3) -> int:
        """The channels of a row of a picture with this number of channels."""
        return self.finish(np.zeros((1, 8, 8, channels), np.uint8)).shape[-1]
