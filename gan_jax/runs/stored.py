"""What runs of earlier versions stored under other names."""

from typing import Any

# The players of a model that have another name now, old -> new.
PLAYERS = {"dtn": {"g": "gen"}}


def leaf_prefixes(model: str) -> dict[str, str]:
    """Beginnings of the names of a checkpoint's leaves, old -> new."""
    return {f"players.{old}.": f"players.{new}." for old, new in PLAYERS.get(model, {}).items()}


def metric_prefixes(model: str) -> dict[str, str]:
    """Beginnings of the names of losses, old -> new."""
    return {f"{old}/": f"{new}/" for old, new in PLAYERS.get(model, {}).items()}


def renamed_fields(stored: Any) -> Any:
    """A stored configuration with its fields under the names that they have now."""
    return stored
