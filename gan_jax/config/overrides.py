"""Values of the command line that `ml_collections` does not take as they are.

A role, a data set or an evaluation names only the fields that differ from their defaults, and
`ml_collections` takes only fields that are there. It takes lists in Python's form only. Here a list of texts
may also be written as `a,b`.
"""

import ast
import functools
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ml_collections

from gan_jax import evaluation
from gan_jax.config.sets import resolve
from gan_jax.config.types import ROLE, SET, conforms, described, example, fields_of, is_list
from gan_jax.errors import ConfigError, nearest

_PREFIX = "--config."
_TABLES = ("files", "label_lists", "label_maps")  # fields that have names of splits below them


def separated(
    argv: Sequence[str], config: ml_collections.ConfigDict
) -> tuple[list[str], list[tuple[str, Any]]]:
    """The arguments for `ml_collections`, and the other fields of the configuration with their values.

    Lists among the arguments are written as `ml_collections` takes them.

    Args:
      argv: the command line.
      config: the configuration that it names.

    Raises:
      ConfigError: a value has another type than the field; the message has both.
    """
    rest, found = [], []
    for arg in argv:
        name, sign, text = arg.removeprefix(_PREFIX).partition("=")
        keys = name.split(".") if sign and arg.startswith(_PREFIX) else []
        if (hint := _hint(config, keys, _missing)) is not None:
            found.append((name, _parsed(name, text, hint)))
        elif is_list(hint := _hint(config, keys, _present)):
            shown = functools.reduce(lambda place, key: place[key], keys, config)
            rest.append(f"{_PREFIX}{name}={_list(name, text, hint, shown)!r}")
        else:
            rest.append(arg)
    return rest, found


def add(config: ml_collections.ConfigDict, fields: Sequence[tuple[str, Any]]) -> None:
    """Sets the fields that `separated` found, in a configuration that may be locked.

    Raises:
      ConfigError: a field is below a set, an evaluation or a run that is not there, such as a data set that
        `--data` has replaced since.
    """
    with config.unlocked():
        for name, value in fields:
            *above, last = name.split(".")
            place = config
            for depth, key in enumerate(above):
                if key not in place and key not in _TABLES:
                    raise ConfigError(f"config.{name}={value!r}: {key!r} {nearest(key, list(place))}")
                if key not in place:  # a role that takes its files from its data set
                    inherited = (
                        resolve(place, _sets(config, above[:depth])).get(key, {}) if "set" in place else {}
                    )
                    place[key] = dict(inherited)
                place = place[key]
            place[last] = value


def change(config: ml_collections.ConfigDict, fields: Mapping[str, Any]) -> None:
    """Sets fields by their dotted names, in a configuration that may be locked.

    Args:
      config: changed in place.
      fields: such as `{"steps": 20, "model.loss": "hinge"}`. A role, a data set or an evaluation may get a
        field that it does not have yet.

    Raises:
      ConfigError: a field is unknown; the message has the nearest name.
    """
    for name, value in fields.items():
        place: Any = config
        for key in name.split(".") if _hint(config, name.split("."), _missing) is None else ():
            there = list(place) if isinstance(place, ml_collections.ConfigDict) else []
            if key not in there:
                raise ConfigError(f"{name}={value!r}: {key!r} {nearest(key, there)}")
            place = place[key]
        add(config, [(name, value)])


def _sets(config, above):
    """The data sets that a role below `above` may name: those of its run, and of the runs that require it."""
    known, place = dict(config.data.sets), config
    for key in above:
        place = place[key]
        known |= dict(place.data.sets) if "data" in place else {}
    return known


def _hint(config: Any, keys: list[str], of: Callable[..., Any]) -> Any:
    """The type of a field, by `_missing` or `_present`; None for any other field."""
    match keys:
        case ["requires", name, *inner] if name in config.requires:
            return _hint(config.requires[name], inner, of)
        case ["model", *inner] if "name" in config.model:
            return of(config.model, inner, fields_of(config.model.name))
        case ["data", "sets", name, *inner] if name in config.data.sets:
            return of(config.data.sets[name], inner, SET)
        case ["data", "roles", name, *inner] if name in config.data.roles:
            return of(config.data.roles[name], inner, ROLE)
        case ["evals", name, "roles", role, *inner] if role in config.evals.get(name, {}).get("roles", {}):
            return of(config.evals[name].roles[role], inner, ROLE)
        case ["evals", name, option] if name in config.evals:
            return of(config.evals[name], [option], {"num": int, **_options(config.evals[name].kind)})
        case ["weights", name]:
            return of(config.weights, [name], {name: str})
    return None


def _present(fields: Mapping[str, Any], keys: list[str], hints: Mapping[str, Any]) -> Any:
    """The type of a field that is there."""
    return hints.get(keys[0]) if len(keys) == 1 and keys[0] in fields else None


def _missing(fields: Mapping[str, Any], keys: list[str], hints: Mapping[str, Any]) -> Any:
    """The type of a field that is not there but may be."""
    match keys:
        case [field] if field not in fields and field not in ("set", *_TABLES):
            return hints.get(field)
        case [field, split] if field in _TABLES and split and split not in (fields.get(field) or {}):
            return str
    return None


def _options(kind: str) -> dict[str, Any]:
    function = evaluation.evaluator(kind)
    hints = typing.get_type_hints(function)
    parameters = inspect.signature(function).parameters.values()
    return {p.name: hints[p.name] for p in parameters if p.kind is p.KEYWORD_ONLY}


def _parsed(name: str, text: str, hint: Any, shown: Any = ()) -> Any:
    """The value that a text gives a field. `shown` is a value of a list, for the message."""
    readings: list[Callable[[str], Any]] = [
        lambda text: {"true": True, "false": False}[text.lower()],
        ast.literal_eval,
        _texts,
        str,
    ]
    for read in readings:
        try:
            value = read(text)
        except (ValueError, SyntaxError, KeyError, MemoryError, RecursionError):
            continue
        if conforms(value, hint):
            return tuple(value) if isinstance(value, list) else value
    form = f', such as "{tuple(shown) or example(hint)}"' if is_list(hint) else ""
    raise ConfigError(f"config.{name}={text!r} is not allowed; allowed: {described(hint)}{form}")


def _texts(text: str) -> tuple[str, ...]:
    if set(text) & set("()[]{}'\""):
        raise ValueError("a list in Python's form with a slip in it")
    return tuple(filter(None, map(str.strip, text.split(","))))


def _list(name: str, text: str, hint: Any, shown: Any) -> tuple[Any, ...]:
    """The value of a list; a single item may stand without brackets, as `ml_collections` takes it."""
    try:
        item = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return _parsed(name, text, hint, shown)
    alone = conforms((item,), hint) and not conforms(item, hint)
    return (item,) if alone else _parsed(name, text, hint, shown)
