"""Tables of an experiment beside the paper's figures, and the scores of runs, from their JSON."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from gan_jax.report import nodes
from gan_jax.report.view import Confusion, Row, Table

_ROW = ("name", "label", "paper", "accuracy")


@dataclasses.dataclass(frozen=True)
class Experiment:
    """An experiment's tables, and the entries of its JSON that the tables do not show."""

    tables: tuple[Table, ...]
    left: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Scores:
    """Runs' tables and confusion matrices, and the entries of their metrics that neither shows.

    `headline` is the accuracy of the main evaluation. `drawn` names the evaluations with a confusion matrix.
    """

    tables: tuple[Table, ...]
    confusions: tuple[Confusion, ...] = ()
    headline: Row | None = None
    left: dict[str, Any] = dataclasses.field(default_factory=dict)
    drawn: frozenset[str] = frozenset()


def experiment(content: Any) -> Experiment | None:
    """Reads `rows`, `best` and `tables`: accuracies in per cent, one for each seed, and the paper's.

    Returns:
      The experiment, or None if no table is found. Entries of another layout are kept in `left`.
    """
    if not isinstance(content, dict):
        return None
    left = dict(content)
    found = []
    if _is_row(content.get("best")):
        found.append(_table("Best", [left.pop("best")]))
    if _is_rows(content.get("rows")):
        found.append(_table("Rows" if found else "", left.pop("rows")))
    others = content.get("tables")
    if isinstance(others, list) and all(isinstance(t, dict) and _is_rows(t.get("rows")) for t in others):
        for table in left.pop("tables"):
            facts = nodes.fields(table, ("title", "rows"))
            found.append(_table(str(table.get("title", "")), table["rows"], facts))
    return Experiment(tuple(found), left) if found else None


def _is_row(entry: Any) -> bool:
    if not isinstance(entry, dict) or not isinstance(_label(entry), str):
        return False
    accuracy = entry.get("accuracy")
    return nodes.is_scalar(entry.get("paper")) and (nodes.is_number(accuracy) or nodes.is_numbers(accuracy))


def _is_rows(entries: Any) -> bool:
    return isinstance(entries, list) and bool(entries) and all(map(_is_row, entries))


def _label(entry: dict[str, Any]) -> Any:
    return entry.get("label") or entry.get("name")


def _table(title: str, entries: Sequence[dict[str, Any]], facts: nodes.Fields = nodes.EMPTY) -> Table:
    """A table of rows. Further scalar entries become columns; other entries are folded away."""
    keys = dict.fromkeys(key for entry in entries for key in entry if key not in _ROW)
    short = [key for key in keys if all(nodes.is_scalar(entry.get(key)) for entry in entries)]
    rows = []
    for entry in entries:
        accuracy, name = entry["accuracy"], entry.get("name")
        rows.append(
            Row(
                label=_label(entry),
                values=tuple(accuracy) if isinstance(accuracy, list) else (accuracy,),
                paper=entry.get("paper"),
                name=str(name) if name not in (None, _label(entry)) else "",
                more={key: entry[key] for key in short if key in entry},
            )
        )
    details = tuple((key, _detail(key, entries)) for key in keys if key not in short)
    heads = _heads(entries, max(len(row.values) for row in rows))
    return Table(title, tuple(rows), heads, facts, details)


def _detail(key: str, entries: Sequence[dict[str, Any]]) -> nodes.Node:
    """One entry of every row: a line for each object in it, or the entry itself."""
    found = [(_label(entry), entry[key]) for entry in entries if key in entry]
    parts = [
        (label, part) for label, value in found for part in (value if isinstance(value, list) else [value])
    ]
    if all(isinstance(part, dict) for _, part in parts):
        return nodes.grid([{"row": label, **part} for label, part in parts])
    return nodes.Fields(tuple((label, nodes.node(value, 1)) for label, value in found))


def _heads(entries: Sequence[dict[str, Any]], count: int) -> tuple[str, ...]:
    """The names of a row's values: their seeds if all rows have the same seeds, else their numbers."""
    seeds = [_seeds(entry.get("runs")) for entry in entries]
    if all(found == seeds[0] and len(found) == count for found in seeds):
        return tuple(f"seed {seed}" for seed in seeds[0])
    return tuple(f"run {number}" for number in range(1, count + 1))


def _seeds(runs: Any) -> list[Any]:
    return [run.get("seed") for run in runs if isinstance(run, dict)] if isinstance(runs, list) else []


def scores(metrics: Mapping[str, dict[str, Any]]) -> Scores:
    """Tables and confusion matrices of the metrics of one run, or of one run's seeds, by their heads."""
    parts = {head: _evaluations(found) for head, found in metrics.items()}
    names = dict.fromkeys(name for evaluations in parts.values() for name in evaluations)
    made: list[Table] = []
    confusions: list[Confusion] = []
    left: dict[str, Any] = {}
    drawn: set[str] = set()
    headline = None
    for name in names:
        values = {head: dict(evaluations.get(name, {})) for head, evaluations in parts.items()}
        title = name or "test"
        for head, entries in values.items():
            matrix = _confusion(entries, ", ".join(filter(None, [title, head if len(values) > 1 else ""])))
            if matrix:
                confusions.append(matrix)
                drawn.add(title)
        table = _scalars(title, values)
        if table.rows:
            made.append(table)
            if not name:
                headline = next((row for row in table.rows if row.label == "accuracy"), None)
        left |= {f"{title}, {head}" if head else title: rest for head, rest in values.items() if rest}
    return Scores(tuple(made), tuple(confusions), headline, left, frozenset(drawn))


def _evaluations(metrics: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The main evaluation's values under '', and every other evaluation's under its name."""
    nested = {name: values for name, values in metrics.items() if isinstance(values, dict)}
    return {"": {name: value for name, value in metrics.items() if name not in nested}, **nested}


def _scalars(title: str, values: dict[str, dict[str, Any]]) -> Table:
    """A row for each number that all values have; the numbers are removed from `values`."""
    rows = []
    for name in list(next(iter(values.values()))):
        if all(nodes.is_number(entries.get(name)) for entries in values.values()):
            numbers = tuple(entries.pop(name) for entries in values.values())
            share = (name.endswith("accuracy") or name == "chance") and all(0 <= x <= 1 for x in numbers)
            rows.append(Row(name, numbers, "fraction" if share else "plain"))
    return Table(title, tuple(rows), tuple(values))


def _confusion(entries: dict[str, Any], title: str) -> Confusion | None:
    """The confusion matrix of one evaluation, if it has one; the matrix is removed from `entries`."""
    counts, per_class = entries.get("confusion"), entries.get("per_class")
    if not isinstance(counts, list) or not counts or not all(map(nodes.is_numbers, counts)):
        return None
    if not all(len(row) == len(counts) and all(type(n) is int and n >= 0 for n in row) for row in counts):
        return None
    del entries["confusion"]
    beside = isinstance(per_class, list) and nodes.is_numbers(per_class) and len(per_class) == len(counts)
    return Confusion(title, tuple(map(tuple, counts)), tuple(entries.pop("per_class")) if beside else ())


def scores_so_far(records: Sequence[dict[str, Any]]) -> Scores:
    """The last values of every evaluation of an unfinished run."""
    last = {record["eval"]: record for record in records if "eval" in record}
    made = []
    for name, record in last.items():
        values = {k: v for k, v in record.items() if k not in ("step", "eval")}
        made.append(_scalars(f"{name}, step {record['step']}", {"": values}))
    return Scores(tuple(table for table in made if table.rows))
