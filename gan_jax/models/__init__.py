"""Models, one file each. A model's name is the name of its module."""

import dataclasses
import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

from gan_jax import plugins
from gan_jax.errors import ConfigError
from gan_jax.models.shared.base import Inputs, Model

__all__ = ["Inputs", "Model", "create", "exists", "known", "model_class"]


def known() -> list[str]:
    """The names of all models."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.ispkg)


def exists(name: str) -> bool:
    """Whether there is a model of this name in the package, or the name stands for a module outside it."""
    return name in known() or plugins.is_own(name, plugins.MODELS)


def model_class(name: str) -> Any:
    """The frozen dataclass `Model` of `models/<name>.py`, or of a module outside the package.

    Args:
      name: a known name, or that of a module outside the package, see `plugins.module`.

    Raises:
      ConfigError: there is no such model; the message lists the known names.
    """
    if name not in known():
        if plugins.is_own(name, plugins.MODELS):
            return plugins.module("model.name", name, plugins.MODELS, "Model").Model
        more = [*known(), *plugins.known(plugins.MODELS)]
        raise ConfigError(f"model.name={name!r} is not known; known: {', '.join(more)}")
    return importlib.import_module(f"{__name__}.{name}").Model


def create(fields: Mapping[str, Any]) -> Model:
    """Builds the model named `fields['name']` from the other fields.

    Raises:
      ConfigError: the model or a field is unknown, or the model refuses a value.
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
