"""The source x target grids behind every matrix of the report: what each cell prints, and what stands below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from harness.report import colours
from harness.report.formats import selection_text
from harness.report.marks import BEGINNINGS, MARKS, RARE, SEEN, SPEAKERS, letters, marks_of, warnings_of
from harness.study.cells import TRANSDUCTIVE_SUFFIX, Cell
from harness.study.labels import MAIN_VIEW
from harness.study.metric_facts import higher_is_better, metric_title
from harness.study.recipes import TRANSDUCTIVE_NORMALISERS


class Variant(NamedTuple):
    """What one matrix holds fixed beside space and metric."""

    recipe: str
    view: str
    protocol: str
    selection: str
    train_view: str

    @property
    def is_main(self) -> bool:
        """Tell whether it is trained and tested on the main label view, which all corpora have."""
        return self.view == self.train_view == MAIN_VIEW


@dataclass(frozen=True, slots=True)
class Entry:
    """One cell as printed: `letter` points to the reason of an absent value, `heat` is a step of report_heat."""

    cell: Cell
    letter: str
    marks: str
    heat: str


@dataclass(frozen=True, slots=True)
class FootRow:
    """One row below the matrix: a fact of each target, formatted as `kind` says."""

    title: str
    kind: str
    values: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Grid:
    """The matrix of one variant; `entries` by (source, target)."""

    variant: Variant
    title: str
    transductive: bool
    sources: Sequence[str]
    targets: Sequence[str]
    entries: Mapping[tuple[str, str], Entry]
    foot: Sequence[FootRow]

    @property
    def cells(self) -> list[Cell]:
        """Return the cells that have a value."""
        return [entry.cell for entry in self.entries.values() if entry.cell.value is not None]


@dataclass(frozen=True, slots=True)
class Block:
    """All matrices of one space and metric, with the footnotes they share."""

    space: str
    metric: str
    grids: Sequence[Grid]
    notes: Mapping[str, str]
    warnings: Mapping[str, Sequence[str]]

    @property
    def title(self) -> str:
        """Return the metric's usual name."""
        return metric_title(self.metric)

    @property
    def selections(self) -> str:
        """Return how the models were selected."""
        return ", ".join(dict.fromkeys(selection_text(grid.variant.selection) for grid in self.grids))

    @property
    def marks(self) -> str:
        """Return every mark that some cell carries."""
        used = {mark for grid in self.grids for entry in grid.entries.values() for mark in entry.marks}
        return "".join(mark for mark in MARKS if mark in used)

    @property
    def warned(self) -> int:
        """Count the cells that carry a warning."""
        return len({place for places in self.warnings.values() for place in places})


def block(
    cells: Iterable[Cell], space: str, metric: str, recipes: Mapping[str, Any] | None = None, recipe: str | None = None
) -> Block:
    """Return the matrices of one space and metric, one per recipe in order of appearance.

    Args:
        cells: any cells; those of other spaces and metrics are left out.
        space: name of a label space.
        metric: name of a metric.
        recipes: facts of the recipes, as in study.json.
        recipe: leave out every other recipe.
    """
    chosen = [c for c in cells if (c.space, c.metric) == (space, metric) and recipe in (None, c.recipe)]
    notes = letters(chosen)
    best = _best_in_domain(chosen, metric)
    by_variant: dict[Variant, list[Cell]] = {}
    for cell in chosen:
        by_variant.setdefault(variant_of(cell), []).append(cell)
    grids = [
        Grid(
            variant=variant,
            title=variant_title(variant, by_variant),
            transductive=is_transductive(variant, recipes or {}),
            sources=ordered(cell.source for cell in of_space),
            targets=ordered(cell.target for cell in of_space),
            entries={(cell.source, cell.target): _entry(cell, notes, best) for cell in of_space},
            foot=_foot(of_space),
        )
        for variant, of_space in by_variant.items()
    ]
    return Block(space, metric, grids, {letter: reason for reason, letter in notes.items()}, _warnings(grids))


def only(whole: Block, grid: Grid) -> Block:
    """Return the block of one of its matrices, with the footnotes and warnings that this one needs."""
    used = {entry.letter for entry in grid.entries.values()}
    notes = {letter: reason for letter, reason in whole.notes.items() if letter in used}
    return Block(whole.space, whole.metric, [grid], notes, _warnings([grid]))


