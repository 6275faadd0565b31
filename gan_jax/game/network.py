"""A network that was trained elsewhere, as models and evaluators are handed it."""

from collections.abc import Mapping
from typing import Any, Protocol


class Network(Protocol):
    """A finished run that a configuration requires, or a network whose weights come from a file."""

    @property
    def metrics(self) -> Mapping[str, Any]:
        """The values of the run's own evaluations; {} for a file."""
        ...

    @property
    def sha256(self) -> str:
        """A hash of the parameters, or of the file."""
        ...

    @property
    def variables(self) -> Mapping[str, Any]:
        """The variables of each player as they are evaluated, by its name; a file has one player."""
        ...

    def apply(self, method: str, batch: Mapping[str, Any]) -> Any:
        """The result of one of the network's methods on a batch, in host arrays.

        Args:
          method: 'predict', 'embed', 'generate', ...: whatever the model has.
          batch: columns [B, ...], B of any size; images [B, H, W, C], uint8 or float in [-1, 1].
        """
        ...
