"""Evaluators, one file each: `evaluate(apply, batches, networks, **options) -> values`.

`apply(batch)` is the trained model's `generate` or `predict` on a host batch, or the method that the file
names as METHOD; see `Apply`. `batches` is an iterable of host batches. `networks` are the finished
networks that the configuration requires, by name. Options are the evaluation's further fields in the
configuration. Float values are logged, uint8 images [H, W, 3] are written as PNG, and strings, lists,
mappings and None appear in the result only. METRICS has the names of the values that are numbers, NEEDS those
of the columns that must be in a batch; fields in braces are options. JUDGES names required runs whose models
must tell classes of images, JUDGE_METRICS values that their evaluations `test` must give. FOR is the
capability that a model needs. MORE_THAN names options: every role must have more images than their values. An
evaluator may have a `check`, see below, a `check_model(model, options)`, which refuses unfit models, and a
`check_judge(options, test)`, which refuses judges whose own evaluation `test` does not measure what it reads.
"""

import functools
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gan_jax import plugins
from gan_jax.errors import ConfigError, nearest
from gan_jax.evaluation.shared.apply import Apply
from gan_jax.game.network import Network

__all__ = ["Apply", "Batches", "Evaluator", "Network", "check", "evaluator", "known", "method", "options"]

# The fields that every evaluation has, and what they mean.
COMMON: Mapping[str, str] = {
    "kind": "name of the evaluator",
    "every": "steps between two evaluations; 0: only at the end of the run",
    "num": "most images in a batch of the evaluation; a sheet shows one batch",
    "roles": "images by role, as in data.roles",
}

Batches = Iterable[dict[str, np.ndarray]]
Evaluator = Callable[..., dict[str, Any]]


@functools.cache
def known() -> tuple[str, ...]:
    """The names of all evaluators. The search reads the package's folder."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg))


def evaluator(kind: str) -> Evaluator:
    """The function `evaluate` of `evaluation/<kind>.py`, or of a module outside the package.

    `kind` is a known name, or that of a module outside the package, see `plugins.module`.

    Raises:
      ConfigError: there is no such evaluator; the message lists the known ones.
    """
    return _module(kind).evaluate


# The methods that an evaluator may be handed, and the capabilities of which a model needs one to have them.
_CAPABILITIES = {
    "generate": ("draws_from_noise", "translates", "holds_image"),
    "predict": ("tells_classes", "segments"),
    "infer": ("encodes",),
    "stylise": ("takes_styles",),
}


def method(kind: str, model: Any) -> str:
    """The name of the model's method that the evaluator receives as `apply`.

    Raises:
      ConfigError: there is no such evaluator, or the model has no such method.
    """
    module = _module(kind)
    able = [name for name, needed in _CAPABILITIES.items() if any(getattr(model, one) for one in needed)]
    name = getattr(module, "METHOD", able[0])
    if name not in able:
        raise ConfigError(f"kind={kind!r} is for models with a method {name!r}; this one has none")
    return name


def check_model(spec: Mapping[str, Any], model: Any) -> None:
    """Refuses, before any work, a model that the evaluation cannot evaluate.

    Raises:
      ConfigError: as for `method` and `options`, or as the evaluator's `check_model` raises; or the model
        lacks the capability that the evaluator names.
    """
    method(spec["kind"], model)
    needed = getattr(_module(spec["kind"]), "FOR", "")
    if needed and not getattr(model, needed):
        words = needed.replace("_", " ")
        raise ConfigError(f"kind={spec['kind']!r} is for a model that {words}; this one does not")
    own = getattr(_module(spec["kind"]), "check_model", None)
    if own is not None:
        own(model, all_options(spec))


def _module(kind: str) -> Any:
    if kind not in known():
        if plugins.is_own(kind, plugins.EVALUATORS):
            return plugins.module("kind", kind, plugins.EVALUATORS, "evaluate")
        more = [*known(), *plugins.known(plugins.EVALUATORS)]
        raise ConfigError(f"kind={kind!r} is not an evaluator; known: {', '.join(more)}")
    return importlib.import_module(f"{__name__}.{kind}")


def options(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an evaluation that its evaluator takes, beyond those that every evaluation has.

    Raises:
      ConfigError: the evaluator is unknown, does not have an option, or needs an option that is missing.
    """
    parameters = inspect.signature(evaluator(spec["kind"])).parameters.values()
    known = {p.name: p for p in parameters if p.kind is p.KEYWORD_ONLY}
    given = {name: value for name, value in spec.items() if name not in COMMON}
    for name in given:
        if name not in known:
            raise ConfigError(
                f"{name} is no field of {spec['kind']!r}; fields: {', '.join([*COMMON, *known])}"
            )
    for name, parameter in known.items():
        if parameter.default is parameter.empty and name not in given:
            raise ConfigError(f"{name} is missing; {spec['kind']!r} needs it")
    return given


