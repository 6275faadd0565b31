"""Paths that a user writes in a flag or a field."""

import os
import re
from pathlib import Path

from gan_jax.errors import ConfigError


def programs(value: str) -> str:
    """The folder of compiled programs that the field `compilation_cache` gives; '' and 'none' stay."""
    return value if value in ("", "none") else str(given("compilation_cache", value))


def given(field: str, value: str | Path) -> Path:
    """The path that a user gives, with `~` and `~user` replaced by the home folder.

    Args:
      field: name of the flag or field, for messages.
      value: the path as written.

    Raises:
      ConfigError: the path is empty, is the address of a remote place, has a zero byte, or names the home
        of an unknown user.
    """
    text = os.fspath(value)
    full = os.path.expanduser(text)  # pathlib would take './~' for '~'
    if full.startswith("~"):
        raise ConfigError(f"{field}={text!r} is not allowed: there is no such user")
    if not text or "\0" in text or re.match(r"\w+://", text):
        allowed = "a path on this machine, such as './x' or '~/x'"
        raise ConfigError(f"{field}={text!r} is not allowed; allowed: {allowed}")
    return Path(full)
