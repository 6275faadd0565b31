"""The declared types of a configuration's fields, and the check of them.

The fields of a run have the types of their defaults, and those of a model or an evaluator their annotations.
"""

import collections.abc
import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

import ml_collections

from gan_jax import evaluation, models
from gan_jax.config.defaults import default
from gan_jax.data.roles import TYPES
from gan_jax.errors import ConfigError

_TABLES = ("model", "requires", "weights", "data", "evals")
_EVALUATION = {"kind": str, "every": int, "num": int}
_NEEDED = ("kind", "every", "roles")


def check(config: Mapping[str, Any], complete: bool = True) -> None:
    """Refuses values of other types than declared, and missing fields.

    Args:
      config: the configuration of a run, as a `ConfigDict`, or as read from a file, where tuples are lists.
      complete: whether every field of `default()` must be there. A file of an earlier version may lack some.

    Raises:
      ConfigError: naming the field, its value and the type that is allowed.
    """
    config = _table("the configuration", config)
    known = default().to_dict()
    _fields(config, {k: type(v) for k, v in known.items() if k not in _TABLES}, "")
    data = _table("data", config.get("data", {}))
    _fields(data, {k: type(v) for k, v in known["data"].items() if k not in ("sets", "roles")}, "data.")
    for name in known if complete else ():
        _present(config, name, "")
    for name in known["data"] if complete else ():
        _present(data, name, "data.")
    _each(config, "weights", "", lambda place, value: _value(place, value, str))
    _each(data, "sets", "data.", lambda place, spec: _fields(_table(place, spec), SET, f"{place}."))
    _each(data, "roles", "data.", _role)
    _each(config, "evals", "", _evaluation)
    model = _table("model", config.get("model", {}))
    # A file of another version may have a model that this one lacks, whose fields have no known types.
    unknown = isinstance(model.get("name", ""), str) and not models.exists(model.get("name", ""))
    if complete or not unknown:
        _model(model)
    _each(config, "requires", "", lambda place, needed: _required(place, needed, complete))


ROLE = {"set": str, **TYPES}
SET = {"embedded": str, **TYPES}


def _role(place: str, spec: Any) -> None:
    _fields(_table(place, spec), ROLE, f"{place}.")


def _required(place: str, needed: Any, complete: bool) -> None:
    try:
        check(_table(place, needed), complete)
    except ConfigError as error:
        raise ConfigError(f"{place}.{error}") from error


def _evaluation(place: str, spec: Any) -> None:
    spec = _table(place, spec)
    for name in _NEEDED:
        _present(spec, name, f"{place}.")
    _fields(spec, _EVALUATION, f"{place}.")
    _each(spec, "roles", f"{place}.", _role)
    try:
        hints = typing.get_type_hints(evaluation.evaluator(spec["kind"]))
    except ConfigError as error:
        raise ConfigError(f"{place}.{error}") from error
    _fields(spec, hints, f"{place}.")


def _model(fields: Mapping[str, Any]) -> None:
    _present(fields, "name", "model.")
    _value("model.name", fields["name"], str)
    _fields(fields, fields_of(fields["name"]), "model.")


def fields_of(model: str) -> dict[str, Any]:
    """Field -> type, of a model.

    Raises:
      ConfigError: there is no such model.
    """
    cls = models.model_class(model)
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


def _fields(fields: Mapping[str, Any], hints: Mapping[str, Any], place: str) -> None:
    for name, value in fields.items():
        if name in hints:
            _value(f"{place}{name}", value, hints[name])


def _each(fields: Mapping[str, Any], name: str, place: str, use: Callable[[str, Any], None]) -> None:
    for key, value in _table(f"{place}{name}", fields.get(name, {})).items():
        if not isinstance(key, str) or not key:
            raise ConfigError(f"{place}{name} has the key {key!r}; allowed: names")
        use(f"{place}{name}.{key}", value)


def _table(place: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping | ml_collections.ConfigDict):
        raise ConfigError(f"{place}={value!r} is not allowed; allowed: fields by name")
    return value


def _present(fields: Mapping[str, Any], name: str, place: str) -> None:
    if name not in fields:
        raise ConfigError(f"{place}{name} is missing; fields there: {', '.join(map(str, fields))}")


def _value(place: str, value: Any, hint: Any) -> None:
    if not conforms(value, hint):
        raise ConfigError(f"{place}={value!r} is not allowed; allowed: {described(hint)}")


def conforms(value: Any, hint: Any) -> bool:
    """Whether a value has a type: bool, int, float, str, None, tuples and sequences, mappings, unions."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(conforms(value, part) for part in parts)
    if hint is Any:
        return True
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint is type(None):
        return value is None
    if is_list(hint):
        of = parts[0] if parts else Any
        return isinstance(value, list | tuple) and all(conforms(one, of) for one in value)
    if origin is collections.abc.Mapping:
        is_table = isinstance(value, Mapping | ml_collections.ConfigDict)
        return is_table and all(isinstance(k, str) and conforms(v, parts[1]) for k, v in value.items())
    return isinstance(value, hint)


def is_list(hint: Any) -> bool:
    """Whether a type is that of lists: a tuple or a sequence."""
    return hint is tuple or typing.get_origin(hint) in (tuple, collections.abc.Sequence)


_EXAMPLES = {bool: (True, False), int: (1, 2), float: (0.5, 1.0)}


def example(hint: Any) -> tuple[Any, ...]:
    """A value of a type of lists."""
    item = (typing.get_args(hint) or (str,))[0]
    return (example(item), example(item)) if is_list(item) else _EXAMPLES.get(item, ("a", "b"))


_WORDS = {bool: "True or False", int: "a whole number", float: "a number", str: "a text", type(None): "None"}


def described(hint: Any) -> str:
    """A type in words, such as `a list of whole numbers`."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(described(part) for part in parts)
    if is_list(hint):
        return f"a list, each item {described(parts[0])}" if parts else "a list"
    if origin is collections.abc.Mapping:
        return f"names, each with {described(parts[1])}"
    return _WORDS.get(hint, getattr(hint, "__name__", str(hint)))
