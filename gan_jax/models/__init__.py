"""Models, one file each, found by importing the module of that name."""

import dataclasses
import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

from gan_jax.errors import ConfigError


def known() -> list[str]:
    """Names that `model_class` takes."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.ispkg)


def model_class(name: str) -> Any:
    """The frozen dataclass `Model` of `models/<name>.py`.

    Raises:
      ConfigError: no such model; the message lists those known.
    """
    if name not in known():
        raise ConfigError(f"model.name={name!r} is not known; known: {', '.join(known())}")
    return importlib.import_module(f"{__name__}.{name}").Model


def create(fields: Mapping[str, Any]) -> Any:
    """Builds the model that `fields['name']` names, from the other fields.

    Raises:
      ConfigError: an unknown model or field, or a value that the model refuses.
    """
    fields = dict(fields)
    cls = model_class(fields.pop("name", ""))
    known_fields = [field.name for field in dataclasses.fields(cls)]
    unknown = sorted(set(fields) - set(known_fields))
    if unknown:
        allowed = ", ".join(known_fields)
        raise ConfigError(f"model.{unknown[0]} is no field of this model; fields: {allowed}")
    try:
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()})
    except ValueError as error:
        raise ConfigError(f"model.{error}") from error
