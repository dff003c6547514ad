"""The protocols of a study as tables of text: one question, one line of method and one table each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from harness.core.plugins import find, names
from harness.report.formats import reason_text
from harness.report.grid import ordered
from harness.report.protocol_tables._cells import ProtocolCells
from harness.report.result_lines import rows as result_rows
from harness.report.tables import Table
from harness.statistics.shots_worth import Worth
from harness.study.cells import Cell, in_matrix
from harness.study.labels import MAIN_VIEW
from harness.study.metric_facts import metric_title
from harness.study.splits import SINGLE_SOURCE

if TYPE_CHECKING:
    import pandas as pd

Cells = Sequence[Cell]
Worths = Mapping[tuple[str, ...], str]
BY_VARIANT = "by_variant"  # the table of a protocol that names no other


def tables(
    cells: Cells,
    primary: Mapping[str, str],
    files: Mapping[str, str] | None = None,
    worths: pd.DataFrame | None = None,
) -> list[Table]:
    """Return the tables of all protocols that a study ran, by space and recipe; the primary metric alone.

    Args:
        cells: all of `cells.csv`.
        primary: space -> metric.
        files: row of `protocols` -> file of harness/protocols, where they differ; a second row of one file has a table
            of its own.
        worths: lines of worth.csv.
    """
    known = _worths(worths)
    leading = [cell for cell in cells if cell.metric == primary.get(cell.space) and cell.view == MAIN_VIEW]
    beside = [cell for cell in leading if cell.base_protocol != SINGLE_SOURCE]
    file_of = {cell.base_protocol: (files or {}).get(cell.base_protocol, cell.base_protocol) for cell in beside}
    made: list[Table] = []
    for kind, together in _kinds(ordered(file_of.values())):
        for space in ordered(cell.space for cell in beside):
            of_space = [cell for cell in leading if cell.space == space]
            for rows in _rows(of_space, file_of, together):
                for recipe in ordered(cell.recipe for cell in of_space if cell.base_protocol in rows):
                    made += _of_recipe(kind, [cell for cell in of_space if cell.recipe == recipe], rows, known)
    return made


def _kinds(files: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Return each kind of table with the files of protocols that share it; every file of no kind has its own table."""
    shared: dict[str, list[str]] = {}
    for file in files:
        kind = getattr(find("protocol", file), "TABLE", "") if file in names("protocol") else ""
        shared.setdefault(kind or f"{BY_VARIANT} {file}", []).append(file)
    return [(kind.partition(" ")[0], together) for kind, together in shared.items()]


def _rows(cells: Cells, file_of: Mapping[str, str], together: Sequence[str]) -> list[dict[str, str]]:
    """Return row -> file for each table: the first rows of all files that share it, then the second ones."""
    rows = ordered(cell.base_protocol for cell in cells)
    of_file = [[(row, file) for row in rows if file_of.get(row) == file] for file in together]
    return [dict(filter(None, pairs)) for pairs in zip_longest(*of_file)]


def _worths(lines: pd.DataFrame | None) -> Worths:
    """Return (space, recipe, row of `protocols`, source, target) -> what the source is worth, with its interval."""
    found: dict[tuple[str, ...], str] = {}
    for line in result_rows(lines) if lines is not None and len(lines) else ():
        ends = Worth(line.low, line.low_bound), Worth(line.high, line.high_bound)
        spread = "" if line.low is None else f" [{ends[0]}, {ends[1]}]"
        key = line.space, line.recipe, line.protocol, line.source, line.target
        found[key] = f"{Worth(line.shots, line.bound)}{spread}"
    return found


def _of_recipe(kind: str, cells: Cells, rows: Mapping[str, str], worths: Worths) -> Iterator[Table]:
    """Yield the tables of one recipe in one space; their method begins with what they are of."""
    protocols = {file: [cell for cell in cells if cell.base_protocol == row] for row, file in rows.items()}
    row, matrix = next(iter(rows)), {(c.source, c.target): c for c in in_matrix(cells)}
    where = cells[0].space, cells[0].recipe, row
    compared = ProtocolCells(
        row, matrix, protocols, {key[3:]: text for key, text in worths.items() if key[:3] == where}
    )
    renamed = [row for row, file in rows.items() if row != file]
    first, transductive = compared.cells[0], any(cell.is_transductive for cell in compared.cells)
    named = [first.space, first.recipe, *renamed]
    start = f"{', '.join([metric_title(first.metric), *named])}{' (transductive)' if transductive else ''}"
    for table in find("protocol table", kind).tables(compared):
        anchor, method = "-".join([table.anchor, *named]), f"{start}: {table.method}"
        yield replace(table, anchor=anchor, method=method, notes=_notes(compared.cells))


def _notes(cells: Cells) -> list[str]:
    """Return each reason of cells without a value, with the corpora that it is said of."""
    corpora: dict[str, list[str]] = {}
    for cell in cells:
        if cell.reason:
            of_source = cell.reason.startswith("source_")
            corpora.setdefault(cell.reason, []).append(cell.source if of_source else cell.target)
    return [f"{reason_text(reason)}: {', '.join(ordered(names))}" for reason, names in corpora.items()]
