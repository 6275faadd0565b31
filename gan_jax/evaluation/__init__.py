"""Evaluators, one file each: `evaluate(apply, batches, networks, **options) -> values`.

`apply(batch)` is the trained model's `generate` or `predict` on a host batch, or the method that the file
names as METHOD, see `Apply`; `batches` an iterable of host batches; `networks` those that the
configuration requires, by name; options are the evaluation's further fields in the configuration.
Values are floats (logged), uint8 images [H, W, 3] (written as PNG), or strings, lists, mappings and None
(in the result alone). An evaluator may have a function `check`, see there, and a `check_model(model)`, which
refuses models that it cannot evaluate.
"""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Protocol

import numpy as np

from gan_jax.errors import ConfigError
from gan_jax.game.network import Network


class Apply(Protocol):
    """The model on host batches, one after another.

    Of a batch of data it sees the images of the roles alone, never their labels or other columns; of
    what the evaluator puts beside them it sees everything, such as `z` or the `label` asked for. Its
    randomness follows from (seed, number of the call, device): every batch gets other noise, the same
    evaluation twice the same.
    """

    def __call__(self, batch: Mapping[str, np.ndarray], /) -> Any:
        """`generate`'s images by role, `predict`'s logits, or what METHOD gives."""
        ...

    def untrained(self, batch: Mapping[str, np.ndarray], /) -> Any:
        """The same by the model before training, its calls counted by themselves."""
        ...

    def latents(self, n: int, /) -> np.ndarray:
        """`n` draws of a noise-to-image model's prior, [n, z_dim]: the same at every call and every step.

        Raises:
          ConfigError: the model draws no images from noise.
        """
        ...


__all__ = ["Apply", "Batches", "Evaluator", "Network", "check", "evaluator", "method", "options"]

_COMMON = ("kind", "every", "num", "roles")

Batches = Iterable[dict[str, np.ndarray]]
Evaluator = Callable[..., dict[str, Any]]


def evaluator(kind: str) -> Evaluator:
    """The function `evaluate` of `evaluation/<kind>.py`.

    Raises:
      ConfigError: no such evaluator; the message lists those known.
    """
    return _module(kind).evaluate


# The methods that an evaluator may be handed, and the capabilities of which a model needs one to have them.
_CAPABILITIES = {
    "generate": ("draws_from_noise", "translates"),
    "predict": ("tells_classes",),
    "infer": ("encodes",),
}


def method(kind: str, model: Any) -> str:
    """The name of the model's method that an evaluator is handed as `apply`.

    Raises:
      ConfigError: no such evaluator, or a model that it cannot evaluate.
    """
    module = _module(kind)
    able = [name for name, needed in _CAPABILITIES.items() if any(getattr(model, one) for one in needed)]
    name = getattr(module, "METHOD", able[0])
    if name not in able:
        raise ConfigError(f"kind={kind!r} is for models with a method {name!r}; this one has none")
    if hasattr(module, "check_model"):
        module.check_model(model)
    return name


def _module(kind: str) -> Any:
    known = sorted(module.name for module in pkgutil.iter_modules(__path__))
    if kind not in known:
        raise ConfigError(f"kind={kind!r} is no evaluator; known: {', '.join(known)}")
    return importlib.import_module(f"{__name__}.{kind}")


def options(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an evaluation that its evaluator takes, beyond those that every evaluation has.

    Raises:
      ConfigError: an unknown evaluator, an option that it does not have, or one missing that it needs.
    """
    parameters = inspect.signature(evaluator(spec["kind"])).parameters.values()
    known = {p.name: p for p in parameters if p.kind is p.KEYWORD_ONLY}
    given = {name: value for name, value in spec.items() if name not in _COMMON}
    for name in given:
        if name not in known:
            raise ConfigError(
                f"{name} is no field of {spec['kind']!r}; fields: {', '.join([*_COMMON, *known])}"
            )
    for name, parameter in known.items():
        if parameter.default is parameter.empty and name not in given:
            raise ConfigError(f"{name} is missing; {spec['kind']!r} needs it")
    return given


def check(spec: Mapping[str, Any], requires: Collection[str]) -> None:
    """Refuses an evaluation that could not run, before any work.

    Beyond `options`, asks the evaluator's own `check(options, roles, requires)`, where it has one: all its
    options, the names of the evaluation's roles and those of the required runs.

    Raises:
      ConfigError: as for `options`, or what the evaluator's `check` raises.
    """
    given = options(spec)
    function = evaluator(spec["kind"])
    own = getattr(sys.modules[function.__module__], "check", None)
    if own is not None:
        parameters = inspect.signature(function).parameters.values()
        defaults = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        own({**defaults, **given}, spec["roles"], requires)


def require_roles(roles: Collection[str], wanted: Iterable[str], why: str) -> None:
    """Raises ConfigError unless the evaluation has the roles wanted; `why` says what they are needed for."""
    for role in wanted:
        if role not in roles:
            raise ConfigError(f"roles.{role} is missing; {why}")


def require_plane(model: Any, kind: str) -> None:
    """Raises ConfigError unless the model's latent vectors have two dimensions, which `kind` draws."""
    z_dim = getattr(model, "z_dim", 0)
    if z_dim != 2:
        raise ConfigError(f"kind={kind!r} draws a plane; model.z_dim={z_dim} is not allowed; allowed: 2")
