"""The picture files of a folder or zip as the rows of a store."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gan_jax.data.pixels.recipe import Recipe
from gan_jax.data.sources import decoding
from gan_jax.data.sources.listing import Folder, shown
from gan_jax.data.store import pool
from gan_jax.data.store.filling import Part, Pixels
from gan_jax.errors import DataError


class Pictures:
    """Some files of a folder or zip, in order; a `store.filling.Filler`."""

    def __init__(self, folder: Folder, names: Sequence[str], recipe: Recipe):
        """Notes what decides the pixels: the files, their sizes and times, and the recipe."""
        self.title = folder.title
        self._folder, self._names, self._recipe = folder, names, recipe
        self._stamp, self._lacking = folder.stamp(names)

    def __len__(self) -> int:
        return len(self._names)

    def facts(self) -> Mapping[str, Any]:
        """See `Filler`."""
        return {**self._stamp, "recipe": dataclasses.asdict(self._recipe)}

    def shape(self) -> tuple[int, int, int]:
        """The shape of the first usable picture, which all others must have, too."""
        (wide, tall), depth = self._recipe.framing.sides, self._recipe.depth()
        if self._recipe.framing.resize == "fit":
            with decoding.quiet():
                for name in self._names:
                    try:
                        content = decoding.read_content(self._folder.read, name)
                        height, width = decoding.decode(content, self._recipe.framing).shape[:2]
                        return height, width, depth
                    except decoding.Skipped:  # filling tells why
                        continue
        return tall, wide, depth

    def name(self, row: int) -> str:
        """The name of a file."""
        return self._names[row]

    def fill(self, pixels: Pixels, parts: Sequence[range]) -> Iterator[Part]:
        """Decodes the files in several processes.

        Raises:
          DataError: a file has vanished since it was listed.
        """
        return pool.decode(pixels, self._recipe, parts, self._content)

    def _content(self, row: int) -> bytes:
        name = self._names[row]
        try:
            return decoding.read_content(self._folder.read, name)
        except decoding.Skipped as reason:
            # A link that led nowhere from the start is left out, as it is without a store.
            if isinstance(reason.__cause__, FileNotFoundError) and name not in self._lacking:
                raise DataError(
                    f"{self.title}/{shown(name)}: this file has vanished while images were stored; put it "
                    "back, and the same command goes on, or else it begins anew without the file"
                ) from reason
            raise
