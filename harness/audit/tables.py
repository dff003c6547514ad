"""The tables of the audit page, the same for HTML and Markdown: every cell is text, a bar is drawn from numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.audit.formats import titles

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """One table; the first column heads its rows.

    `words` are the columns (by number) of running text, the others are numbers. `bars` gives for each row the shares
    drawn behind it, `()` for none.
    """

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: frozenset[int] = frozenset((0,))
    bars: Sequence[Sequence[tuple[str, float]]] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """One topic: how it was computed in a line, and its tables; without any it says `empty`."""

    anchor: str
    title: str
    method: str
    tables: Sequence[Table] = field(default_factory=list)
    empty: str = ""


class Named:
    """The corpora that are there, in the order of the study, each with what the page calls it."""

    def __init__(self, facts: Facts) -> None:
        self.titles = titles(facts["corpora"])
        self.present = {name: one for name, one in facts["corpora"].items() if one["present"]}

    def rows(self, make: Callable[[Facts], Sequence[Sequence[str]]]) -> list[list[str]]:
        """Return the rows that `make` gives for each corpus, with its title in front."""
        return [[self.titles[name], *row] for name, one in self.present.items() for row in make(one)]


def table(
    caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], words: int | Sequence[int] = 1
) -> list[Table]:
    """Return one table, or none where there are no rows; `words`: the first so many columns, or which, are text."""
    columns = range(words) if isinstance(words, int) else words
    return [Table(caption, heads, rows, frozenset(columns))] if rows else []
