"""A short summary of the matrices: the best recipe, three sentences, recipes by target, and the gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from harness.report.formats import interval, number, percent, plural
from harness.report.grid import Block, Grid, ordered
from harness.report.marks import DEGENERATE, marks_of, reaches_floor
from harness.study.cells import Cell
from harness.study.metric_facts import higher_is_better, metric_title
from harness.study.splits import NO_SOURCE


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of some cells, some of which may be degenerate."""

    value: float | None
    cells: int
    degenerate: int

    @property
    def mark(self) -> str:
        """Return the mark that tells of a degenerate cell in the mean."""
        return DEGENERATE if self.degenerate else ""


@dataclass(frozen=True, slots=True)
class Standing:
    """One recipe's mean cross-corpus values: by target, over all its cells, and over the pairs all recipes have."""

    grid: Grid
    by_target: Mapping[str, Mean]
    own: Mean
    common: Mean
    in_domain: Mean

    @property
    def means(self) -> list[Mean]:
        """Return every mean in the order of the table's columns: in-domain, targets, own pairs, common pairs."""
        return [self.in_domain, *self.by_target.values(), self.own, self.common]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The recipes of one space side by side, and the best of them over the pairs that all have."""

    targets: Sequence[str]
    standings: Sequence[Standing]
    pairs: int
    best: Grid | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A cross-corpus cell with the places of its gap and interval on a common axis, in percent of its width."""

    grid: Grid
    cell: Cell
    dot: float
    low: float
    high: float
    zero: float


def compare(block: Block) -> Comparison:
    """Average the cross-corpus cells of every matrix; recipes are ranked over the pairs that all of them have."""
    cells = {at: _cross(grid.cells) for at, grid in enumerate(block.grids)}
    main = {at for at, grid in enumerate(block.grids) if grid.variant.is_main}  # few corpora have a further view
    # predictions of a system that learned from no corpus of ours have no pair in common with the others
    trained = [at for at in main if any(cell.source != NO_SOURCE for cell in cells[at])]
    taking_part = [{(cell.source, cell.target) for cell in cells[at]} for at in trained]
    common = set.intersection(*taking_part) if taking_part else set()
    targets = ordered(target for grid in block.grids for target in grid.targets)
    standings = [
        Standing(
            grid=grid,
            by_target={target: mean(cell for cell in cells[at] if cell.target == target) for target in targets},
            own=mean(cells[at]),
            common=mean(cell for cell in cells[at] if at in main and (cell.source, cell.target) in common),
            in_domain=mean(cell for cell in grid.cells if cell.is_in_domain),
        )
        for at, grid in enumerate(block.grids)
    ]
    return Comparison(targets, standings, len(common), _best(block, standings))


def mean(cells: Iterable[Cell]) -> Mean:
    """Return the mean of the cells that have a value."""
    known = [cell for cell in cells if cell.value is not None]
    values = [cell.value for cell in known if cell.value is not None]
    degenerate = sum(DEGENERATE in marks_of(cell) for cell in known)
    return Mean(fmean(values) if values else None, len(values), degenerate)


def sentences(grid: Grid, metric: str) -> list[str]:
    """Return up to three plain sentences about one matrix: its best cell, its means, its distance from the floor."""
    cross = _cross(grid.cells)
    if not cross:
        return [f"{grid.title} has no cross-corpus value in this label space; the footnotes say why."]
    sentences = [_best_cell(cross, metric)]
    at_home = {cell.target: cell for cell in grid.cells if cell.is_in_domain}
    if at_home:
        sentences.append(_means(cross, list(at_home.values()), metric))
    floored = [cell for cell in cross if cell.floor is not None and cell.low is not None]
    if floored:
        near = sum(reaches_floor(cell) for cell in floored)
        side = "below" if higher_is_better(metric) else "above"
        sentences.append(
            f"{near or 'None'} of the {plural(len(floored), 'cross-corpus cell')} {'have' if near > 1 else 'has'} an "
            f"interval that includes or lies {side} the majority floor."
        )
    return sentences


def gaps(block: Block) -> list[Gap]:
    """Return the cross-corpus cells that have a gap, on one axis that includes zero."""
    gaps = [(grid, cell, cell.gap) for grid in block.grids for cell in grid.cells if cell.gap is not None]
    ends = [value for _, cell, gap in gaps for value in (gap, cell.gap_low, cell.gap_high) if value is not None]
    left, right = min([0.0, *ends]), max([0.0, *ends])
    width = (right - left) or 1.0

    def place(value: float) -> float:
        return round(100 * (value - left) / width, 1)

    return [
        Gap(
            grid=grid,
            cell=cell,
            dot=place(gap),
            low=place(gap if cell.gap_low is None else cell.gap_low),
            high=place(gap if cell.gap_high is None else cell.gap_high),
            zero=place(0.0),
        )
        for grid, cell, gap in gaps
    ]


def _cross(cells: Iterable[Cell]) -> list[Cell]:
    return [cell for cell in cells if not cell.is_in_domain]


def _best(block: Block, standings: Sequence[Standing]) -> Grid | None:
    sign = 1 if higher_is_better(block.metric) else -1
    ranked = [
        (sign * standing.common.value, standing.grid) for standing in standings if standing.common.value is not None
    ]
    if ranked:
        return max(ranked, key=lambda pair: pair[0])[1]
    with_values = sorted((grid for grid in block.grids if grid.cells), key=lambda grid: not grid.variant.is_main)
    return next(iter(with_values or block.grids), None)


def _best_cell(cross: Sequence[Cell], metric: str) -> str:
    sign = 1 if higher_is_better(metric) else -1
    best = max(cross, key=lambda cell: sign * (cell.value or 0.0))
    spread = interval(best.low, best.high)
    text = f"The best cross-corpus cell is {best.source} → {best.target}: {metric_title(metric)} {number(best.value)}"
    text += f" {spread}" if spread else ""
    return text + (f", against {number(best.in_domain)} in-domain." if best.in_domain is not None else ".")


def _means(cross: Sequence[Cell], at_home: Sequence[Cell], metric: str) -> str:
    home, away = mean(at_home), mean(cross)
    among = f", {away.degenerate} of them degenerate" if away.degenerate else ""
    text = (
        f"The mean {metric_title(metric)} is {number(home.value)} in-domain ({plural(home.cells, 'corpus', 'corpora')})"
        f" and {number(away.value)} cross-corpus ({plural(away.cells, 'cell')}{among})"
    )
    ratios = [cell.ratio for cell in cross if cell.ratio is not None]
    if not ratios:
        return text + "."
    ratio = fmean(ratios)
    over = "" if len(ratios) == away.cells else f" over the {plural(len(ratios), 'cell')} that have one"
    share = f": {percent(ratio)} of the in-domain gain over the floor carries over" if 0 <= ratio <= 1 else ""
    return f"{text}, a mean ratio of {number(ratio)}{over}{share}."
