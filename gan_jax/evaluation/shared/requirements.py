"""What evaluators refuse before any work: missing roles, and options with values that are not allowed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from gan_jax.errors import ConfigError
from gan_jax.metrics import features as from_files
from gan_jax.ops.labels import LabelSets


def require_features(features: str, weights: str, files: Sequence[str], requires: Collection[str]) -> None:
    """Refuses features whose network is not there. It reads the file of weights, if any.

    Args:
      features: 'judge' for a required run of this name, or one of `files`.
      weights: path of the weights; '' for a network among `requires`.
      files: the features whose networks come from a file.
      requires: names of the required runs and of the weights from files.

    Raises:
      ConfigError: naming the field, its value and what is allowed.
    """
    if features == "judge":
        if "judge" not in requires:
            raise ConfigError("features='judge' needs a classifier named judge among the required runs")
        if weights:
            raise ConfigError(f"weights={weights!r} is for features={', '.join(map(repr, files))}")
    elif weights:
        from_files.check(features, weights)
    elif features not in requires:
        raise ConfigError(
            f"weights='' is not allowed with features={features!r}; allowed: the path of its weights, or "
            f"weights named {features} among the required runs"
        )


def require_choice(options: Mapping[str, Any], name: str, allowed: Collection[str]) -> None:
    """Raises ConfigError unless an option is one of these words."""
    if options[name] not in allowed:
        words = ", ".join(map(repr, allowed))
        raise ConfigError(f"{name}={options[name]!r} is not allowed; allowed: {words}")


def require_tested(test: Mapping[str, Any] | None, kinds: Collection[str]) -> Mapping[str, Any]:
    """The evaluation `test` of a judge; raises ConfigError unless it is of one of these kinds."""
    allowed = ", ".join(map(repr, kinds))
    if test is None:
        raise ConfigError(f"evals.test is missing; allowed: an evaluation of kind {allowed}")
    if test["kind"] not in kinds:
        raise ConfigError(f"evals.test.kind={test['kind']!r} is not allowed; allowed: {allowed}")
    return test


def require_attributes(test: Mapping[str, Any] | None, names: Sequence[str]) -> None:
    """Raises ConfigError unless the evaluation `test` of a judge measures these attributes."""
    found = require_tested(test, ("attributes",))["attributes"]
    for name in names:
        if name not in found:
            known = ", ".join(found) or "none"
            raise ConfigError(f"evals.test.attributes: {name!r} is not among the judge's attributes: {known}")


def require_count(options: Mapping[str, Any], name: str, least: int) -> None:
    """Raises ConfigError unless an option is a number from `least` to a million."""
    if not least <= options[name] <= 10**6:
        raise ConfigError(f"{name}={options[name]} is not allowed; allowed: {least} to {10**6}")


def require_roles(roles: Collection[str], wanted: Iterable[str], why: str) -> None:
    """Raises ConfigError if a wanted role is missing; `why` says what the roles are for."""
    for role in wanted:
        if role not in roles:
            raise ConfigError(f"roles.{role} is missing; {why}")


def require_labels(model: Any, options: Mapping[str, Any]) -> None:
    """Raises ConfigError unless the options `labels` and `exclusive` give the model's vectors of labels."""
    found, wanted = LabelSets(options["labels"], options["exclusive"]), model.requests
    if len(model.condition(wanted[0][:1])) != found.size:
        raise ConfigError(f"labels={found.names} is not allowed; allowed: those of the model, {wanted}")


def require_styles(model: Any, what: str) -> None:
    """Raises ConfigError unless styles reach a layer of the model; `what` is the field that needs it."""
    if not (model.has_styles and model.styled_sides):
        raise ConfigError(f"{what} is for models whose layers take styles; those of this one take none")


def require_plane(model: Any, kind: str) -> None:
    """Raises ConfigError unless the model's latent vectors have two dimensions, which `kind` draws."""
    z_dim = getattr(model, "z_dim", 0)
    if z_dim != 2:
        raise ConfigError(f"kind={kind!r} draws a plane; model.z_dim={z_dim} is not allowed; allowed: 2")
