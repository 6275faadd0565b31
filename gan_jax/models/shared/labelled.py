"""Models that are asked for labels: attributes, or classes, of one or several sets of images."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from gan_jax.models.shared import base, checks
from gan_jax.ops.labels import LabelSets


class Labelled(base.Defaults):
    """A model with the fields `labels` and `exclusive`, those of `ops.labels.LabelSets`."""

    takes_requests: ClassVar[bool] = True

    labels: tuple[tuple[str, ...], ...]
    exclusive: tuple[bool, ...]

    def check_labels(self) -> None:
        """Refuses labels that `LabelSets` refuses, and turns lists into tuples."""
        sets = self.sets
        object.__setattr__(self, "labels", sets.names)
        object.__setattr__(self, "exclusive", sets.exclusive)

    @property
    def sets(self) -> LabelSets:
        """The labels of all data sets, and the label vector for G."""
        return LabelSets(self.labels, self.exclusive)

    @property
    def requests(self) -> tuple[tuple[str, ...], ...]:
        """The names that `condition` takes, set by set."""
        return self.labels

    def check(self, inputs: base.Inputs) -> None:
        """Refuses classes that the names of a set do not have; they would be NaN, see `LabelSets.bits`."""
        super().check(inputs)
        for which, role in enumerate(self.sets.roles):
            name, count = f"{role}_label", len(self.labels[which])
            labels = (inputs.columns or {}).get(name)
            if self.exclusive[which] and labels is not None and labels.ndim == 1 and len(labels):
                found = int(labels.min()), int(labels.max())
                inside = found[0] >= 0 and found[1] < count
                checks.require(name, found, inside, f"0 to {count - 1}, the number of a name in labels")

    def condition(self, names: Sequence[str]) -> np.ndarray:
        """The vector [sets.size] that asks for the named labels of one set and for none of its other labels.

        Raises:
          ConfigError: see `LabelSets.named`.
        """
        return self.sets.named(names)

    def trained_role(self, role: str) -> str:
        """The role of the first set, as an example of all: G takes images of every set."""
        del role
        return self.sets.roles[0]
