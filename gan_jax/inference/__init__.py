"""Uses of trained runs: one file for each mode of the command line, except `train` and `eval`.

The mode `<name>` is `run(workdir, *, ...) -> values` of `inference/<name>.py`. Its keyword-only parameters
are its flags; those without a default are required. The command prints the values. A mode that needs no run
has no parameter `workdir`.
"""

import importlib
import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any

from gan_jax.errors import ConfigError


def mode(name: str) -> Callable[..., Mapping[str, Any]]:
    """The function `run` of `inference/<name>.py`."""
    return importlib.import_module(f"{__name__}.{name}").run


def takes_run(run: Callable[..., Any]) -> bool:
    """Whether a mode is given the folder of a run."""
    return "workdir" in inspect.signature(run).parameters


def check_flags(name: str, run: Callable[..., Any], given: Collection[str]) -> None:
    """Refuses flags that a mode does not take, and missing flags that it needs.

    Args:
      name: name of the mode.
      run: the mode's function; its keyword-only parameters are its flags.
      given: names of the flags on the command line.

    Raises:
      ConfigError: naming the flag, and the flags that the mode takes.
    """
    parameters = inspect.signature(run).parameters.values()
    flags = {p.name: p.default is p.empty for p in parameters if p.kind is p.KEYWORD_ONLY}
    for flag in given:
        if flag not in flags:
            listed = ", ".join(f"--{known}" for known in (*(["workdir"] if takes_run(run) else []), *flags))
            raise ConfigError(f"--{flag} is not a flag of --mode={name}; its flags: {listed}")
    for flag, required in flags.items():
        if required and flag not in given:
            raise ConfigError(f"--{flag} is required with --mode={name}")
