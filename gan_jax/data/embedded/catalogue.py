"""The embedded data sets by name: their kinds of labels, and the reading of each set.

No other file outside this package contains the name of an embedded set.
"""

from collections.abc import Mapping, Sequence
from types import ModuleType

import numpy as np

from gan_jax.data import splits
from gan_jax.data.embedded import pictures
from gan_jax.data.embedded.digits import read as digits
from gan_jax.data.embedded.digits import scenes
from gan_jax.data.embedded.emoji import read as emoji
from gan_jax.data.embedded.paintings import read as paintings
from gan_jax.data.examples import Examples

# The label of one image: a class number; attributes [K] in {0, 1}; or a map of classes [S, S].
CLASSES, ATTRIBUTES, MAPS = "classes", "attributes", "maps"

LABELS: Mapping[str, str] = {
    **dict.fromkeys(digits.NAMES, CLASSES),
    **dict.fromkeys(scenes.NAMES, MAPS),
    **dict.fromkeys(pictures.NAMES, CLASSES),
    emoji.NAME: ATTRIBUTES,
    **dict.fromkeys(paintings.NAMES, CLASSES),
}
NAMES = tuple(LABELS)
_CLASSES = {**dict.fromkeys(pictures.NAMES, 2), **paintings.CLASSES}  # how many; digits have 10


def read(name: str, split: str, attributes: Sequence[str] = ()) -> Examples:
    """Rows of an embedded set: `image` uint8 [N, S, S, C], and `label` int32 of the kind in LABELS.

    Args:
      name: one of NAMES.
      split: tfds' slicing syntax over the splits of the set.
      attributes: for a set of attributes, the columns of the label, in order; () for all columns. Other sets
        ignore this argument.

    Raises:
      DataError: an unknown split or attribute.
    """
    if name == emoji.NAME:
        return emoji.read(split, attributes)
    return _module(name).read(name, split)


def stand_ins(name: str, split: str, attributes: Sequence[str] = ()) -> Examples:
    """As many examples as `read` gives, with labels that have all values, and images of one black pixel.

    Raises:
      DataError: as for `read`.
    """
    check(name, split, attributes)
    rows = sum(max(part.stop - part.start, 0) for _, part in splits.parse(split, sizes(name), name))
    values = np.arange(rows, dtype=np.int32)
    if LABELS[name] == ATTRIBUTES:
        label = np.repeat(values[:, None] % 2, len(attributes or emoji.ATTRIBUTES), 1)
    elif LABELS[name] == MAPS:
        label = values[:, None, None] % (scenes.GROUND + 1)
    else:
        label = values % _CLASSES.get(name, 10)
    image = np.zeros((rows, 1, 1, 1 if name in digits.GREY else 3), np.uint8)
    return Examples({"image": image, "label": label})


def check(name: str, split: str, attributes: Sequence[str] = ()) -> None:
    """Raises the errors of `read`, without drawing an image."""
    if name == emoji.NAME:
        emoji.check(split, attributes)
    else:
        splits.parse(split, sizes(name), name)


def sizes(name: str) -> Mapping[str, int]:
    """The number of rows of each split of a set."""
    if name == emoji.NAME:
        return emoji.SIZES
    return digits.SIZES[name] if name in digits.NAMES else _module(name).SIZES


def _module(name: str) -> ModuleType:
    """The module that reads a set whose labels are no attributes."""
    return next(module for module in (digits, scenes, paintings, pictures) if name in module.NAMES)
