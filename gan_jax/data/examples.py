"""Examples as columns of equal length, in memory or, where a store holds the images, on disk."""

import dataclasses
import itertools
import types
import zlib
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from gan_jax.data.pixels.views import View
from gan_jax.data.store import stored
from gan_jax.data.store.stored import Stored
from gan_jax.errors import DataError

MAX_BYTES = 8 * 2**30  # limit for the images of one data set in memory


@dataclasses.dataclass(frozen=True)
class Listing:
    """Which of the examples that a split lists are held.

    Attributes:
      total: number of examples that the split lists.
      rows: int64 [N], the listed places of the examples held, rising.
      names: file names of all listed examples; () if they are not files.
      shares: float [N, 2], the shares of width and height that each held example shows of its crop, see
        `framing.Framing.shares`; None means all of both.
    """

    total: int
    rows: np.ndarray
    names: tuple[str, ...] = ()
    shares: np.ndarray | None = None

    @property
    def shown(self) -> np.ndarray:
        """`shares` [N, 2], with ones for None."""
        return np.ones((len(self.rows), 2)) if self.shares is None else self.shares


@dataclasses.dataclass(frozen=True)
class Examples:
    """Columns by name: `image` uint8 [N, H, W, C], often `label` int32 [N], [N, K] or [N, H, W], and others.

    Attributes:
      columns: the columns. `image` is an array, or the `store.stored.Stored` rows of a store.
      view: the change of an image at each draw; None leaves the images as they are.
      origin: which of a split's examples these are; None means all.

    Raises:
      DataError: there is no image column, or the columns have unequal lengths.
    """

    columns: Mapping[str, Any]
    view: View | None = None
    origin: Listing | None = None

    def __post_init__(self):
        """Checks the lengths and makes every column read-only, since data sets are cached and shared."""
        lengths = {name: len(values) for name, values in self.columns.items()}
        if "image" not in lengths or len(set(lengths.values())) != 1:
            raise DataError(f"columns have lengths {lengths}; expected equal ones, image among them")
        columns = {name: _read_only(values) for name, values in self.columns.items()}
        object.__setattr__(self, "columns", types.MappingProxyType(columns))

    def __len__(self) -> int:
        return len(self.columns["image"])

    @property
    def listing(self) -> Listing:
        """Which of the examples that the split lists are held."""
        return self.origin or Listing(len(self), np.arange(len(self)))

    @property
    def has_maps(self) -> bool:
        """Whether the labels are maps [N, H, W], with one label for each pixel."""
        return "label" in self.columns and self.columns["label"].ndim == 3

    @property
    def varies(self) -> bool:
        """Whether an image may differ from draw to draw."""
        return self.view is not None and self.view.varies(self.columns["image"].shape[1])

    def gather(self, indices: Any, draws: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """The rows at `indices` of every column, with images after their view.

        Label maps are cropped and mirrored with their images.

        Args:
          indices: an index array, a mask or a slice.
          draws: random bits of each row, uint64 [n, 4], see `views.draw`. None gives the same view every
            time.
        """
        columns = {name: values[indices] for name, values in self.columns.items()}
        if self.view is None:
            return columns
        seen = {"image": self.view.apply(columns["image"], draws)}
        if self.has_maps:
            seen["label"] = self.view.window(columns["label"], draws)
        return columns | seen

    @property
    def checksum(self) -> int:
        """`zlib.crc32` of all columns, in the order of their names. A store's images are not read for it."""
        found = 0
        for name in sorted(self.columns):
            values = self.columns[name]
            if isinstance(values, Stored):
                found = values.crc32(found)
            else:
                found = zlib.crc32(np.ascontiguousarray(values).data.cast("B"), found)
        return found

    @property
    def identity(self) -> np.ndarray:
        """What tells the images from others: the images, or the checksums that a store has of them."""
        images = self.columns["image"]
        return images.checksums if isinstance(images, Stored) else np.ascontiguousarray(images)

    def subset(self, indices: Any) -> "Examples":
        """The examples at `indices`, a rising index array or a mask."""
        columns = {name: rows_of(values, indices) for name, values in self.columns.items()}
        listing = self.listing
        origin = dataclasses.replace(listing, rows=listing.rows[indices], shares=listing.shown[indices])
        return dataclasses.replace(self, columns=columns, origin=origin)

    def with_columns(self, **columns: np.ndarray) -> "Examples":
        """The same examples with further columns; a column of the same name is replaced.

        Raises:
          DataError: a column has another length.
        """
        return dataclasses.replace(self, columns={**self.columns, **columns})

    def without(self, *names: str) -> "Examples":
        """The same examples without some columns."""
        kept = {key: values for key, values in self.columns.items() if key not in names}
        return dataclasses.replace(self, columns=kept)

    def excluding(self, labels: Collection[int]) -> "Examples":
        """The examples whose label is not among `labels`.

        Raises:
          DataError: the examples have no labels, or their labels are not classes.
        """
        if "label" not in self.columns:
            raise DataError(f"cannot exclude labels {tuple(labels)}: these images have no labels")
        if self.columns["label"].ndim != 1:
            kind = "maps" if self.has_maps else "attributes"
            found = f"labels are {kind}, int32 {list(self.columns['label'].shape)}"
            raise DataError(f"cannot exclude labels {tuple(labels)}: {found}; expected one class each, [N]")
        return self.subset(~np.isin(self.columns["label"], list(labels)))


def rows_of(values: Any, indices: Any) -> Any:
    """The rows of a column at a slice, an index array or a mask. A store's images are not read for it."""
    return values.subset(indices) if isinstance(values, Stored) else values[indices]


def _read_only(values: Any) -> Any:
    if isinstance(values, Stored):  # which nobody can write
        return values
    found = values.view()
    found.flags.writeable = False
    return found


def _joined(columns: list[Any]) -> Any:
    """Columns one after the other. Those without rows are left out where a store holds the others."""
    kept = [values for values in columns if isinstance(values, Stored)]
    if kept:
        return stored.joined(kept)
    return columns[0] if len(columns) == 1 else np.concatenate(columns)


def concatenate(parts: list[Examples]) -> Examples:
    """All rows of several parts, in order.

    Raises:
      DataError: the parts differ in columns or in the shape of their images.
    """
    shapes = [{name: values.shape[1:] for name, values in part.columns.items()} for part in parts]
    if any(shape != shapes[0] for shape in shapes):
        raise DataError(f"parts of a split differ in columns or shapes: {shapes}")
    columns = {name: _joined([p.columns[name] for p in parts]) for name in shapes[0]}
    listings = [part.listing for part in parts]
    starts = np.cumsum([0, *(listing.total for listing in listings)])
    rows = np.concatenate([start + x.rows for start, x in zip(starts[:-1], listings, strict=True)])
    names = tuple(itertools.chain.from_iterable(listing.names for listing in listings))
    shares = np.concatenate([listing.shown for listing in listings])
    return Examples(columns, origin=Listing(int(starts[-1]), rows, names, shares))
