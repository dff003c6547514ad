"""The table of few-shot cells: how many target labels per class a source is worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.report.formats import ABSENT
from harness.report.grid import ordered
from harness.report.protocol_tables._cells import ProtocolCells, value
from harness.report.tables import Table
from harness.statistics.shots_worth import crossing
from harness.study.cells import Cell
from harness.study.splits import NO_SOURCE


def tables(compared: ProtocolCells) -> Iterator[Table]:
    """Yield one table per target: a row per number of shots, a column per source."""
    for target in ordered(cell.target for cell in compared.cells):
        cells = {(c.source, _shots(c)): c for c in compared.cells if c.target == target and c.value is not None}
        if cells:
            yield _of_target(compared, target, cells)


def _shots(cell: Cell) -> int:
    return int(cell.variant.partition("=")[2])


def _of_target(compared: ProtocolCells, target: str, cells: Mapping[tuple[str, int], Cell]) -> Table:
    sources = [source for source in ordered(source for source, _ in cells) if source != NO_SOURCE]
    without = {source: compared.matrix.get((source, target)) for source in sources}
    shots = sorted({k for _, k in cells})
    alone = {k: compared.sign * (cells[NO_SOURCE, k].value or 0) for k in shots if (NO_SOURCE, k) in cells}
    worth = [
        ABSENT
        if cell is None or cell.value is None
        else compared.worths.get((source, target)) or str(crossing(alone, compared.sign * cell.value))
        for source, cell in without.items()
    ]
    return Table(
        f"few-{target}",
        f"What is a source worth in labels of {target}?",
        "rows: labelled utterances per class of the target's train split; target only: those alone, a fifth of which "
        "is held out where a setting or an epoch is selected; a source: with them; worth: the number at which the "
        "target's own labels reach the source without any (< or > the tried), with its interval over test dialogues "
        "and draws of the labels",
        ["k a class", "target only", *sources],
        [
            ["0", ABSENT, *map(value, without.values())],
            *([str(k), *(value(cells.get((source, k))) for source in (NO_SOURCE, *sources))] for k in shots),
            ["worth", ABSENT, *worth],
        ],
    )
