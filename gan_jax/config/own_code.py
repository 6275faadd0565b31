"""The fields of a configuration that may name a file with code of one's own, see `gan_jax.plugins`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ml_collections

from gan_jax import plugins
from gan_jax.errors import ConfigError


def located(config: ml_collections.ConfigDict) -> ml_collections.ConfigDict:
    """The configuration with absolute paths of files with code; the same object if it names none."""
    if not any(_named(config)):
        return config
    changed = config.copy_and_resolve_references()
    with changed.unlocked():
        for _, table, field in _named(changed):
            table[field] = plugins.located(table[field])
    return changed


def require_located(config: Any) -> None:
    """Refuses a stored configuration with the relative path of a file, since another folder may have one.

    Raises:
      ConfigError: naming the field and the path.
    """
    for name, table, field in _named(config):
        if not Path(table[field]).is_absolute():
            raise ConfigError(
                f"{name}={table[field]!r} is not allowed in a stored run; allowed: absolute paths"
            )


def _named(config: Any, prefix: str = "") -> Iterator[tuple[str, Any, str]]:
    """The name, table and last part of the name of each field that names a file."""
    data, evals = _table(config, "data"), _table(config, "evals")
    places = [("model", _table(config, "model"), "name")]
    for kind in ("sets", "roles"):
        places += [(f"data.{kind}.{n}", spec, "name") for n, spec in _tables(_table(data, kind))]
    for name, spec in _tables(evals):
        places.append((f"evals.{name}", spec, "kind"))
        places += [(f"evals.{name}.roles.{n}", r, "name") for n, r in _tables(_table(spec, "roles"))]
    for place, table, field in places:
        if isinstance(table.get(field), str) and plugins.is_file(table[field]):
            yield f"{prefix}{place}.{field}", table, field
    for name, required in _tables(_table(config, "requires")):
        yield from _named(required, f"{prefix}requires.{name}.")


def _table(config: Any, name: str) -> Any:
    """A table of a configuration; {} for anything else, which the check of types refuses."""
    found = config.get(name)
    return found if hasattr(found, "items") else {}


def _tables(config: Any) -> list[tuple[str, Any]]:
    return [(name, spec) for name, spec in config.items() if hasattr(spec, "items")]
