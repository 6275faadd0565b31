"""Examples resident in memory, as columns of equal length."""

import dataclasses
import types
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from PIL import Image

from gan_jax.errors import DataError

MAX_BYTES = 8 * 2**30  # of images held in memory


@dataclasses.dataclass(frozen=True)
class Examples:
    """Columns by name: `image` uint8 [N, H, W, C], often `label` int32 [N] or [N, K], and others.

    Raises:
      DataError: no image, or columns of unequal length.
    """

    columns: Mapping[str, np.ndarray]

    def __post_init__(self):
        """Checks the lengths and makes every column read-only: sets are cached and shared."""
        lengths = {name: len(values) for name, values in self.columns.items()}
        if "image" not in lengths or len(set(lengths.values())) != 1:
            raise DataError(f"columns have lengths {lengths}; expected equal ones, image among them")
        columns = {name: values.view() for name, values in self.columns.items()}
        for values in columns.values():
            values.flags.writeable = False
        object.__setattr__(self, "columns", types.MappingProxyType(columns))

    def __len__(self) -> int:
        return len(self.columns["image"])

    def gather(self, indices: Any) -> dict[str, np.ndarray]:
        """The rows at `indices` (an index array, a mask or a slice) of every column."""
        return {name: values[indices] for name, values in self.columns.items()}

    def with_columns(self, **columns: np.ndarray) -> "Examples":
        """The same examples with further columns, or with others of the same name.

        Raises:
          DataError: a column of another length.
        """
        return Examples({**self.columns, **columns})

    def without(self, name: str) -> "Examples":
        """The same examples without one column."""
        return Examples({key: values for key, values in self.columns.items() if key != name})

    def excluding(self, labels: Collection[int]) -> "Examples":
        """Those examples whose label is not among `labels`.

        Raises:
          DataError: the examples have no labels, or attributes instead of classes.
        """
        if "label" not in self.columns:
            raise DataError(f"cannot exclude labels {tuple(labels)}: these images have no labels")
        if self.columns["label"].ndim != 1:
            found = f"labels are attributes, int32 {list(self.columns['label'].shape)}"
            raise DataError(f"cannot exclude labels {tuple(labels)}: {found}; expected one class each, [N]")
        return Examples(self.gather(~np.isin(self.columns["label"], list(labels))))

    def resized(self, size: int) -> "Examples":
        """The same examples with images of size x size."""
        return self.with_columns(image=resize(self.columns["image"], size))


def resize(images: np.ndarray, size: int) -> np.ndarray:
    """Images uint8 [N, H, W, 1 or 3] at size x size, bilinearly and antialiased."""
    if images.shape[1:3] == (size, size):
        return images
    resized = np.empty((len(images), size, size, images.shape[-1]), np.uint8)
    for row, image in enumerate(images):
        picture = Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image)
        pixels = np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR))
        resized[row] = pixels.reshape(resized.shape[1:])
    return resized


def concatenate(parts: list[Examples]) -> Examples:
    """All rows of several parts, in order.

    Raises:
      DataError: the parts differ in columns or in the shape of their images.
    """
    shapes = [{name: values.shape[1:] for name, values in part.columns.items()} for part in parts]
    if any(shape != shapes[0] for shape in shapes):
        raise DataError(f"parts of a split differ in columns or shapes: {shapes}")
    return Examples({name: np.concatenate([p.columns[name] for p in parts]) for name in shapes[0]})
