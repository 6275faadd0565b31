"""A request for an architecture of `catalogue`, and the refusal of what the architecture does not have."""

import dataclasses
import math
from collections.abc import Callable

import flax.linen as nn


@dataclasses.dataclass(frozen=True)
class Request:
    """What a caller wants of an architecture.

    Attributes:
      size: side of the images in pixels.
      channels: channels of the images.
      width: the base width; 0 is the published one.
      norm: 'none', 'batch', 'layer' or 'published'.
      classes: columns of one-hot labels in a generator's input, or logits of a discriminator.
    """

    size: int
    channels: int
    width: int
    norm: str
    classes: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of one image."""
        return self.size, self.size, self.channels

    def widths(self, published: int, *factors: float) -> tuple[int, ...]:
        """The base width times each factor, rounded.

        Raises:
          ValueError: the base width leaves a layer without channels.
        """
        widths = tuple(round((self.width or published) * factor) for factor in factors)
        if min(widths) < 1:
            least = math.ceil(1 / min(1, *factors))
            raise ValueError(f"width={self.width} is not allowed; allowed for this network: {least} or more")
        return widths

    def normalised(self, published: str, *allowed: str) -> str:
        """The norm's name.

        Raises:
          ValueError: the norm is neither `published` nor one of `allowed`.
        """
        norm = published if self.norm == "published" else self.norm
        allowed = (published, *allowed)
        if norm not in allowed:
            raise ValueError(f"norm={norm!r} is not allowed; allowed for this network: {', '.join(allowed)}")
        return norm

    def of_size(self, *allowed: int) -> "Request":
        """The request itself.

        Raises:
          ValueError: its size is not one of `allowed`.
        """
        if self.size not in allowed:
            sizes = ", ".join(map(str, allowed))
            raise ValueError(f"size={self.size} is not allowed; allowed for this network: {sizes}")
        return self

    @property
    def labelled(self) -> "Request":
        """The request itself.

        Raises:
          ValueError: it has no labels.
        """
        if not self.classes:
            raise ValueError("num_classes=0 is not allowed; allowed for this network: 1 or more")
        return self


Builder = Callable[[Request], nn.Module]
