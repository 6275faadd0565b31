"""Fields of a configuration that follow from its images: labels, channels, sizes and attributes."""

import logging
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import ml_collections

from gan_jax import evaluation, models
from gan_jax.data.places import Place
from gan_jax.errors import ConfigError

_log = logging.getLogger(__name__)


def tree(config: ml_collections.ConfigDict) -> Iterator[ml_collections.ConfigDict]:
    """A run and the runs that it requires, directly or not."""
    yield config
    for required in config.requires.values():
        yield from tree(required)


def set_labels(
    config: ml_collections.ConfigDict, found: Mapping[str, Place], unlabelled: Collection[str] = ()
) -> None:
    """Sets numbers of classes, and leaves out scores that need labels where the images have none.

    A required run that is trained on labels is left out too, and so are the evaluations that need this run.
    A line of the log names each of them.

    Args:
      config: changed in place. Each data set has the name of the role of the training batch that reads it.
      found: the place of each of these data sets.
      unlabelled: data sets without the labels that the old ones had, such as attributes.

    Raises:
      ConfigError: the training itself needs labels.
    """
    bare = {name for name, place in found.items() if not (place.classes or config.data.sets[name].attributes)}
    bare |= set(unlabelled)
    # An evaluation that cannot run with every required run lacks something else, such as a file of weights.
    possible = {name for name, spec in config.evals.items() if _possible(config, spec)}
    lacking = f"data={_titles(found, bare)} has no labels"
    for name, role in config.data.roles.items():
        if _reads_labels([role], bare):
            raise ConfigError(f"{lacking}, which role {name!r} needs; {_WAYS}")
    for name, run in list(config.requires.items()):
        if not _reads_labels(run.data.roles.values(), bare):
            continue
        if name in models.create(config.model).features.values():
            raise ConfigError(f"{lacking}, which the required run {name!r} learns; {_WAYS}")
        _log.info("no labels: the required run %s is left out", name)
        del config.requires[name]
    for name, spec in list(config.evals.items()):
        if _reads_labels(spec.roles.values(), bare) or (name in possible and not _possible(config, spec)):
            _log.info("no labels: the evaluation %s is left out", name)
            del config.evals[name]
    if config.best.partition("/")[0] not in config.evals:
        config.best, config.checkpoint_rule = "", "last"
    _count_classes(config, found)


_WAYS = "allowed: a folder with a sub-folder for each class, or a set with labels"


def _titles(found: Mapping[str, Place], names: set[str]) -> str:
    return ", ".join(dict.fromkeys(repr(found[name].title) for name in sorted(names)))


def _reads_labels(roles: Any, bare: set[str]) -> bool:
    return any(role.get("labels", True) and role.get("set") in bare for role in roles)


def _possible(config: ml_collections.ConfigDict, spec: Any) -> bool:
    """Whether the required runs that an evaluation needs are there."""
    try:
        evaluation.check(spec, [*config.requires, *config.weights])
    except ConfigError:
        return False
    return True


def _count_classes(config: ml_collections.ConfigDict, found: Mapping[str, Place]) -> None:
    for run in tree(config):
        counts = {
            found[role.set].classes
            for role in run.data.roles.values()
            if role.get("set") in found and role.labels and found[role.set].classes
        }
        if not counts:
            continue
        if run.model.get("num_classes") and run.model.get("objective", "classes") == "classes":
            run.model.num_classes = max(counts)
        for spec in run.evals.values():
            if spec.get("classes"):
                spec.classes = max(counts)


def set_channels(config: ml_collections.ConfigDict, found: Mapping[str, Place]) -> None:
    """Sets the channels of the images that models make: `channels`, or `target_channels` and so on.

    If the model cannot go between grey and coloured images, the grey images get three equal channels.
    """
    channels = {name: place.channels for name, place in found.items()}
    _fill_channels(config, channels)
    try:
        models.create(config.model)
    except ConfigError:
        if len(set(channels.values())) == 1:
            raise
        _fill_channels(config, dict.fromkeys(channels, 3))
        for name in channels:
            config.data.sets[name].channels = 3


def _fill_channels(config: ml_collections.ConfigDict, channels: Mapping[str, int]) -> None:
    for name, number in channels.items():
        for field in ("channels", f"{name}_channels"):
            if field in config.model:
                config.model[field] = number


def resize(config: ml_collections.ConfigDict, width: int, height: int) -> None:
    """Sets the width and height of all images in pixels, and the fields of models that follow from them.

    Layers that halve images halve both sides, so these fields follow from the sides' greatest common divisor.
    Required runs that see images of the run's old size see the new one.
    """
    old = config.data.size
    with config.unlocked():
        for run in tree(config):
            if run.data.size == old:
                run.data.size, run.data.width = height, 0 if width == height else width
                run.data.load_size = run.data.load_size * height // old
                cls = models.model_class(run.model.name)
                run.model.update(cls.fields_at(math.gcd(width, height), run.model.to_dict()))


def fit(config: ml_collections.ConfigDict, how: str) -> None:
    """Sets how all data sets from files get the images' size: the field `resize` of roles."""
    with config.unlocked():
        for run in tree(config):
            for spec in run.data.sets.values():
                spec.resize = how


def request(config: ml_collections.ConfigDict, names: Sequence[str]) -> None:
    """Sets the attributes that a model changes, wherever the configuration repeats its data sets' attributes.

    Raises:
      ConfigError: no data set of the configuration has attributes, or their lists differ.
    """
    lists = {tuple(spec.attributes) for spec in config.data.sets.values() if spec.attributes}
    if len(lists) != 1:
        found = f"it has {len(lists)} lists of attributes" if lists else "it uses no attributes"
        raise ConfigError(f"attributes={','.join(names)} is not allowed for {config.name!r}: {found}")
    (old,) = lists
    with config.unlocked():
        _replace(config, old, tuple(names))
        for run in tree(config):
            if run.model.get("objective") == "attributes":
                run.model.num_classes = len(names)


def _replace(fields: ml_collections.ConfigDict, old: tuple[str, ...], new: tuple[str, ...]) -> None:
    for name, value in fields.items():
        if isinstance(value, ml_collections.ConfigDict):
            _replace(value, old, new)
        elif isinstance(value, Sequence) and not isinstance(value, str):
            fields[name] = _replaced(value, old, new)


def _replaced(value, old, new):
    if isinstance(value, Sequence) and not isinstance(value, str):
        return new if tuple(value) == old else tuple(_replaced(item, old, new) for item in value)
    return value
