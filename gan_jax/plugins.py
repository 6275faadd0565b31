"""Code of one's own outside the package: modules by import path, by file, or by entry point.

A module that is named here is run. The names come from configurations, which are code themselves, or from the
`config.json` of a run. A `config.json` names a file by its absolute path only. The folder of a run that comes
from elsewhere therefore cannot name code that came with it.
"""

import contextlib
import functools
import hashlib
import importlib
import importlib.machinery
import importlib.metadata
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from gan_jax import paths
from gan_jax.errors import ConfigError

MODELS, EVALUATORS, DATA = "gan_jax.models", "gan_jax.evaluators", "gan_jax.data"  # groups of entry points

_IMPORTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


def is_file(name: str) -> bool:
    """Whether a name is that of a file with code."""
    return name.endswith(".py")


def known(group: str) -> list[str]:
    """The names that installed packages offer in a group of entry points."""
    return sorted(_entries(group))


@functools.cache
def _entries(group: str) -> dict[str, str]:
    """Name -> module. The search reads a file of every installed package."""
    return {entry.name: entry.module for entry in importlib.metadata.entry_points(group=group)}


def is_own(name: str, group: str) -> bool:
    """Whether a name stands for code outside the package: a file, an import path, or an entry point."""
    return is_file(name) or bool(_IMPORTED.fullmatch(name)) or name in known(group)


def located(name: str) -> str:
    """The name, with the absolute path of a file."""
    return str(paths.given("file", name).absolute()) if is_file(name) else name


def module(field: str, name: str, group: str, member: str) -> ModuleType:
    """The module that a name stands for, which is run at its first use. Errors in its code are not caught.

    Args:
      field: the field that has the name, for messages.
      name: a path ending in `.py`, an import path such as `my_package.tiny_hinge`, or an entry point.
      group: the group of entry points.
      member: what the module must define.

    Raises:
      ConfigError: there is no such file, module or entry point, or it has no file or does not define
        `member`.
    """
    if is_file(name):
        found = _of_file(field, name)
    elif name in known(group):
        found = importlib.import_module(_entries(group)[name])
    else:
        try:
            found = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise  # a module that the code itself imports
            raise ConfigError(f"{field}={name!r} cannot be imported: {error}") from error
    if not hasattr(found, member):
        raise ConfigError(f"{field}={name!r} defines no {member}")
    if not hasattr(getattr(found.__spec__, "loader", None), "get_data"):
        raise ConfigError(f"{field}={name!r} has no file, by which runs of other code are told apart")
    _content(found)
    return found


def sha256(field: str, name: str, group: str, member: str) -> str:
    """The SHA-256 of the file of a module, as this process runs it. Modules that it imports do not count.

    Args and Raises are those of `module`.
    """
    return hashlib.sha256(_content(module(field, name, group, member))).hexdigest()


@functools.cache
def _content(found: ModuleType) -> bytes:
    """The file of a module, read once: the process goes on with the code that it has, after an edit too."""
    loader: Any = getattr(found.__spec__, "loader", None)
    return loader.get_data(found.__file__)


def _of_file(field: str, name: str) -> ModuleType:
    path = paths.given(field, name).absolute()
    if not path.is_file():
        raise ConfigError(f"{field}={name!r} cannot be read: there is no file {path}")
    return _run(path)


@functools.cache
def _run(path: Path) -> ModuleType:
    title = f"{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(title, path, loader=_Loader(title, str(path)))
    assert spec is not None and spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[title] = found  # dataclasses and type hints look their module up
    with contextlib.ExitStack() as unless_run:
        unless_run.callback(sys.modules.pop, title)
        spec.loader.exec_module(found)
        unless_run.pop_all()
    return found


class _Loader(importlib.machinery.SourceFileLoader):
    """Runs a file's text, which is read once. Compiled code may be that of a file edited a moment ago."""

    @functools.cached_property
    def _text(self) -> bytes:
        return Path(self.path).read_bytes()

    def get_data(self, path: str) -> bytes:
        """The file's text."""
        return self._text

    def get_code(self, fullname: str) -> Any:
        """The code of the file's text."""
        return self.source_to_code(self._text, self.path)
