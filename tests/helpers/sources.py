"""The source files of the project, and what stands in them. Nothing is imported."""

import ast
import functools
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "gan_jax"
_COMMAND_LINES = ("main.py", "arguments.py", "inference/flags.py", "report/__main__.py")
COMMAND_LINES = tuple(PACKAGE / name for name in _COMMAND_LINES)
SOURCES = sorted(PACKAGE.rglob("*.py"))
CONFIGS = sorted((ROOT / "configs").glob("*.py"))
EXPERIMENTS = sorted((ROOT / "experiments").glob("*.py"))
ALL = [*SOURCES, *CONFIGS, *EXPERIMENTS]


@functools.cache
def tree(path):
    return ast.parse(path.read_text())


def name_of(path):
    return str(path.relative_to(ROOT))


def imports(path):
    """Dotted names of everything that a file imports, also inside functions."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name_of(path)}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def foreign(path):
    return [name for name in imports(path) if name.split(".")[0] not in sys.stdlib_module_names]


def within(name, allowed):
    return any(name == part or name.startswith(f"{part}.") for part in allowed)


def dotted(node):
    """`a.b.c` for an attribute chain, '' for any other node."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@functools.cache
def uses(path):
    """Every dotted name that the code reads, longest form first."""
    return {dotted(node) for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute | ast.Name)}


def package_of(path):
    """The name of a file's package, or of the file itself at the root."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")
