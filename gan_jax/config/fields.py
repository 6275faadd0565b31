"""Every field of a configuration: its value, its default, its meaning and what it may be.

Meanings are written once, where the field is defined: beside the fields of `default` and of a model, and in
the docstrings of evaluators, of `roles.complete` and of `dataset`.
"""

import dataclasses
import inspect
import typing
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import ml_collections

from gan_jax import evaluation, models
from gan_jax.config import checks, meanings, sets, types
from gan_jax.config.defaults import default
from gan_jax.data import roles
from gan_jax.models.shared import base
from gan_jax.models.shared.checks import recorded

_LISTED = "see --mode=list"
NEEDED = object()  # in place of the default of a field that must be given
_TABLES = ("model", "requires", "weights", "evals", "data", "data.sets", "data.roles")


class Field(NamedTuple):
    """One field.

    Attributes:
      name: its name, after the name of what it belongs to, such as `model.loss`.
      value: its value in a configuration.
      default: its value if nothing is given, or NEEDED.
      meaning: what it means, in one line.
      allowed: the values that it may have, in words.
    """

    name: str
    value: Any
    default: Any
    meaning: str
    allowed: str

    def __str__(self) -> str:
        """The field as it is written on the command line, its default, its meaning and its allowed values."""
        usual = self.default is NEEDED or _same(self.value, self.default)
        given = "" if usual else f"default {self.default!r}; "
        told = f"{self.meaning.removesuffix('.')} ({given}{self.allowed})"
        return f"--config.{self.name}={self.value!r}  # {told}"


def of_run(config: ml_collections.ConfigDict | None = None) -> list[Field]:
    """The fields that every configuration has, without the tables of `config.model` and the like.

    Their values are those of `config`, or the defaults.
    """
    plain = default()
    told = meanings.beside(default)
    found = []
    for name in sorted(set(told) - set(_TABLES), key=list(told).index):
        known, value = (_get(one, name) for one in (plain, config or plain))
        limits = checks.RANGES.get(name)
        allowed = types.described(type(known))
        if limits:
            allowed = f"{limits[0]} to {limits[1]}"
        if name in checks.CHOICES:
            allowed = ", ".join(map(repr, checks.CHOICES[name]))
        found.append(Field(name, value, known, told[name], allowed))
    return found


def of_model(fields: Mapping[str, Any]) -> list[Field]:
    """The fields of a model, `name` first. `fields` has its name and the values that differ from defaults.

    Raises:
      ConfigError: as for `models.create`.
    """
    cls = models.model_class(fields["name"])
    hints, told = typing.get_type_hints(cls), _meanings_of(cls)
    with recorded() as allowed:
        built: Any = models.create(fields)
    found = [Field("model.name", fields["name"], NEEDED, "the model", _LISTED)]
    for field in dataclasses.fields(cls):
        words = types.described(hints[field.name])
        meaning = told.get(field.name) or base.MEANINGS.get(field.name, "")
        limits = allowed.get(field.name, words)
        value = getattr(built, field.name)
        found.append(Field(f"model.{field.name}", value, field.default, meaning, limits))
    return found


def _meanings_of(cls: Any) -> dict[str, str]:
    """The comments beside the fields of a model, or of the nearest base class that has one."""
    found: dict[str, str] = {}
    for part in reversed([part for part in cls.__mro__ if "__annotations__" in vars(part)]):
        found |= {name: text for name, text in meanings.beside(part).items() if text}
    return found


def of_evaluation(spec: Mapping[str, Any]) -> list[Field]:
    """The fields of an evaluation except its roles. `spec` has the given fields, `kind` among them.

    Raises:
      ConfigError: there is no such evaluator.
    """
    function = evaluation.evaluator(spec["kind"])
    hints, told = typing.get_type_hints(function), meanings.arguments(function)
    whole = types.described(int)
    found = [
        Field("kind", spec["kind"], NEEDED, evaluation.COMMON["kind"], _LISTED),
        Field("every", spec.get("every", NEEDED), NEEDED, evaluation.COMMON["every"], whole),
        Field("num", spec.get("num", 256), 256, evaluation.COMMON["num"], whole),
    ]
    for option in inspect.signature(function).parameters.values():
        if option.kind is option.KEYWORD_ONLY:
            known = NEEDED if option.default is option.empty else option.default
            value, words = spec.get(option.name, known), types.described(hints[option.name])
            found.append(Field(option.name, value, known, told.get(option.name, ""), words))
    return found


def of_images(spec: Mapping[str, Any] | None = None) -> list[Field]:
    """The fields of a role or of a data set; values are those of `spec`, or the defaults."""
    told = meanings.entries(meanings.arguments(roles.complete)["spec"])
    own = meanings.entries(meanings.arguments(sets.dataset)["fields"])
    spec = {} if spec is None else ml_collections.ConfigDict(spec).to_dict()
    found = [
        Field("set", spec.get("set", ""), "", "of a role: the name of its data set in data.sets", "a text"),
        Field("embedded", spec.get("embedded", ""), "", f"of a data set: {own['embedded']}", "a text"),
    ]
    for name, known in roles.DEFAULTS.items():
        words = types.described(roles.TYPES[name])
        found.append(Field(name, spec.get(name, known), known, told.get(name, ""), words))
    return found


def lines(config: ml_collections.ConfigDict) -> Iterator[str]:
    """A text of all fields of a configuration, in the form of the command line.

    A required run has the same fields; only those are listed that differ from their defaults.
    """
    yield from map(str, of_run(config))
    yield from map(str, of_model(config.model))
    for place in ("sets", "roles"):
        for name, spec in config.data[place].items():
            yield from _given(f"data.{place}.{name}", spec)
    for name, spec in config.evals.items():
        yield from (str(field._replace(name=f"evals.{name}.{field.name}")) for field in of_evaluation(spec))
        for role, images in spec["roles"].items():
            yield from _given(f"evals.{name}.roles.{role}", images)
    for name, path in config.weights.items():
        yield f"--config.weights.{name}={path!r}  # file with the weights of the network {name}"
    for name, required in config.requires.items():
        yield f"# requires.{name} is the run {required.name!r}. Its fields that differ from the defaults:"
        for field in (*of_run(required), *of_model(required.model)):
            if not _same(field.value, field.default):
                yield str(field._replace(name=f"requires.{name}.{field.name}"))
    yield "# A role or a data set may also have any of these fields:"
    yield from (f"#   {str(field).removeprefix('--config.')}" for field in of_images())


def _given(place: str, spec: Mapping[str, Any]) -> Iterator[str]:
    """The fields of a role or data set that differ from their defaults."""
    for field in of_images(spec):
        if not _same(field.value, field.default):
            yield str(field._replace(name=f"{place}.{field.name}"))


def _same(value: Any, known: Any) -> bool:
    """Whether two values are equal. Lists and tuples of equal items are equal."""
    if isinstance(value, list | tuple) and isinstance(known, list | tuple):
        return list(value) == list(known)
    return value is known or value == known


def _get(config: Any, dotted: str) -> Any:
    for key in dotted.split("."):
        config = config[key]
    return config
