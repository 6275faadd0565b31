"""Configuration files and their variants: `configs/dtn_digits.py:no_tid`."""

import contextvars
import importlib.util
from collections.abc import Callable
from pathlib import Path

import ml_collections

from gan_jax.config.defaults import default
from gan_jax.errors import ConfigError, nearest

Variant = Callable[[ml_collections.ConfigDict], None]


_KNOWN: contextvars.ContextVar[dict[str, Variant] | None] = contextvars.ContextVar("known", default=None)


def known(file: str) -> dict[str, Variant]:
    """The variants of a configuration file by name, in the order of the file.

    Raises:
      ConfigError: no such file.
    """
    found: dict[str, Variant] = {}
    token = _KNOWN.set(found)
    try:
        load(file.partition(":")[0])
    finally:
        _KNOWN.reset(token)
    return found


def load(path: str) -> ml_collections.ConfigDict:
    """The configuration of a file, with the variants after the colon: `configs/dtn_digits.py:no_tid`.

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
    """Marks a variant that applies after all variants without this mark, wherever it is written."""
    variant.last = True  # type: ignore[attr-defined]
    return variant


def reference(variant: Variant) -> Variant:
    """Marks a variant that may change nothing, such as the row that other rows are compared with."""
    variant.reference = True  # type: ignore[attr-defined]
    return variant


def apply(config: ml_collections.ConfigDict, arg: str, *variants: Variant) -> ml_collections.ConfigDict:
    """Changes a configuration by the variants that `arg` names, in the order written, and locks it.

    Args:
      config: changed in place. Each variant appends its name to the configuration's name.
      arg: the part of `--config=FILE:ARG` after the colon: names of variants, separated by commas.
      *variants: functions that change a configuration in place. The name of a variant is its function's name.
        Variants marked by `last` apply after the others.

    Raises:
      ConfigError: an unknown variant, a variant that changes nothing, or a field that no configuration has.
    """
    known = {variant.__name__: variant for variant in variants}
    listed = _KNOWN.get()
    if listed is not None:
        listed.clear()  # a configuration may begin with another one; the last call is its own
        listed.update(known)
    chosen = list(dict.fromkeys(filter(None, arg.split(","))))
    for name in chosen:
        if name not in known:
            raise ConfigError(f"variant {name!r} {nearest(name, known)}")
    for name in sorted(chosen, key=lambda name: hasattr(known[name], "last")):
        before = config.to_dict()
        known[name](config)
        if config.to_dict() == before and not hasattr(known[name], "reference"):
            raise ConfigError(f"variant {name!r} changes nothing in {config.name!r}; leave it out")
        config.name = f"{config.name}_{name}"
    _refuse_new_fields(config, default())
    return config.lock()


def _refuse_new_fields(config: ml_collections.ConfigDict, known: ml_collections.ConfigDict) -> None:
    """Raises ConfigError for a field that no configuration has.

    Nothing reads such a field, which is most likely misspelt. `validate` checks the fields of the model.
    """
    for place, fields, allowed in (("", config, known), ("data.", config.data, known.data)):
        for name in sorted(set(fields) - set(allowed)):
            raise ConfigError(f"{place}{name} {nearest(name, allowed)}")
    for required in config.requires.values():
        _refuse_new_fields(required, known)
