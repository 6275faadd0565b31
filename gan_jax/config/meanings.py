"""What fields mean, read from where they are defined: comments beside fields, and docstrings of functions."""

import ast
import inspect
import io
import re
import textwrap
import tokenize
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any


def beside(thing: Any) -> dict[str, str]:
    """The comments beside the fields that a class defines, or that a function assigns to an object.

    A comment belongs to the statement on whose lines it stands. Lines below with nothing but a comment
    continue it. Such lines belong to the statement below them if the one above has no comment.

    Args:
      thing: a class, whose fields are annotated names; or a function, whose fields are assignments such as
        `config.data.size = 32`, here named `data.size`.

    Returns:
      Field -> its comment in one line, '' without one. Fields of base classes are left out.
    """
    source = textwrap.dedent(inspect.getsource(thing))
    whole, trailing = _comments(source)
    found: dict[str, str] = {}
    taken = 0  # the last line of the statement before and of its comment
    for name, first, last in _fields(ast.parse(source).body[0]):
        texts = [trailing[line] for line in range(first, last + 1) if line in trailing]
        while texts and last + 1 in whole:
            last += 1
            texts.append(whole[last])
        above = first
        while not texts and above - 1 in whole and above - 1 > taken:
            above -= 1
        found[name] = " ".join(texts or [whole[line] for line in range(above, first)])
        taken = last
    return found


def _fields(definition: Any) -> Iterator[tuple[str, int, int]]:
    """Name, first and last line of each statement of a class or function that defines a field."""
    for node in definition.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            if "ClassVar" not in ast.dump(node.annotation):
                yield node.target.id, node.lineno, node.end_lineno or node.lineno
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
            name = ast.unparse(node.targets[0]).partition(".")[2]
            yield name, node.lineno, node.end_lineno or node.lineno


def _comments(source: str) -> tuple[dict[int, str], dict[int, str]]:
    """Line -> its comment, for lines with nothing else, and for all other lines."""
    whole: dict[int, str] = {}
    trailing: dict[int, str] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        text = token.string.removeprefix("#").strip()
        if token.type == tokenize.COMMENT and not text.startswith(("noqa", "fmt:", "type:")):
            alone = not token.line[: token.start[1]].strip()
            (whole if alone else trailing)[token.start[0]] = text
    return whole, trailing


def arguments(function: Callable[..., Any]) -> dict[str, str]:
    """The arguments of a function, as the section `Args:` of its docstring explains them.

    Returns:
      Argument -> its explanation in one line.
    """
    lines = inspect.cleandoc(function.__doc__ or "").splitlines()
    found: dict[str, list[str]] = defaultdict(list)
    name = ""
    for line in lines[lines.index("Args:") + 1 :] if "Args:" in lines else ():
        if line and not line.startswith(" "):
            break
        entry = re.match(r"  \*{0,2}(\w+): (.*)", line)
        name = entry[1] if entry else name
        found[name].append(entry[2] if entry else line.strip())
    return {name: " ".join(filter(None, parts)) for name, parts in found.items()}


def entries(text: str) -> dict[str, str]:
    """The fields that a text lists as "`name`: meaning", or "`one`, `other`: meaning" for several."""
    pattern = r"(?:^|(?<=[.;] ))((?:`\w+`, )*`\w+`): "
    parts = re.split(pattern, text)
    found: dict[str, str] = {}
    for names, meaning in zip(parts[1::2], parts[2::2], strict=True):
        found |= dict.fromkeys(re.findall(r"`(\w+)`", names), meaning.strip())
    return found


def summary(text: str | None) -> str:
    """The first paragraph of a docstring, in one line."""
    return " ".join(inspect.cleandoc(text or "").split("\n\n")[0].split())