def variant_of(cell: Cell) -> Variant:
    """Return what a cell's matrix holds fixed."""
    return Variant(cell.recipe, cell.view, cell.protocol, cell.selection, cell.train_view)


def is_transductive(variant: Variant, recipes: Mapping[str, Any]) -> bool:
    """Tell whether a recipe's normaliser saw the target's features, by its settings or by its protocol's name."""
    settings = recipes.get(variant.recipe, {}).get("settings", {})
    return settings.get("normalise") in TRANSDUCTIVE_NORMALISERS or variant.protocol.endswith(TRANSDUCTIVE_SUFFIX)


def variant_title(variant: Variant, others: Iterable[Variant]) -> str:
    """Return the recipe, and whatever else tells its matrix from the other ones."""
    others = list(others)
    parts = [variant.recipe]
    parts += [f"{how} {view} labels" for how, view in _further_views(variant)]
    same = [other for other in others if _same_labels(other, variant)]
    if len({other.protocol for other in same}) > 1:
        parts.append(variant.protocol)
    if len({other.selection for other in same}) > 1:
        parts.append(selection_text(variant.selection))
    return ", ".join(parts)


def _further_views(variant: Variant) -> Iterator[tuple[str, str]]:
    """Yield how a view other than the main one is used: what is not said is the main view."""
    for how, view in (("trained on", variant.train_view), ("tested on", variant.view)):
        if view != MAIN_VIEW:
            yield how, view


def _same_labels(variant: Variant, other: Variant) -> bool:
    return (variant.recipe, variant.view, variant.train_view) == (other.recipe, other.view, other.train_view)


def ordered(names: Iterable[str]) -> list[str]:
    """Return names without repetition, in order of appearance."""
    return list(dict.fromkeys(names))


def _entry(cell: Cell, notes: Mapping[str, str], best: Mapping[tuple[str, str], float]) -> Entry:
    heat = colours.step(cell.value, cell.floor, best.get((cell.view, cell.target)))
    return Entry(cell, notes.get(cell.reason, ""), "" if cell.value is None else marks_of(cell), heat)


def _foot(cells: Sequence[Cell]) -> list[FootRow]:
    targets = ordered(cell.target for cell in cells)
    rows = [
        ("majority floor", "number", "floor", True),
        ("random floor", "number", "floor_random", False),
        ("human ceiling", "number", "ceiling", False),
        ("utterances", "count", "n", True),
        ("dialogues", "count", "clusters", False),
        ("coverage", "percent", "coverage", True),
    ]
    variants = [
        (FootRow(title, kind, [_of_target(cells, target, field) for target in targets]), always)
        for title, kind, field, always in rows
    ]
    return [row for row, always in variants if always or any(row.values)]


def _of_target(cells: Sequence[Cell], target: str, field: str) -> list[Any]:
    """Return the distinct values of a field in one column: one, when every source is tested on the same rows."""
    values = {getattr(cell, field) for cell in cells if cell.target == target and cell.value is not None}
    return sorted(value for value in values if value is not None)


def _best_in_domain(cells: Sequence[Cell], metric: str) -> dict[tuple[str, str], float]:
    """Return (view, target) -> the best in-domain value, where that is better than its floor."""
    sign = 1 if higher_is_better(metric) else -1
    best: dict[tuple[str, str], float] = {}
    for cell in cells:
        if cell.is_in_domain and cell.value is not None and cell.floor is not None:
            to_beat = best.get((cell.view, cell.target), cell.floor)
            if sign * cell.value > sign * to_beat:
                best[cell.view, cell.target] = cell.value
    return best


def _warnings(grids: Sequence[Grid]) -> dict[str, list[str]]:
    """Return warning -> "recipe: source → target" of every cell that carries it, or the target that it is about."""
    corpora: dict[str, dict[str, None]] = {}
    for grid in grids:
        for cell in grid.cells:
            for text in warnings_of(cell):
                of_target = text.startswith((BEGINNINGS[SPEAKERS], BEGINNINGS[RARE], BEGINNINGS[SEEN]))
                place = cell.target if of_target else f"{grid.title}: {cell.source} → {cell.target}"
                corpora.setdefault(text, {})[place] = None
    return {text: list(places) for text, places in corpora.items()}
