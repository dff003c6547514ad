"""Make the cells of the transfer matrix from predictions and labels: each has a value and its context, or a reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from harness.evaluation.matrix import scoring
from harness.evaluation.matrix.target_corpus import TargetCorpus
from harness.statistics import sums
from harness.statistics.few_clusters import small_sample_level
from harness.study import predictions, splits
from harness.study.cells import TRANSDUCTIVE_SUFFIX, Cell, ratio
from harness.study.labels import MAIN_VIEW, ClassSpace, Space
from harness.study.metric_facts import higher_is_better
from harness.study.params.rows import inputs
from harness.study.recipes import TRANSDUCTIVE_NORMALISERS, view_of

Values = dict[str, scoring.Value]
SOURCE_DEV, ELSEWHERE = "source_dev", "elsewhere"  # on what a model was selected; of external predictions nobody knows
EXTERNAL = "external"  # fusion of these


@dataclass(slots=True)
class CellToScore:
    """One planned cell with what scoring it found; `settings` is its recipe."""

    recipe: str
    settings: dict[str, Any]
    source: str
    target: str
    view: str
    protocol: str = splits.SINGLE_SOURCE
    variant: str = ""
    selection: str = SOURCE_DEV
    file: Path | None = None
    adapted: bool = False  # the model has seen the target's features, without labels
    by_fold: bool = False  # of the target: its parts were predicted by models of their own
    reason: str = ""
    warning: str = ""  # of whoever made the predictions
    warnings: list[str] = field(default_factory=list)
    scored: scoring.ScoredRows | None = None
    values: Values | None = None


def planned(plan: Mapping[str, Any], cell: Mapping[str, str], view: str) -> CellToScore:
    """Return a cell of `transfer` that is to be scored against a view of its target."""
    row = CellToScore(
        plan["recipe"], plan["settings"], cell["source"], cell["target"], view, reason=cell.get("reason", "")
    )
    row.by_fold = row.source == row.target
    row.file = None if row.reason else Path(cell["file"])
    row.warning = cell.get("warning", "")
    row.selection = ELSEWHERE if row.settings["fusion"] == EXTERNAL else SOURCE_DEV
    return row


def score(
    row: CellToScore,
    params: Mapping[str, Any],
    label_space: Space,
    metrics: Sequence[str],
    target: TargetCorpus,
    given: Sequence[predictions.Predictions] | None = None,
) -> CellToScore:
    """Fill in what a row's predictions (`given`, or those of its file) are worth, or why there is no value."""
    if row.file is None:
        return row
    rows = target.rows(label_space, row.view)
    if not rows.truth and row.view != MAIN_VIEW:
        row.reason = f"target_no_view:{row.view}"
        return row
    replicates = predictions.read(row.file, label_space) if given is None else given
    scored = rows.align(replicates, row.by_fold)
    if not len(scored.truth):
        row.reason = "no_labelled_test_rows"
        return row
    settings = params["statistics"]
    weights = sums.draws(int(scored.clusters.max()) + 1, int(settings["resamples"]), int(settings["seed"]))
    row.scored = scored
    row.warnings = [*([row.warning] if row.warning else []), *scoring.degeneracy(scored, label_space)]
    row.values = {value.metric: value for value in scoring.values(scored, label_space, metrics, weights)}
    return row


def cells(
    params: Mapping[str, Any],
    label_space: Space,
    metrics: Sequence[str],
    target: TargetCorpus,
    rows: Sequence[CellToScore],
) -> Iterator[Cell]:
    """Make the cells of one space and target, each against the in-domain row of the same recipe."""
    matrix = [row for row in rows if row.protocol == splits.SINGLE_SOURCE]
    at_home = {(row.recipe, row.view): row for row in matrix if row.source == row.target}
    names = _metric_names(label_space, metrics)
    for row in rows:
        for name in names:
            yield _cell(params, label_space, target, row, at_home.get((row.recipe, row.view)), name)


