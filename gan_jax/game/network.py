"""The interface of a finished network that models and evaluators use."""

from collections.abc import Mapping
from typing import Any, Protocol


class Network(Protocol):
    """A finished run that a configuration requires, or a network with weights from a file."""

    @property
    def metrics(self) -> Mapping[str, Any]:
        """The values of the run's own evaluations; {} for weights from a file."""
        ...

    @property
    def sha256(self) -> str:
        """The SHA-256 of the parameters, or of the file."""
        ...

    @property
    def variables(self) -> Mapping[str, Any]:
        """Each player's evaluation variables, by player name. Weights from a file have one player."""
        ...

    def apply(self, method: str, batch: Mapping[str, Any]) -> Any:
        """The result of one of the network's methods on a batch, in host arrays.

        Args:
          method: 'predict', 'embed', 'generate' or another method of the model.
          batch: columns [B, ...] with any B; images are [B, H, W, C], uint8 or float in [-1, 1].
        """
        ...
