"""What a file of results is about, in one line: from its text `about`, or from the script that wrote it."""

import ast
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gan_jax.files import reading

_SCRIPT_BYTES = 2**20  # largest script whose first line is read
_ENTRIES = 5  # most names of entries in a line


def about(content: Any, homes: Iterable[Path]) -> str:
    """One line on a JSON file.

    Args:
      content: the file's content. Its entry `about` is taken if it is a text.
      homes: folders in which the script of the entry `command` may lie, such as the checkout's. The line is
        then the first one of the script's docstring. The script is not run.

    Returns:
      If neither is there, the command, or else the names of the file's entries.
    """
    if not isinstance(content, dict):
        return f"{len(content)} values" if isinstance(content, list) else "one value"
    if isinstance(content.get("about"), str) and content["about"].strip():
        return " ".join(content["about"].split())
    command = content.get("command")
    if isinstance(command, str) and command.strip():
        return _first_line(_script(command), homes) or command
    names = list(map(str, content))
    return ", ".join(names[:_ENTRIES]) + (" ..." if len(names) > _ENTRIES else "")


def _script(command: str) -> str:
    """The relative path of the script or configuration that a command names; '' if there is none."""
    try:
        words = shlex.split(command)
    except ValueError:  # a quotation mark without its partner
        return ""
    places = [word.removeprefix("--config=").partition(":")[0] for word in words[1:]]
    return next((place for place in places if place.endswith(".py") and not place.startswith("-")), "")


def _first_line(script: str, homes: Iterable[Path]) -> str:
    for home in homes if script else ():
        path = (home / script).resolve()
        if not (path.is_relative_to(home.resolve()) and path.is_file()):
            continue
        try:
            text = ast.get_docstring(ast.parse(reading.read(path, _SCRIPT_BYTES)))
        except (OSError, SyntaxError, ValueError):
            return ""  # then the page shows the command
        return (text or "").strip().partition("\n")[0].strip()
    return ""
