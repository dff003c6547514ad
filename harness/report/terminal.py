"""The transfer matrix in the terminal, with the same marks and footnotes as in the report."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

from rich import box
from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from harness.core.errors import NameUnknownError
from harness.report.formats import ABSENT, FORMS, interval, number, plural
from harness.report.grid import Block, Entry, FootRow, Grid, block
from harness.report.marks import MARKS, note_text
from harness.study.cells import Cell

WIDTH = 6  # of a value: "12,345" and "−1.000" fit


def matrix_text(
    cells: Sequence[Cell],
    space: str,
    metric: str,
    recipe: str | None = None,
    width: int = 120,
    styled: bool | None = None,
) -> str:
    """Return one table per recipe, sources in rows and targets in columns, with footnotes.

    Args:
        cells: any cells; those of other spaces and metrics are left out.
        space: name of a label space.
        metric: name of a metric.
        recipe: leave out every other recipe.
        width: columns of the terminal; the intervals are left out where they do not fit.
        styled: with escape codes for bold and dim; by default if standard output is a terminal.

    Raises:
        NameUnknownError: no cell of this space and metric is of that recipe.
    """
    matrices = block(cells, space, metric, recipe=recipe)
    if recipe is not None and not matrices.grids:
        known = {cell.recipe for cell in cells if (cell.space, cell.metric) == (space, metric)}
        raise NameUnknownError(f"recipe scored in {space}", recipe, known)
    on_terminal = sys.stdout.isatty() if styled is None else styled
    out = io.StringIO()
    console = Console(
        file=out, width=width, force_terminal=on_terminal, color_system="standard" if on_terminal else None
    )
    tables = [_fitting(console, matrices, grid, width) for grid in matrices.grids]
    console.width = max([width, *(_width(console, table) for table in tables)])
    for table in tables:
        console.print(table)
    console.width = width
    for line in _footnotes(matrices):
        console.print(Text(line, style="dim"))
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip().splitlines()) + "\n"


def _fitting(console: Console, matrices: Block, grid: Grid, width: int) -> Table:
    """Return the table with intervals, or without them if it would be too wide."""
    full = _table(matrices, grid, intervals=True)
    return full if _width(console, full) <= width else _table(matrices, grid, intervals=False)


def _width(console: Console, table: Table) -> int:
    return Measurement.get(console, console.options.update(max_width=10_000), table).maximum


def _table(matrices: Block, grid: Grid, intervals: bool) -> Table:
    tag = " (transductive)" if grid.transductive else ""
    title = Text.assemble(
        (f"{grid.title}{tag}", "bold"), f"  {matrices.space}, {matrices.title}, {matrices.selections}"
    )
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, title_style="")
    table.add_column("source \\ target", no_wrap=True, style="dim")
    for target in grid.targets:
        table.add_column(target, no_wrap=True)
    for source in grid.sources:
        entries = [grid.entries.get((source, target)) for target in grid.targets]
        table.add_row(Text(source, style="bold"), *(_cell(entry, intervals) for entry in entries))
    table.add_section()
    for row in grid.foot:
        table.add_row(row.title, *(_foot(row, values) for values in row.values))
    return table


def _cell(entry: Entry | None, intervals: bool) -> RenderableType:
    """Return value and marks, and the interval below; values are as wide as each other, so that points align."""
    if entry is None:
        return ""
    if entry.cell.value is None:
        return Text(f"{ABSENT:>{WIDTH}}{entry.letter}", style="dim")
    text = Text(f"{number(entry.cell.value):>{WIDTH}}", style="bold" if entry.cell.is_in_domain else "")
    text.append(entry.marks)
    spread = interval(entry.cell.low, entry.cell.high)
    return text.append(f"\n{spread}", style="dim not bold") if intervals and spread else text


def _foot(row: FootRow, values: Sequence[float]) -> Text:
    text = " to ".join(FORMS[row.kind](value) for value in values) or ABSENT
    return Text(f"{text:>{WIDTH}}", style="dim")


def _footnotes(matrices: Block) -> list[str]:
    notes = [f"{letter}  {note_text(reason)}" for letter, reason in matrices.notes.items()]
    notes += [f"{mark}  {MARKS[mark]}" for mark in matrices.marks]
    return notes + [f"   {text}: {plural(len(places), 'cell')}" for text, places in matrices.warnings.items()]
