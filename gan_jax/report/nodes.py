"""JSON of any layout as nodes that a page can show, without leaving anything out."""

import dataclasses
import json
import sys
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, TypeAlias

_DEPTH = 6  # levels shown as tables; deeper values are shown as JSON
_WIDTH = 90  # columns of JSON text
_FEW = 8  # an object inside a table gets a row or column for each entry up to this number of entries


@dataclasses.dataclass(frozen=True)
class Scalar:
    """A number, a string, a truth value or null."""

    value: Any
    kind: ClassVar[str] = "scalar"


@dataclasses.dataclass(frozen=True)
class Inline:
    """Scalars in one line, either all with names or all without."""

    items: tuple[tuple[str, Any], ...]
    kind: ClassVar[str] = "inline"


@dataclasses.dataclass(frozen=True)
class Fields:
    """Named values, one below the other."""

    items: tuple[tuple[str, "Node"], ...]
    kind: ClassVar[str] = "fields"


@dataclasses.dataclass(frozen=True)
class Grid:
    """A table: its heads, with '' above the row labels, and cells [rows][heads]; None is an empty cell."""

    heads: tuple[str, ...]
    rows: tuple[tuple["Node | None", ...], ...]
    kind: ClassVar[str] = "grid"


@dataclasses.dataclass(frozen=True)
class Text:
    """Preformatted text."""

    text: str
    kind: ClassVar[str] = "text"


EMPTY = Fields(())
Node: TypeAlias = Scalar | Inline | Fields | Grid | Text


def is_scalar(value: Any) -> bool:
    """Whether a JSON value is neither an object nor a list."""
    return not isinstance(value, dict | list)


def is_number(value: Any) -> bool:
    """Whether a JSON value is a finite number that a float can hold. True and false are not numbers."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def is_numbers(value: Any) -> bool:
    """Whether a JSON value is a list of numbers; the list may be empty."""
    return isinstance(value, list) and all(map(is_number, value))


def pretty(value: Any, indent: str = "") -> str:
    """JSON text for a reader. A list or an object that fits on a line has one line.

    All lines but the first begin with `indent`.
    """
    line = json.dumps(value, ensure_ascii=False)
    if is_scalar(value) or not value or len(indent + line) <= _WIDTH:
        return line
    inner = indent + "  "
    if isinstance(value, list):
        entries = [pretty(entry, inner) for entry in value]
        return _block("[", entries, "]", indent)
    entries = [
        f"{json.dumps(key, ensure_ascii=False)}: {pretty(entry, inner)}" for key, entry in value.items()
    ]
    return _block("{", entries, "}", indent)


def _block(start: str, entries: list[str], end: str, indent: str) -> str:
    """The entries of a list or an object, each on a line of its own."""
    inside = ",\n".join(f"{indent}  {entry}" for entry in entries)
    return f"{start}\n{inside}\n{indent}{end}"


def node(value: Any, depth: int = 0) -> Node:
    """The node for a JSON value that is nested `depth` levels deep."""
    if is_scalar(value):
        return Scalar(value)
    if depth >= _DEPTH:
        return Text(pretty(value))
    return _of_list(value, depth + 1) if isinstance(value, list) else _of_object(value, depth + 1)


def fields(value: Mapping[str, Any], leave: Collection[str] = ()) -> Fields:
    """The entries of an object one below the other, except those named in `leave`."""
    return Fields(tuple((key, node(entry, 1)) for key, entry in value.items() if key not in leave))


def grid(entries: list[dict[str, Any]], depth: int = 1) -> Grid:
    """A row for each object, a column for each key that any of them has."""
    entries = list(map(_spread, entries))
    heads = tuple(dict.fromkeys(key for entry in entries for key in entry))
    rows = [tuple(node(entry[head], depth) if head in entry else None for head in heads) for entry in entries]
    return Grid(heads, tuple(rows))


def _spread(entry: dict[str, Any]) -> dict[str, Any]:
    """An object whose small inner objects are replaced by entries named `outer/inner`."""
    spread: dict[str, Any] = {}
    for key, value in entry.items():
        few = isinstance(value, dict) and 0 < len(value) <= _FEW and all(map(is_scalar, value.values()))
        new = {f"{key}/{name}": inner for name, inner in value.items()} if few else {key: value}
        if new.keys() & spread.keys():
            return entry  # two entries of one name would lose the first
        spread |= new
    return spread


def _of_list(values: list[Any], depth: int) -> Node:
    if all(map(is_scalar, values)):
        return Inline(tuple(("", value) for value in values))
    if all(isinstance(value, dict) for value in values):
        return grid(values, depth)
    if all(isinstance(value, list) and all(map(is_scalar, value)) for value in values):
        width = max(map(len, values))
        rows = [tuple(map(Scalar, value)) + (None,) * (width - len(value)) for value in values]
        return Grid((), tuple(rows))
    return Fields(tuple((str(place), node(value, depth)) for place, value in enumerate(values)))


def _of_object(value: dict[str, Any], depth: int) -> Node:
    if value and all(map(is_scalar, value.values())) and depth > 1:
        return Inline(tuple(value.items()))
    entries = list(value.values())
    alike = len(entries) > 1 and all(isinstance(entry, dict) and entry for entry in entries)
    if alike and all(entry.keys() == entries[0].keys() for entry in entries):
        columns = grid(entries, depth)
        rows = [(Scalar(head), *cells) for head, *cells in zip(columns.heads, *columns.rows, strict=True)]
        return Grid(("", *value), tuple(rows))
    return Fields(tuple((key, node(entry, depth)) for key, entry in value.items()))
