"""Label vectors that ask a generator for attributes or classes, over one data set of labels or several."""

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from gan_jax.errors import ConfigError, nearest

# A face has one colour of hair: asking for one of these takes away the others.
HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair")

_MOST = 26  # data sets, named by letters


@dataclasses.dataclass(frozen=True)
class LabelSets:
    """The labels of one or several data sets, and their common vector (Choi et al. 2018, Sec. 3.2).

    With one set the vector is its label, [B, n]. With m sets it is `[c_1, ..., c_m, mask]`, the paper's
    c~: an image of set i has zeros in all blocks but the i-th, and a mask that is 1 at i.

    Attributes:
      names: of the labels, set after set.
      exclusive: for each set, whether its labels are classes, one an image, or attributes, any number.

    Raises:
      ConfigError: sets without names, a name twice in one, or another number of sets in `exclusive`.
    """

    names: Sequence[Sequence[str]]
    exclusive: Sequence[bool]

    def __post_init__(self):
        """Checks both fields, which may come from JSON as lists."""
        object.__setattr__(self, "exclusive", tuple(self.exclusive))
        sets = tuple(part if isinstance(part, str) else tuple(part) for part in self.names)
        object.__setattr__(self, "names", sets)
        for part in sets:
            good = isinstance(part, tuple) and part and all(type(name) is str and name for name in part)
            if not good or len(set(part)) != len(part):
                raise ConfigError(f"labels={part!r} of one set are not allowed; allowed: names, each once")
        if not 1 <= len(sets) <= _MOST:
            raise ConfigError(f"labels={sets!r} are {len(sets)} sets; allowed: 1 to {_MOST}")
        if len(self.exclusive) != len(sets) or not all(type(flag) is bool for flag in self.exclusive):
            raise ConfigError(f"exclusive={self.exclusive!r} is not allowed; allowed: {len(sets)} booleans")

    @property
    def roles(self) -> tuple[str, ...]:
        """What a batch calls the images of each set: 'a', 'b', ..."""
        return tuple(chr(ord("a") + i) for i in range(len(self.names)))

    @property
    def labels(self) -> int:
        """Labels of all sets together, the mask left out: logits that a discriminator has for them."""
        return sum(map(len, self.names))

    @property
    def size(self) -> int:
        """Length of the vector."""
        return self.labels + (len(self.names) if len(self.names) > 1 else 0)

    def block(self, which: int) -> slice:
        """The places of a set's labels, in the vector and among the logits."""
        start = sum(map(len, self.names[:which]))
        return slice(start, start + len(self.names[which]))

    def bits(self, which: int, label: jax.Array | np.ndarray) -> jax.Array:
        """A set's own labels as float32 [B, n]: attributes [B, n] in {0, 1}, or one-hot of classes [B].

        A class that the set does not have gives NaN, which stops training, instead of no label.
        """
        if not self.exclusive[which]:
            return jnp.asarray(label, jnp.float32)
        one_hot = jax.nn.one_hot(label, len(self.names[which]))
        return jnp.where(one_hot.any(axis=-1, keepdims=True), one_hot, jnp.nan)

    def vector(self, which: int, bits: jax.Array | np.ndarray, mask: int | None = None) -> jax.Array:
        """The vector float32 [B, size] of a set's own labels [B, n].

        Args:
          which: the set.
          bits: its labels, from `bits` or `request`.
          mask: the set that the mask names, if not this one: a wrong mask, as in Fig. 7 of the paper.
        """
        if len(self.names) == 1:
            return jnp.asarray(bits)
        block = self.block(which)
        before = np.zeros((len(bits), block.start), np.float32)
        after = np.zeros((len(bits), self.size - block.stop), np.float32)
        after[:, (which if mask is None else mask) - len(self.names)] = 1  # the mask is at the end
        return jnp.concatenate([before, bits, after], axis=1)

    def request(self, which: int, bits: np.ndarray, target: int) -> np.ndarray:
        """What a test asks for, [B, n], of images with labels [B, n] and the label at place `target`.

        As in the official code: of classes the target alone; a colour of hair is set and the others
        cleared; any other attribute is turned into its opposite.
        """
        bits, names = np.array(bits, np.float32), self.names[which]
        hair = [i for i, name in enumerate(names) if name in HAIR]
        if self.exclusive[which] or target in hair:
            bits[:, slice(None) if self.exclusive[which] else hair] = 0
            bits[:, target] = 1
        else:
            bits[:, target] = 1 - bits[:, target]
        return bits

    def place(self, role: str, field: str) -> int:
        """The number of the set whose images have this role.

        Raises:
          ConfigError: no set has it; the message calls the role the value of `field`.
        """
        if role not in self.roles:
            raise ConfigError(f"{field}={role!r} is no set of labels; known: {', '.join(self.roles)}")
        return self.roles.index(role)

    def find(self, name: str) -> tuple[int, int]:
        """The set that has a label of this name, and its place there.

        Raises:
          ConfigError: no set has it; the message gives the nearest.
        """
        for which, names in enumerate(self.names):
            if name in names:
                return which, names.index(name)
        raise ConfigError(f"label {name!r} {nearest(name, [n for part in self.names for n in part])}")