def check(spec: Mapping[str, Any], requires: Collection[str]) -> None:
    """Refuses, before any work, an evaluation that could not run.

    After `options`, it calls the evaluator's own `check(options, roles, requires)`, if there is one, with all
    options, the names of the evaluation's roles and the names of the required runs.

    Raises:
      ConfigError: as for `options`, or as the evaluator's `check` raises.
    """
    given = all_options(spec)
    own = getattr(sys.modules[evaluator(spec["kind"]).__module__], "check", None)
    if own is not None:
        own(given, spec["roles"], requires)


def all_options(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The options of an evaluation, with the defaults of those that are not given.

    Raises:
      ConfigError: as for `options`.
    """
    given = options(spec)
    parameters = inspect.signature(evaluator(spec["kind"])).parameters.values()
    return {**{p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}, **given}


def check_metric(spec: Mapping[str, Any], metric: str) -> None:
    """Raises ConfigError unless the evaluation gives a number of this name."""
    known = [name.format(**all_options(spec)) for name in getattr(_module(spec["kind"]), "METRICS", ())]
    if metric not in known:
        raise ConfigError(f"metric {metric!r} of kind={spec['kind']!r} {nearest(metric, known)}")


def needed(spec: Mapping[str, Any]) -> list[str]:
    """The names of the columns that an evaluation needs in a batch, such as `image_label`."""
    given = all_options(spec)
    return [name.format(**given) for name in getattr(_module(spec["kind"]), "NEEDS", ())]


def judges(spec: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """The networks that an evaluation asks for classes or features of images -> values it needs of each."""
    given, module = all_options(spec), _module(spec["kind"])
    return {n.format(**given): getattr(module, "JUDGE_METRICS", ()) for n in getattr(module, "JUDGES", ())}


def reads_judge(spec: Mapping[str, Any]) -> bool:
    """Whether an evaluation reads the results of its judges' own evaluations."""
    module = _module(spec["kind"])
    return bool(getattr(module, "JUDGE_METRICS", ())) or hasattr(module, "check_judge")


def check_judge(spec: Mapping[str, Any], test: Mapping[str, Any] | None) -> None:
    """Refuses, before any work, a judge whose own result would lack what the evaluation reads.

    Args:
      spec: the evaluation.
      test: the judge's evaluation `test`; None if it has none.

    Raises:
      ConfigError: as the evaluator's `check_judge` raises.
    """
    own = getattr(_module(spec["kind"]), "check_judge", None)
    if own is not None:
        own(all_options(spec), test)


def check_data(spec: Mapping[str, Any], columns: Collection[str], counts: Mapping[str, int]) -> None:
    """Refuses data that the evaluation cannot work on.

    Args:
      spec: the evaluation.
      columns: names of the columns of its batches.
      counts: the number of images of each role.

    Raises:
      ConfigError: a column is missing, or a role has too few images.
    """
    given, module = all_options(spec), _module(spec["kind"])
    for column in needed(spec):
        if column not in columns:
            role, _, what = column.rpartition("_")
            raise ConfigError(f"roles.{role} has no {what}, which kind={spec['kind']!r} needs")
    for option in getattr(module, "MORE_THAN", ()):
        for role, count in counts.items():
            if count <= given[option]:
                few = f"{count} images of roles.{role} are too few for {option}={given[option]}"
                raise ConfigError(f"{few}; allowed: {given[option] + 1} or more")
