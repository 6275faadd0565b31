"""The embedded data sets by name: which there are, what kind of labels each has, and how each is read.

No other file outside this package names one of them.
"""

from collections.abc import Mapping, Sequence

from gan_jax.data import splits
from gan_jax.data.embedded.digits import read as digits
from gan_jax.data.embedded.digits import scenes
from gan_jax.data.embedded.emoji import read as emoji
from gan_jax.data.examples import Examples

# What the label of one image is: a class, one number; attributes, [K] in {0, 1}; or a map of classes [S, S].
CLASSES, ATTRIBUTES, MAPS = "classes", "attributes", "maps"

LABELS: Mapping[str, str] = {
    **dict.fromkeys(digits.NAMES, CLASSES),
    **dict.fromkeys(scenes.NAMES, MAPS),
    emoji.NAME: ATTRIBUTES,
}
NAMES = tuple(LABELS)


def read(name: str, split: str, attributes: Sequence[str] = ()) -> Examples:
    """Rows of an embedded set: `image` uint8 [N, S, S, C], and `label` int32 of the kind that LABELS says.

    Args:
      name: one of NAMES.
      split: tfds' slicing syntax over the splits that the set has.
      attributes: the columns of the label of a set of attributes, in order; () for all. Others have none.

    Raises:
      DataError: a split or an attribute that is not there.
    """
    if name == emoji.NAME:
        return emoji.read(split, attributes)
    return scenes.read(name, split) if name in scenes.NAMES else digits.read(name, split)


def check(name: str, split: str, attributes: Sequence[str] = ()) -> None:
    """Raises what `read` would, without drawing an image."""
    if name == emoji.NAME:
        emoji.check(split, attributes)
    else:
        splits.parse(split, scenes.SIZES if name in scenes.NAMES else digits.SIZES[name], name)
