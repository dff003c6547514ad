"""Label-view transfer: whose labels are learned, and whose are tested against.

Two differences, each on the utterances that both sides have, with dialogues resampled in pairs:

- learned: a recipe trained on the labels of one modality minus its twin, which is the same recipe trained on the main
  label; both tested against the same labels.
- tested: the same predictions, tested against the labels of one modality minus tested against the main label.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from harness import scoring, statistics
from harness.cells import Row
from harness.comparison_clusters import small_sample_level
from harness.corpus import MAIN_VIEW
from harness.inputs import view_of
from harness.labels import Space

LEARNED, TESTED = "learned", "tested"
APART = ("description", "view", "test_views")  # what twins may differ in


@dataclass(frozen=True, slots=True)
class ViewDifference:
    """What a label view changes in one cell: `value` minus `other`, on `n` common utterances."""

    change: str  # LEARNED or TESTED
    recipe: str
    twin: str  # trained on the main label; the recipe itself where only the test differs
    source: str
    target: str
    train_view: str
    test_view: str
    n: int
    dialogues: int
    value: float
    other: float
    difference: float
    low: float | None
    high: float | None


COLUMNS = ("space", "metric", *(one.name for one in fields(ViewDifference)))


def differences(
    rows: Sequence[Row], label_space: Space, metric: Any, settings: Mapping[str, Any]
) -> Iterator[ViewDifference]:
    """Yield both kinds of differences between the scored cells of one space and target.

    Args:
        rows: cells of the matrix, scored or not.
        label_space: theirs.
        metric: a module of harness/metrics with one value a cell.
        settings: `statistics` of params.yaml.
    """
    known = {(row.recipe, row.source, row.view): row for row in rows if row.scored is not None}
    twins = _twins(rows)
    for (recipe, source, view), row in known.items():
        twin = known.get((twins.get(recipe, ""), source, view))
        if twin is not None:
            yield from _difference(LEARNED, row, twin, label_space, metric, settings)
    for (recipe, source, view), row in known.items():
        main = known.get((recipe, source, MAIN_VIEW))
        if view != MAIN_VIEW and main is not None:
            yield from _difference(TESTED, row, main, label_space, metric, settings)


def _twins(rows: Sequence[Row]) -> dict[str, str]:
    """Return recipe -> the first recipe that is trained on the main label and differs from it in nothing else."""
    of = {row.recipe: row.settings for row in rows}
    alike = {name: {key: value for key, value in one.items() if key not in APART} for name, one in of.items()}
    return {
        name: twin
        for name in of
        if view_of(of[name]) != MAIN_VIEW
        for twin in [next((o for o in of if view_of(of[o]) == MAIN_VIEW and alike[o] == alike[name]), "")]
        if twin
    }


def _difference(
    change: str, row: Row, other: Row, label_space: Space, metric: Any, settings: Mapping[str, Any]
) -> Iterator[ViewDifference]:
    assert row.scored is not None
    assert other.scored is not None
    common = set(row.scored.ids).intersection(other.scored.ids)
    if not common:
        return
    sides = [scoring.statistic(one.only(common), label_space, metric) for one in (row.scored, other.scored)]
    value, against = (float(np.mean(metric.from_statistic(one.sum(axis=1)))) for one in sides)
    if not np.isfinite(value - against):
        return
    dialogues = sides[0].shape[1]
    weights = statistics.draws(dialogues, int(settings["resamples"]), int(settings["seed"]))
    ours, theirs = (statistics.resampled(one, weights, metric) for one in sides)
    level = float(settings["level"])
    spread = statistics.interval(ours - theirs, small_sample_level(dialogues, level)) if dialogues > 1 else None
    views = view_of(row.settings), row.view
    where = row.recipe, other.recipe, row.source, row.target
    yield ViewDifference(
        change, *where, *views, len(common), dialogues, value, against, value - against, *(spread or (None, None))
    )
