"""What is asked of an architecture that `noise_to_image` knows by name, and refusals of what it has not."""

import dataclasses
import math
from collections.abc import Callable

import flax.linen as nn


@dataclasses.dataclass(frozen=True)
class Request:
    """What is asked of an architecture.

    Attributes:
      size: pixels a side.
      channels: of the images.
      width: the base width; 0 is the published one.
      norm: 'none', 'batch', 'layer' or 'published'.
      classes: of one-hot labels in a generator's input, or logits of a discriminator.
    """

    size: int
    channels: int
    width: int
    norm: str
    classes: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one image."""
        return self.size, self.size, self.channels

    def widths(self, published: int, *factors: float) -> tuple[int, ...]:
        """The base width times each factor, rounded; a width that leaves a layer empty is refused."""
        widths = tuple(round((self.width or published) * factor) for factor in factors)
        if min(widths) < 1:
            least = math.ceil(1 / min(1, *factors))
            raise ValueError(f"width={self.width} is not allowed; allowed for this network: {least} or more")
        return widths

    def normalised(self, published: str, *allowed: str) -> str:
        """The norm, which must be `published` or one of `allowed`."""
        norm = published if self.norm == "published" else self.norm
        allowed = (published, *allowed)
        if norm not in allowed:
            raise ValueError(f"norm={norm!r} is not allowed; allowed for this network: {', '.join(allowed)}")
        return norm

    def of_size(self, *allowed: int) -> "Request":
        """Itself, if its size is one of `allowed`."""
        if self.size not in allowed:
            sizes = ", ".join(map(str, allowed))
            raise ValueError(f"size={self.size} is not allowed; allowed for this network: {sizes}")
        return self

    @property
    def labelled(self) -> "Request":
        """Itself, if it has labels."""
        if not self.classes:
            raise ValueError("num_classes=0 is not allowed; allowed for this network: 1 or more")
        return self


Builder = Callable[[Request], nn.Module]
