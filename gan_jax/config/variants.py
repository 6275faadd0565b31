"""Configuration files and their variants: `configs/dtn_digits.py:no_tid`."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import ml_collections

from gan_jax.config.defaults import default
from gan_jax.errors import ConfigError, nearest

Variant = Callable[[ml_collections.ConfigDict], None]


def load(path: str) -> ml_collections.ConfigDict:
    """The configuration of a file with variants behind a colon: `configs/dtn_digits.py:no_tid`.

    Raises:
      ConfigError: no such file, or an unknown variant.
    """
    file, _, arg = path.partition(":")
    spec = importlib.util.spec_from_file_location("configuration", file)
    if spec is None or spec.loader is None or not Path(file).is_file():
        raise ConfigError(f"no configuration file {file!r}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.get_config(arg)


def last(variant: Variant) -> Variant:
    """Marks a variant that applies after those without this mark, wherever it is written."""
    variant.last = True  # type: ignore[attr-defined]
    return variant


def reference(variant: Variant) -> Variant:
    """Marks a variant that may change nothing: the row of a table that other rows are compared with."""
    variant.reference = True  # type: ignore[attr-defined]
    return variant


def apply(config: ml_collections.ConfigDict, arg: str, *variants: Variant) -> ml_collections.ConfigDict:
    """Changes a configuration by the variants that `arg` names, in the order written there, and locks it.

    Args:
      config: changed in place. Its name gets the names of the variants, in the order that they apply.
      arg: what follows the colon of `--config=FILE:ARG`, names separated by commas.
      *variants: functions that change a configuration in place. The name of each is that of the function.
        Those marked by `last` apply last.

    Raises:
      ConfigError: an unknown variant, with those known; one that changes nothing here; or a field that no
        configuration has.
    """
    known = {variant.__name__: variant for variant in variants}
    chosen = list(dict.fromkeys(filter(None, arg.split(","))))
    for name in chosen:
        if name not in known:
            raise ConfigError(f"variant {name!r} {nearest(name, known)}")
    for name in sorted(chosen, key=lambda name: hasattr(known[name], "last")):
        before = config.to_dict()
        known[name](config)
        if config.to_dict() == before and not hasattr(known[name], "reference"):
            raise ConfigError(f"variant {name!r} changes nothing of {config.name!r}; leave it out")
        config.name = f"{config.name}_{name}"
    _refuse_new_fields(config, default())
    return config.lock()


def _refuse_new_fields(config: ml_collections.ConfigDict, known: ml_collections.ConfigDict) -> None:
    """A misspelt field would else be a new one that nobody reads; `validate` looks at those of the model."""
    for place, fields, allowed in (("", config, known), ("data.", config.data, known.data)):
        for name in sorted(set(fields) - set(allowed)):
            raise ConfigError(f"{place}{name} {nearest(name, allowed)}")
    for required in config.requires.values():
        _refuse_new_fields(required, known)
