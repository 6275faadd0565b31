"""Names of packages that are imported at their first use."""

import importlib
import pkgutil
import sys
from collections.abc import Callable, Mapping
from typing import Any


def names(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """A `__getattr__` for a package.

    Args:
      package: name of the package.
      homes: name -> the module that the name stands for, or `module:attribute`.
    """

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, _, attribute = homes[name].partition(":")
        found = importlib.import_module(module)
        return getattr(found, attribute) if attribute else found

    return find


def modules(package: str) -> Callable[[str], Any]:
    """A `__getattr__` for a package that finds the modules in it."""

    def find(name: str) -> Any:
        there = [module.name for module in pkgutil.iter_modules(sys.modules[package].__path__)]
        return names(package, {module: f"{package}.{module}" for module in there})(name)

    return find
