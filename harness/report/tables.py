"""The table of every page: its cells are text, and HTML, Markdown, LaTeX and CSV are written from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from harness.core import csv_tables
from harness.report.formats import ABSENT


@dataclass(frozen=True, slots=True)
class Mark:
    """A stroke of the drawing at the end of a row, from one place to another on the table's common axis, in percent.

    Kinds: zero, span (an interval), dot, bar-1 to bar-3 (parts of a sum), and share-1 to share-7 (parts of a whole).
    """

    kind: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Table:
    """A question or caption, how it was answered, and the answer; the first column heads the rows.

    The first `words` columns and those in `prose` (by number) are text, the others numbers. `notes` say why cells have
    no value. `drawings` has one list of marks per row, or is empty; `drawn` says what the marks show, and `key` names
    the kinds share-1, share-2 ... in their order.
    """

    anchor: str
    question: str
    method: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1
    notes: Sequence[str] = ()
    drawings: Sequence[Sequence[Mark]] = ()
    drawn: str = ""
    prose: frozenset[int] = frozenset()
    key: Sequence[str] = ()

    def is_text(self, column: int) -> bool:
        """Tell whether a column, counted from 0, holds text and no numbers."""
        return column < self.words or column in self.prose


@dataclass(frozen=True, slots=True)
class Question:
    """A section of a page: what is asked, the answer in sentences, figures and tables."""

    anchor: str
    short: str  # in the table of contents
    title: str
    answer: Sequence[str]
    tables: Sequence[Table]
    figures: Sequence[Mapping[str, object]] = field(default_factory=list)


Bar = tuple[str, float, float]  # kind, from, to, in the unit of the values


def table_of(
    question: str, records: Sequence[Mapping[str, str]], shares: Sequence[Mapping[str, float]] = ()
) -> list[Table]:
    """Return one table of records (column title -> text), or no table where there is no record.

    A column in which no record says anything is left out; one with a letter in any cell is text.

    Args:
        question: the caption.
        records: the rows; a title that a record lacks is a dash.
        shares: per row the parts of a whole, drawn beside it.
    """
    titles = dict.fromkeys(title for record in records for title in record)
    columns = {title: [record.get(title, ABSENT) for record in records] for title in titles}
    columns = {title: cells for title, cells in columns.items() if set(cells) != {ABSENT}}
    prose = frozenset(at for at, cells in enumerate(columns.values()) if any(map(_is_worded, cells)))
    rows = list(zip(*columns.values(), strict=True))
    drawings = [stacked(list(parts.values())) for parts in shares]
    key = list(shares[0]) if shares else []
    table = Table("", question, "", list(columns), rows, drawings=drawings, drawn="the shares", prose=prose, key=key)
    return [table] if rows else []


def _is_worded(cell: str) -> bool:
    return any(character.isalpha() for character in cell.replace(" of ", ""))


def stacked(shares: Sequence[float]) -> list[Mark]:
    """Return the marks of the parts of a whole, one after the other."""
    ends = [100 * sum(shares[:at]) for at in range(len(shares) + 1)]
    return [Mark(f"share-{at}", round(start, 2), round(end, 2)) for at, (start, end) in enumerate(pairwise(ends), 1)]


def drawings(rows: Sequence[Sequence[Bar]]) -> list[list[Mark]]:
    """Return the marks of each row on one axis that includes zero."""
    ends = [0.0, *(end for row in rows for _, *pair in row for end in pair)]
    left, width = min(ends), (max(ends) - min(ends)) or 1.0

    def place(value: float) -> float:
        return round(100 * (value - left) / width, 1)

    zero = Mark("zero", place(0.0), place(0.0))
    return [[zero, *(Mark(kind, place(a), place(b)) for kind, a, b in row)] for row in rows]


def csv_text(table: Table) -> str:
    """Return the table as CSV, as printed but with a plain minus sign."""
    header, *rows = [[cell.replace("−", "-") for cell in row] for row in (table.header, *table.rows)]
    return csv_tables.text(header, rows)
