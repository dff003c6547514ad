"""The cells that a table of protocols compares, and how values and differences of cells are printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.report.formats import ABSENT, interval, number, signed
from harness.study.cells import Cell
from harness.study.metric_facts import higher_is_better


@dataclass(frozen=True, slots=True)
class ProtocolCells:
    """The primary cells of one recipe in one space.

    Args:
        row: the first row of `protocols` that the table is of.
        matrix: (source, target) -> cell of the transfer matrix.
        protocols: file of harness/protocols -> cells of its row.
        worths: (source, target) -> what the source is worth in labels of the target, with its interval.
    """

    row: str
    matrix: Mapping[tuple[str, str], Cell]
    protocols: Mapping[str, Sequence[Cell]]
    worths: Mapping[tuple[str, ...], str] = field(default_factory=dict)

    @property
    def cells(self) -> list[Cell]:
        """Return the cells of all protocols."""
        return [cell for cells in self.protocols.values() for cell in cells]

    @property
    def sign(self) -> int:
        """Return 1 where a higher value is better, else -1."""
        return 1 if higher_is_better(self.cells[0].metric) else -1

    def single_source(self, cell: Cell) -> Cell | None:
        """Return the cell of the matrix with the same source and target."""
        return self.matrix.get((cell.source, cell.target))

    def sources_of(self, target: str) -> list[Cell]:
        """Return the cross-corpus cells of a target in the matrix that have a value."""
        return [c for c in self.matrix.values() if c.target == target != c.source and c.value is not None]


def value(cell: Cell | None) -> str:
    """Return the value of a cell as printed; a dash where there is none."""
    return ABSENT if cell is None else number(cell.value)


def interval_of(cell: Cell | None) -> str:
    """Return the interval of a cell, or an empty string."""
    return "" if cell is None else interval(cell.low, cell.high)


def difference(cell: Cell | None, other: Cell | None) -> str:
    """Return by how much a cell exceeds another one; a dash where one of them has no value."""
    if cell is None or other is None or cell.value is None or other.value is None:
        return ABSENT
    return signed(cell.value - other.value)
