"""Score every prediction against the labels: cells.csv, the summary for `dvc metrics`, and the plots' data."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from harness import layout, manifest, predictions, scoring, statistics
from harness.cellrow import indices
from harness.corpus import MAIN_VIEW
from harness.files import read_json, write_json, write_text
from harness.inputs import test_views_of, view_of
from harness.labels import ClassSpace, Space, space
from harness.normalisers import TRANSDUCTIVE
from harness.plugins import find
from harness.protocols import single_source as protocol
from harness.settings import inputs
from harness.study import study_facts
from harness.transfer import Cell, cells_to_csv, ratio

Values = dict[str, scoring.Value]


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
    """One planned cell with what scoring it found."""

    recipe: str
    settings: dict[str, Any]
    source: str
    target: str
    view: str
    reason: str = ""
    scored: scoring.Scored | None = None
    values: Values | None = None


def run(params: dict[str, Any]) -> None:
    """Write results/cells.csv, study.json, transfer.json and plots/."""
    targets = {name: Target(name) for name in params["corpora"]}
    plans = [read_json(layout.plan(name), f"dvc repro transfer@{name}") for name in params["recipes"]]
    cells: list[Cell] = []
    confusions: list[list[Any]] = []
    for name in params["spaces"]:
        label_space = space(name)
        metrics = params["metrics"]["classes" if isinstance(label_space, ClassSpace) else "scale"]
        for target in targets.values():
            rows = [
                _score(params, label_space, metrics, target, plan, cell, view)
                for plan in plans
                for view in test_views_of(plan["settings"])
                for cell in plan["cells"]
                if (cell["space"], cell["target"]) == (name, target.corpus)
            ]
            cells += _cells(params, label_space, metrics, target, rows)
            confusions += _confusions(label_space, rows)
    write_text(layout.CELLS, cells_to_csv(_sorted(cells, params)))
    write_json(layout.STUDY, study_facts(params, plans, cells))
    write_json(layout.SUMMARY, _summary(cells, params["primary"]))
    _plots(cells, params["primary"], confusions)
    known = sum(not cell.reason for cell in cells if cell.metric == params["primary"][cell.space])
    print(f"{known} cells scored, {len(cells)} rows in {layout.CELLS}")


def _score(
    params: dict[str, Any],
    label_space: Space,
    metrics: list[str],
    target: Target,
    plan: Any,
    cell: dict[str, str],
    view: str,
) -> Row:
    row = Row(plan["recipe"], plan["settings"], cell["source"], cell["target"], view, cell.get("reason", ""))
    if row.reason:
        return row
    path = layout.prediction(row.recipe, row.source, label_space.name, row.target)
    truth = target.truth(label_space, view)
    if not truth and view != MAIN_VIEW:
        row.reason = f"target_no_view:{view}"
        return row
    found = predictions.read(path, label_space)
    scored = scoring.align(found, truth, target.dialogues, target.tested, row.source == row.target)
    if not len(scored.truth):
        row.reason = "no_labelled_test_rows"
        return row
    settings = params["statistics"]
    weights = statistics.draws(int(scored.clusters.max()) + 1, int(settings["resamples"]), int(settings["seed"]))
    row.scored = scored
    row.values = {value.metric: value for value in scoring.values(scored, label_space, metrics, weights)}
    return row


def _cells(
    params: dict[str, Any], label_space: Space, metrics: list[str], target: Target, rows: list[Row]
) -> Iterator[Cell]:
    """Make the cells of one space and target, each against the in-domain row of the same recipe."""
    in_domain = {(row.recipe, row.view): row for row in rows if row.source == row.target}
    names = _metric_names(label_space, metrics)
    for row in rows:
        for name in names:
            yield _cell(params, label_space, target, row, in_domain[row.recipe, row.view], name)


def _cell(params: dict[str, Any], label_space: Space, target: Target, row: Row, in_domain: Row, name: str) -> Cell:
    transductive = row.settings["normalise"] in TRANSDUCTIVE
    cell = Cell(
        space=label_space.name,
        view=row.view,
        train_view=view_of(row.settings),
        recipe=row.recipe,
        source=row.source,
        target=row.target,
        protocol=f"{protocol.NAME}_transductive" if transductive else protocol.NAME,
        selection="source_dev",
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
    cell: Cell, params: dict[str, Any], label_space: Space, target: Target, row: Row, value: scoring.Value
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


def _compare(cell: Cell, params: dict[str, Any], value: scoring.Value, in_domain: Row) -> None:
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


def _metric_names(label_space: Space, metrics: list[str]) -> list[str]:
    classes = label_space.classes if isinstance(label_space, ClassSpace) else ()
    return [name for one in metrics for name in ([f"recall/{c}" for c in classes] if one == "recall" else [one])]


def _sorted(cells: list[Cell], params: dict[str, Any]) -> list[Cell]:
    """Order cells as params.yaml orders spaces, recipes and corpora."""
    places = [{name: at for at, name in enumerate(params[key])} for key in ("spaces", "recipes", "corpora")]
    return sorted(
        cells,
        key=lambda c: (places[0][c.space], places[1][c.recipe], places[2][c.source], places[2][c.target]),
    )


def _summary(cells: list[Cell], primary: dict[str, str]) -> dict[str, Any]:
    """Return space -> recipe -> target -> source -> primary value, for `dvc metrics show` and `diff`."""
    summary: dict[str, Any] = {}
    for cell in cells:
        if cell.metric == primary[cell.space] and cell.value is not None:
            by_target = summary.setdefault(cell.space, {}).setdefault(_named(cell.recipe, cell.view), {})
            by_target.setdefault(cell.source, {})[cell.target] = round(cell.value, 4)
    return summary


def _named(recipe: str, view: str) -> str:
    """Return a recipe's name with the view that it was tested against, where that is not the main one."""
    return recipe if view == MAIN_VIEW else f"{recipe}@{view}"


def _confusions(label_space: Space, rows: list[Row]) -> Iterator[list[Any]]:
    """Yield one line per (truth, predicted) of each cell, counts averaged over replicates."""
    if not isinstance(label_space, ClassSpace):
        return
    for row in rows:
        if row.scored is not None:
            scored = row.scored
            one = np.zeros(len(scored.truth), dtype=np.int64)
            counts = statistics.confusion(
                scored.truth, scored.scores.argmax(axis=-1), one, len(label_space.classes)
            ).mean(axis=0)[0]
            for t, truth in enumerate(label_space.classes):
                for p, predicted in enumerate(label_space.classes):
                    share = counts[t, p] / counts[t].sum() if counts[t].sum() else 0.0
                    cell = [label_space.name, _named(row.recipe, row.view), row.source, row.target, truth, predicted]
                    yield [*cell, round(counts[t, p], 2), round(share, 4)]


def _plots(cells: list[Cell], primary: dict[str, str], confusions: list[list[Any]]) -> None:
    matrix = [
        [cell.space, _named(cell.recipe, cell.view), cell.source, cell.target, cell.metric, round(cell.value, 4)]
        for cell in cells
        if cell.metric == primary[cell.space] and cell.value is not None
    ]
    header = ["space", "recipe", "source", "target"]
    write_text(layout.PLOTS / "matrix.csv", _csv([*header, "metric", "value"], matrix))
    write_text(layout.PLOTS / "confusion.csv", _csv([*header, "truth", "predicted", "count", "share"], confusions))


def _csv(header: list[str], rows: list[list[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()
