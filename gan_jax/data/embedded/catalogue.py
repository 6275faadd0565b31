"""The embedded data sets by name: their kinds of labels, and the reading of each set.

No other file outside this package contains the name of an embedded set.
"""

from collections.abc import Mapping, Sequence
from types import ModuleType

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


def check(name: str, split: str, attributes: Sequence[str] = ()) -> None:
    """Raises the errors of `read`, without drawing an image."""
    if name == emoji.NAME:
        emoji.check(split, attributes)
    else:
        sizes = digits.SIZES[name] if name in digits.NAMES else _module(name).SIZES
        splits.parse(split, sizes, name)


def _module(name: str) -> ModuleType:
    """The module that reads a set whose labels are no attributes."""
    return next(module for module in (digits, scenes, paintings, pictures) if name in module.NAMES)
