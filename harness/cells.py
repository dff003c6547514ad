"""The cells of the transfer matrix from predictions and labels: a value with all that stands beside it, or a reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from harness import layout, manifest, predictions, scoring, statistics
from harness.cellrow import indices
from harness.corpus import MAIN_VIEW
from harness.inputs import view_of
from harness.labels import ClassSpace, Space
from harness.normalisers import TRANSDUCTIVE
from harness.plugins import find
from harness.protocols import single_source as protocol
from harness.settings import inputs
from harness.transfer import TRANSDUCTIVE as ADAPTED
from harness.transfer import Cell, ratio

Values = dict[str, scoring.Value]
SOURCE_DEV = "source_dev"


class Target:
    """The test rows of one corpus and their truth."""

    def __init__(self, corpus: str) -> None:
        self.corpus = corpus
        self.utterances = manifest.read_utterances(layout.utterances(corpus))
        self.labels = manifest.read_labels(layout.labels(corpus))
        rows = protocol.target_rows(self.utterances)
        self.tested = [name for name, split in rows.items() if split == "test"]
        self._truths: dict[tuple[str, str], dict[str, Any]] = {}  # every recipe and source asks for the same

    @cached_property
    def dialogues(self) -> dict[str, str]:
        """Return id -> dialogue."""
        return {row.id: row.dialogue for row in self.utterances}

    def truth(self, target: Space, view: str = MAIN_VIEW) -> dict[str, Any]:
        """Return id -> class index or number of the test rows that have a label in a view."""
        key = target.name, view
        if key not in self._truths:
            self._truths[key] = self._truth(target, view)
        return self._truths[key]

    def _truth(self, target: Space, view: str) -> dict[str, Any]:
        found = {name: manifest.label_of(self.labels[name], target.name, view) for name in self.tested}
        known = {name: label for name, label in found.items() if label is not None}
        return dict(zip(known, indices(list(known.values()), target).tolist(), strict=True))


@dataclass(slots=True)
class Row:
    """One planned cell with what scoring it found; `settings` is its recipe."""

    recipe: str
    settings: dict[str, Any]
    source: str
    target: str
    view: str
    protocol: str = protocol.NAME
    variant: str = ""
    selection: str = SOURCE_DEV
    file: Path | None = None
    adapted: bool = False  # the model has seen the target's features, without labels
    by_fold: bool = False  # of the target: its parts were predicted by models of their own
    reason: str = ""
    scored: scoring.Scored | None = None
    values: Values | None = None


def planned(plan: Mapping[str, Any], cell: Mapping[str, str], view: str) -> Row:
    """Return a cell of `transfer` that is to be scored against a view of its target."""
    row = Row(plan["recipe"], plan["settings"], cell["source"], cell["target"], view, reason=cell.get("reason", ""))
    row.by_fold = row.source == row.target
    row.file = None if row.reason else Path(cell["file"])
    return row


def score(row: Row, params: Mapping[str, Any], label_space: Space, metrics: Sequence[str], target: Target) -> Row:
    """Fill in what a row's predictions are worth, or why there is no value."""
    if row.file is None:
        return row
    truth = target.truth(label_space, row.view)
    if not truth and row.view != MAIN_VIEW:
        row.reason = f"target_no_view:{row.view}"
        return row
    found = predictions.read(row.file, label_space)
    scored = scoring.align(found, truth, target.dialogues, target.tested, row.by_fold)
    if not len(scored.truth):
        row.reason = "no_labelled_test_rows"
        return row
    settings = params["statistics"]
    weights = statistics.draws(int(scored.clusters.max()) + 1, int(settings["resamples"]), int(settings["seed"]))
    row.scored = scored
    row.values = {value.metric: value for value in scoring.values(scored, label_space, metrics, weights)}
    return row


def cells(
    params: Mapping[str, Any], label_space: Space, metrics: Sequence[str], target: Target, rows: Sequence[Row]
) -> Iterator[Cell]:
    """Make the cells of one space and target, each against the in-domain row of the same recipe."""
    matrix = [row for row in rows if row.protocol == protocol.NAME]
    in_domain = {(row.recipe, row.view): row for row in matrix if row.source == row.target}
    names = _metric_names(label_space, metrics)
    for row in rows:
        for name in names:
            yield _cell(params, label_space, target, row, in_domain[row.recipe, row.view], name)


