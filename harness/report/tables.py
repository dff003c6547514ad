"""A table of the report as text: for the page, for Markdown, and as CSV and LaTeX files of its own."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.report.latex import escape


@dataclass(frozen=True, slots=True)
class Mark:
    """A stroke of a drawing beside a row, from one place to another on the table's common axis, in percent.

    Kinds: zero, span (an interval), dot, and bar-1 to bar-3 (parts of a sum).
    """

    kind: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Table:
    """A question, how it was answered, and the answer; the first `words` columns are text, the others numbers.

    `notes` say why cells have no value. `drawings` has one list of marks a row, or is empty; `drawn` names the columns
    that they show.
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


@dataclass(frozen=True, slots=True)
class Question:
    """A section of the report: what is asked, the answer in sentences, figures and tables."""

    anchor: str
    short: str  # in the table of contents
    title: str
    answer: Sequence[str]
    tables: Sequence[Table]
    figures: Sequence[Mapping[str, object]] = field(default_factory=list)


Bar = tuple[str, float, float]  # kind, from, to, in the unit of the values


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
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(
        [[_plain(cell) for cell in row] for row in (table.header, *table.rows)]
    )
    return out.getvalue()


def _plain(text: str) -> str:
    return text.replace("−", "-")


def latex_text(table: Table, watermark: str = "") -> str:
    """Return the table as LaTeX; it needs the package booktabs."""
    columns = "".join("l" if at < table.words else "r" for at in range(len(table.header)))
    between = "" if table.question.endswith("?") else ":"
    caption = escape(f"{table.question}{between} {table.method}.")
    caption += f" \\textbf{{{escape(watermark)}.}}" if watermark else ""
    lines = [
        "% needs \\usepackage{booktabs}",
        "\\begin{table}",
        "  \\centering",
        f"  \\caption{{{caption}}}",
        f"  \\label{{tab:{table.anchor.replace('_', '-')}}}",
        f"  \\begin{{tabular}}{{{columns}}}",
        "    \\toprule",
        f"    {_line(table.header)}",
        "    \\midrule",
        *(f"    {_line(row)}" for row in table.rows),
        "    \\bottomrule",
        "  \\end{tabular}",
        "\\end{table}",
    ]
    return "\n".join([*lines, ""])


def _line(cells: Sequence[str]) -> str:
    return " & ".join(escape(cell) for cell in cells) + " \\\\"
