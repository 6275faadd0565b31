"""Errors that a user can cause or repair. Each message is one line; the class sets the exit code."""

import difflib
import textwrap
from collections.abc import Iterable

_LISTED = 300  # most characters of a list of names in a message


class GanJaxError(Exception):
    """Base of all errors with a message meant for the user. The command exits with `exit_code`."""

    exit_code = 1


class ConfigError(GanJaxError, ValueError):
    """A configuration or command line that cannot run. It is found before any long work."""

    exit_code = 2


class DataError(GanJaxError):
    """A data set that is missing, unreachable, damaged or of the wrong shape."""


class CheckpointError(GanJaxError):
    """A checkpoint that cannot be written, or none that can be read back intact."""


class WorkdirError(GanJaxError):
    """A run's folder that cannot be used: busy, not writable, or of another configuration."""


class IncompleteError(GanJaxError):
    """Some of many inputs could not be used. The results of all other inputs are complete."""

    exit_code = 3


class NonFiniteError(GanJaxError):
    """A loss or parameter became NaN or infinite. Training stops and keeps the last good state."""


class Interrupted(GanJaxError):
    """SIGINT or SIGTERM arrived, and the state was saved. The exit code is 128 + signal, as in shells."""

    def __init__(self, signum: int):
        """Keeps `signum` (2 for Ctrl-C, 15 for SIGTERM) for the exit code."""
        super().__init__(f"stopped by signal {signum}; the same command resumes this run")
        self.exit_code = 128 + signum


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest known name, if any, and the known names.

    A list longer than a few terminal lines is shortened.
    """
    known = list(known)
    close = difflib.get_close_matches(name, known, 1)
    hint = f"; did you mean {close[0]!r}?" if close else ";"
    listed = textwrap.shorten(", ".join(known), _LISTED, placeholder=f" ... ({len(known)} in all)")
    return f"is not known{hint} known: {listed}"