def _cell(params: Mapping[str, Any], label_space: Space, target: Target, row: Row, in_domain: Row, name: str) -> Cell:
    transductive = row.settings["normalise"] in TRANSDUCTIVE or row.adapted
    cell = Cell(
        space=label_space.name,
        view=row.view,
        train_view=view_of(row.settings),
        recipe=row.recipe,
        source=row.source,
        target=row.target,
        protocol=row.protocol + ADAPTED if transductive else row.protocol,
        variant=row.variant,
        selection=row.selection,
        metric=name,
        reason=row.reason or "undefined",
    )
    if row.scored is None or row.values is None:
        return cell
    value = row.values[name]
    spread = statistics.interval(value.resamples, float(params["statistics"]["level"]))
    point = float(value.replicates.mean())
    if np.isnan(point) or spread is None:
        return cell
    _fill(cell, params, label_space, target, row, value)
    cell.value, cell.reason = point, ""
    cell.low, cell.high = spread
    _compare(cell, params, value, in_domain)
    return cell


def _fill(
    cell: Cell, params: Mapping[str, Any], label_space: Space, target: Target, row: Row, value: scoring.Value
) -> None:
    """Add what stands beside the value: counts, floors, ceiling, warnings."""
    scored = row.scored
    assert scored is not None
    cell.sd_seeds = scoring.seed_spread(value, scored.seeds)
    cell.replicates = len(scored.scores)
    cell.n = len(scored.truth)
    cell.n_classes = len(np.unique(scored.truth)) if isinstance(label_space, ClassSpace) else None
    cell.clusters = int(scored.clusters.max()) + 1
    cell.coverage = len(scored.truth) / scored.asked
    cell.floor, cell.floor_random = scoring.floors(scored.truth, label_space, cell.metric)
    cell.ceiling = _ceiling(label_space, target, row, cell.metric)
    warnings = scoring.degeneracy(scored, label_space)
    if cell.clusters < int(params["statistics"]["few_clusters"]):
        warnings.append(f"interval from {cell.clusters} dialogues only")
    cell.warnings = "; ".join(warnings)


def _compare(cell: Cell, params: Mapping[str, Any], value: scoring.Value, in_domain: Row) -> None:
    """Add gap and ratio against the in-domain cell on the same rows and the same resamples."""
    if in_domain.values is None or in_domain.scored is None or cell.value is None:
        return
    home = in_domain.values[cell.metric]
    cell.in_domain = float(home.replicates.mean())
    home_interval = statistics.interval(home.resamples, float(params["statistics"]["level"]))
    if home_interval is None or cell.is_in_domain:
        return
    cell.gap = cell.value - cell.in_domain
    gaps = statistics.interval(value.resamples - home.resamples, float(params["statistics"]["level"]))
    if gaps is not None and in_domain.scored.truth.shape == (cell.n,):
        cell.gap_low, cell.gap_high = gaps
    if cell.floor is not None and _higher_is_better(cell.metric):
        cell.ratio = ratio(cell.value, cell.in_domain, cell.floor, home_interval[0])


def _ceiling(label_space: Space, target: Target, row: Row, metric: str) -> float | None:
    """Score people who saw one modality only against the main label, for a recipe of that one modality."""
    used = list(inputs(row.settings))
    if row.view != MAIN_VIEW or len(used) != 1 or not isinstance(label_space, ClassSpace):
        return None
    name, _, part = metric.partition("/")
    module = find("metric", name)
    human, truth = target.truth(label_space, used[0]), target.truth(label_space)
    both = [key for key in truth if key in human]
    if not both or module.STATISTIC != "confusion":
        return None
    one = np.zeros(len(both), dtype=np.int64)
    t, p = (np.array([side[key] for key in both], dtype=np.int64) for side in (truth, human))
    value = module.from_statistic(statistics.confusion(t, p[None], one, len(label_space.classes))[0, 0])
    value = value[label_space.classes.index(part)] if part else value
    return None if np.isnan(value) else float(value)


def _higher_is_better(metric: str) -> bool:
    return bool(find("metric", metric.partition("/")[0]).HIGHER_IS_BETTER)


def _metric_names(label_space: Space, metrics: Sequence[str]) -> list[str]:
    classes = label_space.classes if isinstance(label_space, ClassSpace) else ()
    return [name for one in metrics for name in ([f"recall/{c}" for c in classes] if one == "recall" else [one])]