def _cell(
    params: Mapping[str, Any],
    label_space: Space,
    target: TargetCorpus,
    row: CellToScore,
    in_domain: CellToScore | None,
    name: str,
) -> Cell:
    transductive = row.settings["normalise"] in TRANSDUCTIVE_NORMALISERS or row.adapted
    cell = Cell(
        space=label_space.name,
        view=row.view,
        train_view=view_of(row.settings),
        recipe=row.recipe,
        source=row.source,
        target=row.target,
        protocol=row.protocol + TRANSDUCTIVE_SUFFIX if transductive else row.protocol,
        variant=row.variant,
        selection=row.selection,
        metric=name,
        reason=row.reason or "undefined",
    )
    if row.scored is None or row.values is None:
        return cell
    value = row.values[name]
    level = _level(params, row.scored)
    spread = _interval(value.resamples, level)
    point = float(value.replicates.mean())
    if np.isnan(point) or (spread is None and level is not None):
        return cell
    _fill(cell, params, label_space, target, row, value)
    cell.value, cell.reason = point, ""
    cell.low, cell.high = spread or (None, None)
    if in_domain is not None:
        _compare(cell, level, value, row.scored, in_domain)
    return cell


def _level(params: Mapping[str, Any], scored: scoring.ScoredRows) -> float | None:
    """Return the level whose percentile interval covers as params.yaml says; None of one dialogue, which has none."""
    level, clusters = float(params["statistics"]["level"]), int(scored.clusters.max()) + 1
    return small_sample_level(clusters, level) if clusters > 1 else None


def _interval(resamples: scoring.Floats, level: float | None) -> tuple[float, float] | None:
    return None if level is None else sums.interval(resamples, level)


def _fill(
    cell: Cell,
    params: Mapping[str, Any],
    label_space: Space,
    target: TargetCorpus,
    row: CellToScore,
    value: scoring.Value,
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
    cell.floor, cell.floor_random = target.floors(scored.truth, label_space, cell.metric)
    cell.ceiling = _ceiling(label_space, target, row, cell.metric)
    warnings = list(row.warnings)
    if cell.clusters < int(params["statistics"]["few_clusters"]):
        some = f"interval from {cell.clusters} dialogues only"
        warnings.append(some if cell.clusters > 1 else "interval missing: all in one dialogue")
    cell.warnings = "; ".join(warnings)


def _compare(
    cell: Cell, level: float | None, value: scoring.Value, scored: scoring.ScoredRows, in_domain: CellToScore
) -> None:
    """Add gap and ratio against the in-domain cell, where both stand on the same rows and so the same resamples."""
    if in_domain.values is None or in_domain.scored is None or cell.value is None:
        return
    home = in_domain.values[cell.metric]
    cell.in_domain = float(home.replicates.mean())
    if cell.is_in_domain or not in_domain.scored.stands_on(scored):
        return
    cell.gap = cell.value - cell.in_domain
    cell.gap_low, cell.gap_high = _interval(value.resamples - home.resamples, level) or (None, None)
    home_interval = _interval(home.resamples, level)
    if home_interval is not None and cell.floor is not None and higher_is_better(cell.metric):
        cell.ratio = ratio(cell.value, cell.in_domain, cell.floor, home_interval[0])


def _ceiling(label_space: Space, target: TargetCorpus, row: CellToScore, metric: str) -> float | None:
    """Return the human ceiling of a recipe of one modality, tested on the main label."""
    used = row.settings["inputs"] if "inputs" in row.settings else list(inputs(row.settings))
    if row.view != MAIN_VIEW or len(used) != 1 or not isinstance(label_space, ClassSpace):
        return None
    return target.ceiling(label_space, str(used[0]), metric)


def _metric_names(label_space: Space, metrics: Sequence[str]) -> list[str]:
    classes = label_space.classes if isinstance(label_space, ClassSpace) else ()
    return [
        name for metric in metrics for name in ([f"recall/{c}" for c in classes] if metric == "recall" else [metric])
    ]
