"""Models of images of any size whose discriminator halves them by strided layers."""

from collections.abc import Mapping
from typing import Any

from gan_jax.models.shared import base, checks


class Strided(base.Defaults):
    """A model with the field `d_downs`, the halvings inside D, and a G that halves images twice."""

    d_downs: int

    @property
    def takes_rectangles(self) -> bool:
        """All layers take maps of any shape."""
        return True

    @property
    def multiple(self) -> int:
        """Sides of images that `generate` takes are multiples of this."""
        return 4

    @classmethod
    def fields_at(cls, size: int, fields: Mapping[str, Any]) -> dict[str, Any]:
        """D halves images as often as before if their side allows it."""
        halvings = (size & -size).bit_length() - 1
        return {"d_downs": max(1, min(fields["d_downs"], halvings))}

    def check(self, inputs: base.Inputs) -> None:
        """Refuses sizes that the strided layers cannot halve exactly at every layer."""
        multiple = max(self.multiple, 2**self.d_downs)
        for size in inputs.sides:
            allowed = f"values for which {size} pixels are a multiple of 4 and of 2**d_downs"
            checks.require("d_downs", self.d_downs, size % multiple == 0, allowed)
