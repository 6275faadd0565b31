"""Configuration files and their variants: `configs/dtn_digits.py:no_tid`."""

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ml_collections

from gan_jax.errors import ConfigError, nearest

Variant = Mapping[str, Any] | Callable[[ml_collections.ConfigDict], Mapping[str, Any]]


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


def apply(
    config: ml_collections.ConfigDict, arg: str, variants: Mapping[str, Variant]
) -> ml_collections.ConfigDict:
    """Overrides fields by the variants that `arg` names, separated by commas, and locks the rest.

    Args:
      config: changed in place.
      arg: what follows the colon of `--config=FILE:ARG`.
      variants: for each name, values of dotted fields, or a function of the configuration so far that
        returns them. They apply in this order, however `arg` puts them, so that what a variant is about is
        not undone by one that only makes things small.

    Raises:
      ConfigError: an unknown variant; the message lists those known.
    """
    chosen = set(filter(None, arg.split(",")))
    for name in sorted(chosen - set(variants)):
        raise ConfigError(f"variant {name!r} {nearest(name, variants)}")
    for name in filter(chosen.__contains__, variants):
        variant = variants[name]
        config.update_from_flattened_dict(dict(variant(config) if callable(variant) else variant))
        config.name = f"{config.name}_{name}"
    return config.lock()
