"""The parts of a page: sections with their tables, rows and confusion matrices."""

import dataclasses
import statistics
from collections.abc import Mapping
from typing import Any

from gan_jax.report.collect import Picture
from gan_jax.report.nodes import EMPTY, Fields, Node, is_number


@dataclasses.dataclass(frozen=True)
class Row:
    """Our values, one for each seed, beside the paper's.

    `unit` is the unit of all values: 'percent', 'fraction' (shown in per cent) or 'plain'. `more` has the
    row's other JSON entries.
    """

    label: str
    values: tuple[float, ...]
    unit: str = "percent"
    paper: Any = None
    name: str = ""
    more: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def mean(self) -> float:
        """The mean over the seeds; there must be at least one."""
        return statistics.fmean(self.values)

    @property
    def dots(self) -> tuple[float, ...]:
        """The places of our values on a line from 0 to 100 %; empty if one value lies outside."""
        places = [self._place(value) for value in self.values]
        return tuple(place for place in places if place is not None) if None not in places else ()

    @property
    def published(self) -> float | None:
        """The place of the paper's value on that line, or None."""
        return self._place(self.paper)

    def _place(self, value: Any) -> float | None:
        if self.unit == "plain" or not is_number(value):
            return None
        percent = 100 * value if self.unit == "fraction" else value
        return percent if 0 <= percent <= 100 else None


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows, a head for each of their values, and the table's other JSON entries.

    `details` are entries that the page folds away.
    """

    title: str
    rows: tuple[Row, ...]
    heads: tuple[str, ...]
    facts: Fields = EMPTY
    details: tuple[tuple[str, Node], ...] = ()

    @property
    def has_paper(self) -> bool:
        """Whether any row has a published value."""
        return any(row.paper is not None for row in self.rows)

    @property
    def in_percent(self) -> bool:
        """Whether all values are accuracies in per cent, the paper's unit."""
        return all(row.unit == "percent" for row in self.rows)

    @property
    def more(self) -> tuple[str, ...]:
        """The names of the rows' further entries."""
        return tuple(dict.fromkeys(key for row in self.rows for key in row.more))


@dataclasses.dataclass(frozen=True)
class Confusion:
    """Counts [K, K], rows = true label; `per_class` [K] is each row's accuracy, if known."""

    title: str
    counts: tuple[tuple[int, ...], ...]
    per_class: tuple[float, ...] = ()

    def share(self, label: int, predicted: int) -> float:
        """The share of one label's examples that is predicted as another label, 0 to 1."""
        return self.counts[label][predicted] / max(sum(self.counts[label]), 1)


@dataclasses.dataclass(frozen=True)
class Section:
    """One section of the page; `kind` is 'table', 'run' or 'file'; `about` is one line on it."""

    title: str
    kind: str
    about: str = ""
    files: tuple[str, ...] = ()
    status: str = ""
    facts: Fields = EMPTY
    headline: Row | None = None
    tables: tuple[Table, ...] = ()
    confusions: tuple[Confusion, ...] = ()
    curves: Mapping[str, bytes] = dataclasses.field(default_factory=dict)
    sheets: tuple[Picture, ...] = ()
    sheets_in_all: int = 0
    pictures: tuple[Picture, ...] = ()
    origin: Fields = EMPTY
    origins: Node | None = None
    configs: tuple[tuple[str, str], ...] = ()
    rest: Fields = EMPTY
