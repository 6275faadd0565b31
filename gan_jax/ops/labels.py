"""Label vectors that ask a generator for attributes or classes, and labels that an image does not have."""

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from gan_jax.errors import ConfigError, nearest

# A face has one colour of hair, so asking for one colour clears the others.
HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair")

_MOST = 26  # data sets, named by letters


@dataclasses.dataclass(frozen=True)
class LabelSets:
    """The labels of one or several data sets, and their common vector (Choi et al. 2018, Sec. 3.2).

    With one data set, the vector is the set's own label [B, n]. With m sets, the vector is `[c_1, ..., c_m,
    mask]`, the paper's c~. For an image of set i, all blocks but the i-th are zero, and the mask is one-hot
    at i.

    Attributes:
      names: label names of each set.
      exclusive: one flag a set. True means classes, of which an image has exactly one; False means
        attributes, of which an image has any number.

    Raises:
      ConfigError: there is no set or are too many, a set has no names or a name twice, or `exclusive` has
        another length.
    """

    names: Sequence[Sequence[str]]
    exclusive: Sequence[bool]

    def __post_init__(self):
        """Checks both fields and turns their lists into tuples; JSON has no tuples."""
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
        """The batch's role for the images of each set: 'a', 'b', ..."""
        return tuple(chr(ord("a") + i) for i in range(len(self.names)))

    @property
    def labels(self) -> int:
        """The number of labels of all sets together, without the mask; D has so many class logits."""
        return sum(map(len, self.names))

    @property
    def size(self) -> int:
        """The length of the vector."""
        return self.labels + (len(self.names) if len(self.names) > 1 else 0)

    def block(self, which: int) -> slice:
        """The slice of one set's labels, in the vector and among D's class logits."""
        start = sum(map(len, self.names[:which]))
        return slice(start, start + len(self.names[which]))

    def bits(self, which: int, label: jax.Array | np.ndarray) -> jax.Array:
        """One set's own labels as float32 [B, n].

        Args:
          which: index of the set.
          label: attributes [B, n] in {0, 1}, or classes int [B], which become one-hot.

        Returns:
          float32 [B, n]. A class number that the set does not have gives NaN, which stops training; all zeros
          would pass unnoticed.
        """
        if not self.exclusive[which]:
            return jnp.asarray(label, jnp.float32)
        one_hot = jax.nn.one_hot(label, len(self.names[which]))
        return jnp.where(one_hot.any(axis=-1, keepdims=True), one_hot, jnp.nan)

    def vector(self, which: int, bits: jax.Array | np.ndarray, mask: int | None = None) -> jax.Array:
        """The vector float32 [B, size] for one set's own labels [B, n].

        Args:
          which: index of the set.
          bits: the set's labels, from `bits` or `request`.
          mask: index of the set that the mask names; None means `which`. Another set gives the wrong mask of
            the paper's Fig. 7.
        """
        if len(self.names) == 1:
            return jnp.asarray(bits)
        block = self.block(which)
        before = np.zeros((len(bits), block.start), np.float32)
        after = np.zeros((len(bits), self.size - block.stop), np.float32)
        after[:, (which if mask is None else mask) - len(self.names)] = 1  # the mask is at the end
        return jnp.concatenate([before, bits, after], axis=1)

    def request(self, which: int, bits: np.ndarray, target: int) -> np.ndarray:
        """Labels [B, n] to ask of images with labels [B, n], so that the label `target` changes.

        The rules are the official code's. Among classes, only the target is set. A hair colour is set and the
        other hair colours are cleared. Any other attribute is inverted.
        """
        bits, names = np.array(bits, np.float32), self.names[which]
        hair = [i for i, name in enumerate(names) if name in HAIR]
        if self.exclusive[which] or target in hair:
            bits[:, slice(None) if self.exclusive[which] else hair] = 0
            bits[:, target] = 1
        else:
            bits[:, target] = 1 - bits[:, target]
        return bits

    def requests(
        self, label: np.ndarray, asked: str, given: str = "", wrong_mask: bool = False
    ) -> dict[str, list[np.ndarray]]:
        """What to ask of images, for each label of a set: label -> vectors float32 [B, size].

        Args:
          label: the images' own labels of the set `given`.
          asked: role of the set of the wanted labels.
          given: role of the set that the images belong to; '' for the asked set. Images of another set have
            unknown labels of the asked set, so their attributes start at 0.
          wrong_mask: whether each label has a second vector, whose mask names another set; this is the
            images' set if it differs from the asked set.

        Raises:
          ConfigError: a set is unknown, or there is only one set, which has no mask.
        """
        to, of = self.place(asked, "asked"), self.place(given or asked, "given")
        if wrong_mask and len(self.names) == 1:
            raise ConfigError(
                "wrong_mask=True is not allowed; allowed: False, since one set of labels has no mask"
            )
        own, names = np.asarray(self.bits(of, label)), self.names[to]
        start = own if to == of else np.zeros((len(own), len(names)), np.float32)
        masks = (to, of if of != to else (to + 1) % len(self.names)) if wrong_mask else (to,)
        wanted = {name: self.request(to, start, target) for target, name in enumerate(names)}
        return {
            name: [np.asarray(self.vector(to, bits, mask)) for mask in masks] for name, bits in wanted.items()
        }

    def named(self, names: Sequence[str]) -> np.ndarray:
        """The vector float32 [size] that asks for the named labels of one set and for none of its others.

        Raises:
          ConfigError: there is no name or an unknown name, or the names are of several sets, or are several
            classes of one set.
        """
        found = [self.find(name) for name in names]
        if len({which for which, _ in found}) != 1 or (self.exclusive[found[0][0]] and len(found) > 1):
            allowed = " or ".join(", ".join(part) for part in self.names)
            raise ConfigError(
                f"labels {', '.join(names)!r} do not go together; "
                f"name one class, or attributes of one set: {allowed}"
            )
        bits = np.zeros((1, len(self.names[found[0][0]])), np.float32)
        bits[0, [place for _, place in found]] = 1
        return np.asarray(self.vector(found[0][0], bits)[0])

    def place(self, role: str, field: str) -> int:
        """The index of the set that a role names.

        Raises:
          ConfigError: there is no such set. The message names the role as the value of `field`.
        """
        if role not in self.roles:
            raise ConfigError(f"{field}={role!r} is not a set of labels; known: {', '.join(self.roles)}")
        return self.roles.index(role)

    def find(self, name: str) -> tuple[int, int]:
        """The index of the set that has a label of this name, and the label's index in that set.

        Raises:
          ConfigError: no set has the label; the message suggests the nearest name.
        """
        for which, names in enumerate(self.names):
            if name in names:
                return which, names.index(name)
        raise ConfigError(f"label {name!r} {nearest(name, [n for part in self.names for n in part])}")


def mismatched(rng: jax.Array, own: jax.Array, exclusive: bool) -> jax.Array:
    """Labels that are not the images' own: those of the neighbour in the batch, changed if they are equal.

    Args:
      rng: key of the attributes that change.
      own: the images' labels [B, n], -1 and 1.
      exclusive: whether they are classes. A class that is equal becomes the next one. Of attributes that are
        equal, a random one changes.

    Returns:
      Labels [B, n], each of which differs from `own`.
    """
    other = jnp.roll(own, 1, axis=0)
    if exclusive:
        changed = jnp.roll(own, 1, axis=-1)
    else:
        place = jax.random.randint(rng, (len(own),), 0, own.shape[-1])
        changed = jnp.where(jax.nn.one_hot(place, own.shape[-1]) > 0, -own, own)
    return jnp.where((other == own).all(-1, keepdims=True), changed, other)
