"""The fields of a configuration that may name code of one's own, see `gan_jax.plugins`."""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import ml_collections

from gan_jax import evaluation, models, plugins
from gan_jax.data.embedded import catalogue
from gan_jax.errors import ConfigError

# Group of entry points -> the names that the package itself has, and what a module of the group defines.
_GROUPS: dict[str, tuple[Callable[[], Collection[str]], str]] = {
    plugins.MODELS: (models.known, "Model"),
    plugins.EVALUATORS: (evaluation.known, "evaluate"),
    plugins.DATA: (lambda: catalogue.NAMES, "read"),
}


class _Place(NamedTuple):
    """A field that may name code: its whole name, its table, its own name, and its group of entry points."""

    title: str
    table: Any
    field: str
    group: str

    @property
    def name(self) -> Any:
        """The value of the field."""
        return self.table.get(self.field)

    @property
    def is_file(self) -> bool:
        """Whether the field names a file."""
        return isinstance(self.name, str) and plugins.is_file(self.name)

    @property
    def is_own(self) -> bool:
        """Whether the field names code outside the package."""
        known, _ = _GROUPS[self.group]
        named = isinstance(self.name, str) and self.name != "" and self.name not in known()
        return named and plugins.is_own(self.name, self.group)


def located(config: ml_collections.ConfigDict) -> ml_collections.ConfigDict:
    """The configuration with absolute paths of files with code; the same object if it names none."""
    if not any(place.is_file for place in _places(config)):
        return config
    changed = config.copy_and_resolve_references()
    with changed.unlocked():
        for place in _places(changed):
            if place.is_file:
                place.table[place.field] = plugins.located(place.name)
    return changed


def require_located(config: Any) -> None:
    """Refuses a stored configuration with the relative path of a file, since another folder may have one.

    Raises:
      ConfigError: naming the field and the path.
    """
    for place in _places(config):
        if place.is_file and not Path(place.name).is_absolute():
            raise ConfigError(
                f"{place.title}={place.name!r} is not allowed in a stored run; allowed: absolute paths"
            )


def contents(config: Any) -> dict[str, str]:
    """Field -> SHA-256 of the file of code that the field names; {} if the configuration names none.

    The hashes are those of the code that this process runs, see `plugins.sha256`.

    Raises:
      ConfigError: a file or a module is missing, or does not define what it must.
    """
    return {
        place.title: plugins.sha256(place.title, place.name, place.group, _GROUPS[place.group][1])
        for place in _places(config)
        if place.is_own
    }


def _places(config: Any, prefix: str = "") -> Iterator[_Place]:
    """Each field of a configuration, and of the runs that it requires, that may name code."""
    data, evals = _table(config, "data"), _table(config, "evals")
    yield _Place(f"{prefix}model.name", _table(config, "model"), "name", plugins.MODELS)
    for kind in ("sets", "roles"):
        for name, spec in _tables(_table(data, kind)):
            yield _Place(f"{prefix}data.{kind}.{name}.name", spec, "name", plugins.DATA)
    for title, spec in _tables(evals):
        yield _Place(f"{prefix}evals.{title}.kind", spec, "kind", plugins.EVALUATORS)
        for name, role in _tables(_table(spec, "roles")):
            yield _Place(f"{prefix}evals.{title}.roles.{name}.name", role, "name", plugins.DATA)
    for name, required in _tables(_table(config, "requires")):
        yield from _places(required, f"{prefix}requires.{name}.")


def _table(config: Any, name: str) -> Any:
    """A table of a configuration; {} for anything else, which the check of types refuses."""
    found = config.get(name)
    return found if hasattr(found, "items") else {}


def _tables(config: Any) -> list[tuple[str, Any]]:
    return [(name, spec) for name, spec in config.items() if hasattr(spec, "items")]
