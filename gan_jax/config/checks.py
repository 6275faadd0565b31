"""Checks of a configuration before a run starts. They need no data."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import ml_collections

from gan_jax import evaluation, models
from gan_jax.config import types
from gan_jax.config.sets import resolve
from gan_jax.data.embedded import catalogue
from gan_jax.data.roles import complete
from gan_jax.errors import ConfigError, nearest
from gan_jax.metrics import features
from gan_jax.ops import precision

RANGES = {
    "batch_size": (1, 2**20),
    "steps": (0, 10**9),
    "seed": (0, 2**31 - 1),
    "log_every": (1, 10**9),
    "log_seconds": (0, 10**6),
    "checkpoint_every": (1, 10**9),
    "keep": (1, 10**6),
    "steps_per_call": (1, 10**4),
    "accumulate": (1, 10**4),
    "data.size": (4, 4096),
    "data.load_size": (0, 4096),
    "data.store_above": (0, 2**60),
    "data.width": (0, 4096),
}

_NAME_BYTES = 200  # file systems allow 255; a required run's folder and a sheet have longer names than these

CHOICES = {
    "platform": ("", "cpu", "gpu", "tpu"),
    "precision": precision.POLICIES,
    "matmul_precision": ("", "bfloat16", "tensorfloat32", "float32"),
    "checkpoint_rule": ("last", "best"),
    "data.kind": ("unpaired", "paired"),
}


def validate(config: ml_collections.ConfigDict, sets: Mapping[str, Any] | None = None) -> None:
    """Checks all fields of a run and of the runs that it requires, as far as no data are needed.

    Args:
      config: configuration of the run.
      sets: data sets of the run that requires this one. Roles may name them beside the configuration's own
        data sets.

    Raises:
      ConfigError: a wrong field; the message has the field, its value and the allowed values.
    """
    types.check(config)
    _check_names(config)
    _check_values(config)
    if 0 < config.data.load_size < config.data.size:
        allowed = f"0, or data.size={config.data.size} and more"
        raise ConfigError(f"data.load_size={config.data.load_size} is not allowed; allowed: {allowed}")
    for name, spec in config.data.sets.items():
        if spec.embedded not in ("", *catalogue.NAMES):
            embedded = f"data.sets.{name}.embedded={spec.embedded!r}"
            raise ConfigError(f"{embedded} {nearest(spec.embedded, catalogue.NAMES)}")
    sets = {**(sets or {}), **config.data.sets}
    for name, role_spec in config.data.roles.items():
        _check_role(f"data.roles.{name}", role_spec, sets)
    _check_accumulation(config)
    _check_best(config)
    _check_weights(config)
    built = models.create(config.model)
    _check_schedule(config.steps, built)
    _check_width(config, built)
    _check_judges("the model", dict.fromkeys(built.features.values(), ()), config.requires)
    for name, spec in config.evals.items():
        _check_evaluation(f"evals.{name}", spec, [*config.requires, *config.weights], built)
        _check_judges(f"evals.{name}", evaluation.judges(spec), config.requires)
        _check_results_of_judges(f"evals.{name}", spec, config)
        for role_name, role_spec in spec["roles"].items():
            _check_role(f"evals.{name}.roles.{role_name}", role_spec, sets)
    try:
        built.check(_inputs(config))
    except ValueError as error:
        raise ConfigError(f"data.size={config.data.size}: {error}") from error
    for name, required in config.requires.items():
        try:
            validate(required, sets)
        except ConfigError as error:
            raise ConfigError(f"requires.{name}.{error}") from error


def _check_values(config: ml_collections.ConfigDict) -> None:
    """Refuses values outside their ranges."""
    for name, value in _leaves(config):
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"{name}={value} is not allowed; allowed: finite numbers")
    for name, (low, high) in RANGES.items():
        value = _get(config, name)
        if not low <= value <= high:
            raise ConfigError(f"{name}={value} is not allowed; allowed: {low} to {high}")
    for name, choices in CHOICES.items():
        value = _get(config, name)
        if value not in choices:
            allowed = ", ".join(map(repr, choices))
            raise ConfigError(f"{name}={value!r} is not allowed; allowed: {allowed}")


def _check_accumulation(config: ml_collections.ConfigDict) -> None:
    """Refuses parts into which the batch cannot be cut, or on which the devices would not step alone."""
    if config.batch_size % config.accumulate:
        allowed = f"divisors of batch_size={config.batch_size}"
        raise ConfigError(f"accumulate={config.accumulate} is not allowed; allowed: {allowed}")
    if config.accumulate > 1 and config.global_batch:
        raise ConfigError(f"accumulate={config.accumulate} is not allowed with global_batch=True; allowed: 1")


def _check_best(config: ml_collections.ConfigDict) -> None:
    """Refuses a watched metric without an evaluation, and a rule without a watched metric."""
    watched = config.best.partition("/")[0]
    if watched and watched not in config.evals:
        raise ConfigError(f"best={config.best!r}: evaluation {watched!r} {nearest(watched, config.evals)}")
    if watched:
        spec = config.evals[watched]
        try:
            evaluation.check_metric(spec, config.best.partition("/")[2])
        except ConfigError as error:
            raise ConfigError(f"best={config.best!r}: {error}") from error
        if config.checkpoint_rule == "best" and config.steps and not 0 < spec["every"] <= config.steps:
            raise ConfigError(
                f"evals.{watched}.every={spec['every']} is not allowed with checkpoint_rule='best' and "
                f"best={config.best!r}; allowed: 1 to steps={config.steps}"
            )
    if config.checkpoint_rule == "best" and not config.best:
        raise ConfigError("checkpoint_rule='best' needs a metric in best, such as 'validation/accuracy'")


def _check_weights(config: ml_collections.ConfigDict) -> None:
    """Refuses files of weights that cannot be read, and weights with the name of a required run."""
    for name, path in config.weights.items():
        try:
            features.check(name, path)
        except ConfigError as error:
            raise ConfigError(f"weights.{name}: {error}") from error
    both = sorted(set(config.weights) & set(config.requires))
    if both:
        raise ConfigError(f"weights.{both[0]} has the name of a required run; choose another name")


def _check_schedule(steps: int, built: models.Model) -> None:
    """Refuses steps at rate zero, which would change no parameter."""
    for field, end in built.rate_ends.items():
        if steps > end:
            value = getattr(built, field)
            raise ConfigError(
                f"steps={steps} is not allowed with model.{field}={value}, since the learning rate is zero "
                f"from step {end} on; allowed: 0 to {end}, or a model.{field} of "
                f"{value + steps - end} or more"
            )


def _check_width(config: ml_collections.ConfigDict, built: models.Model) -> None:
    """Refuses rectangles for a model of squares."""
    size, width = config.data.size, config.data.width
    if width not in (0, size) and not built.takes_rectangles:
        raise ConfigError(
            f"data.width={width} is not allowed with data.size={size}: model {config.model.name!r} takes "
            "squares with these fields; allowed: 0"
        )
    for name, spec in (*config.data.sets.items(), *config.data.roles.items()):
        if width and spec.get("resize") == "fit":
            allowed = "'crop', 'squeeze', 'width'"
            raise ConfigError(
                f"{name}.resize='fit' is not allowed with data.width={width}; allowed: {allowed}"
            )
    if 0 < width < 4:
        raise ConfigError(f"data.width={width} is not allowed; allowed: 0, or 4 to 4096")


def _check_names(config: ml_collections.ConfigDict) -> None:
    """Refuses names that cannot be the name of one folder or file: of the run, and of its evaluations."""
    for field, name in [("name", config.name), *(("evals: name", name) for name in config.evals)]:
        whole = isinstance(name, str) and name.isprintable() and "/" not in name and name[:1] != "."
        if not whole or len(name.encode()) > _NAME_BYTES:
            allowed = f"printable characters, no '/', {_NAME_BYTES} bytes at most, no '.' at the beginning"
            raise ConfigError(f"{field}={str(name)[:80]!r} is not allowed; allowed: {allowed}")


def _inputs(config):
    """What is known of the training data before they are read. One device then takes the whole batch."""
    varies = config.data.flip or config.data.load_size > config.data.size
    networks = (*config.requires, *config.weights)
    return models.Inputs(
        config.data.size,
        varies,
        _seen_sizes(config),
        networks=networks,
        batch_size=config.batch_size // config.accumulate,
        width=config.data.width,
    )


def _seen_sizes(config):
    """Pixels a side at which the network of each required run sees images, by name."""
    return {n: models.create(r.model).seen_size(r.data.size) for n, r in config.requires.items()}


def _check_role(name: str, spec: Mapping[str, Any], sets: Mapping[str, Any]) -> None:
    labels = spec.get("exclude", ())
    if not all(type(label) is int and label >= 0 for label in labels):
        raise ConfigError(f"{name}.exclude={labels!r} is not allowed; allowed: labels, 0 or more")
    try:
        complete(resolve(spec, sets))
    except ConfigError as error:
        raise ConfigError(f"{name}: {error}") from error


def _check_evaluation(name: str, spec: Mapping[str, Any], requires: Collection[str], built: Any) -> None:
    for field, low in {"every": 0, "num": 1}.items():
        value = spec.get(field, low)
        if not low <= value <= 10**9:
            raise ConfigError(f"{name}.{field}={value} is not allowed; allowed: {low} to {10**9}")
    try:
        evaluation.check(spec, requires)
        evaluation.check_model(spec, built)
    except ConfigError as error:
        raise ConfigError(f"{name}.{error}") from error


def _check_judges(asking: str, judges: Mapping[str, Sequence[str]], requires: Mapping[str, Any]) -> None:
    """Refuses required runs that `asking` cannot use.

    Their models do not tell classes of whole images, or their evaluations do not give the values of `judges`.
    """
    for judge, metrics in judges.items():
        if judge in requires and not models.model_class(requires[judge].model.name).tells_classes:
            able = [kind for kind in models.known() if models.model_class(kind).tells_classes]
            raise ConfigError(
                f"requires.{judge}.model.name={requires[judge].model.name!r} is not allowed, because "
                f"{asking} asks the run for classes or features of whole images; allowed: {', '.join(able)}"
            )
        if judge in requires and metrics:
            _check_judged(asking, f"requires.{judge}", metrics, requires[judge].evals)


def _check_results_of_judges(asking: str, spec: Mapping[str, Any], config: ml_collections.ConfigDict) -> None:
    """Refuses judges that have no result of their own, or whose result lacks what the evaluation reads."""
    for judge in evaluation.judges(spec):
        if judge in config.weights and evaluation.reads_judge(spec):
            reason = f"because {asking} reads the judge's own result, which a file of weights does not have"
            raise ConfigError(f"weights.{judge} is not allowed, {reason}; allowed: requires.{judge}")
        if judge in config.requires:
            try:
                evaluation.check_judge(spec, config.requires[judge].evals.get("test"))
            except ConfigError as error:
                raise ConfigError(f"requires.{judge}.{error}; {asking} asks this judge") from error


def _check_judged(asking: str, judge: str, metrics: Sequence[str], evals: Mapping[str, Any]) -> None:
    """Refuses a judge whose own result would lack a value that `asking` reads."""
    if "test" not in evals:
        raise ConfigError(f"{judge}.evals.test is missing; {asking} needs its {', '.join(metrics)}")
    for metric in metrics:
        try:
            evaluation.check_metric(evals["test"], metric)
        except ConfigError as error:
            raise ConfigError(f"{judge}.evals.test does not give what {asking} needs: {error}") from error


def _leaves(config, prefix=""):
    for key, value in config.items():
        if isinstance(value, ml_collections.ConfigDict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _get(config, dotted):
    for key in dotted.split("."):
        config = config[key]
    return config
