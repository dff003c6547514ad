"""Label-view transfer: how much it matters whose labels are learned and whose are tested against.

Two differences, each on the utterances that both sides have, with dialogues resampled in pairs:

- learned: a recipe trained on the labels of one modality minus its twin, which is the same recipe trained on the main
  label; both tested against the same labels.
- tested: the same predictions, tested against the labels of one modality minus tested against the main label.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from types import ModuleType

import numpy as np

from harness.evaluation.matrix import floors, scoring
from harness.evaluation.matrix.cells import CellScorer, CellToScore
from harness.evaluation.matrix.variants import at_equal_settings, retrained_differences, spread
from harness.statistics import sums
from harness.statistics.total_spread import widened
from harness.study.labels import MAIN_VIEW
from harness.study.recipes import view_of

LEARNED, TESTED = "learned", "tested"
APART = ("description", "view", "test_views")  # what twins may differ in


@dataclass(frozen=True, slots=True)
class ViewDifference:
    """What a label view changes in one cell: `value` minus `other`, on `n` common utterances.

    `floor` and `other_floor` are the majority floors of the two sides' labels there: two views need not hold the same
    classes. `sd_train` is the standard deviation of the difference over resampled train dialogues, `low_total` and
    `high_total` the interval of test and training data together. Of what is learned, the difference lies between
    `equal_low` and `equal_high` where both sides have the same setting, over those that source dev leaves open for
    both. `ceiling` is what people with the view's modality alone score against the main label, on all test utterances
    with both labels; it is None where neither side is tested against the main label, and on a scale.
    """

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
    sd_train: float | None
    low_total: float | None
    high_total: float | None
    equal_low: float | None
    equal_high: float | None
    floor: float | None
    other_floor: float | None
    ceiling: float | None


COLUMNS = ("space", "metric", *(field.name for field in fields(ViewDifference)))


def differences(rows: Sequence[CellToScore], metric: ModuleType, scorer: CellScorer) -> Iterator[ViewDifference]:
    """Yield both kinds of differences between the scored cells of one space and target.

    Args:
        rows: cells of the matrix, scored or not.
        metric: a module of harness/metrics with one value per cell.
        scorer: of the cells.
    """
    known = {(row.recipe, row.source, row.view): row for row in rows if row.scored is not None}
    twins = _twins(rows)
    for (recipe, source, view), row in known.items():
        tested = (known[twin, source, view] for twin in twins.get(recipe, ()) if (twin, source, view) in known)
        if twin := next(tested, None):
            yield from _difference(LEARNED, row, twin, metric, scorer)
    for (recipe, source, view), row in known.items():
        main = known.get((recipe, source, MAIN_VIEW))
        if view != MAIN_VIEW and main is not None:
            yield from _difference(TESTED, row, main, metric, scorer)


def _twins(rows: Sequence[CellToScore]) -> dict[str, list[str]]:
    """Return recipe of a view -> the recipes that are trained on the main label and differ from it in nothing else."""
    of = {row.recipe: row.settings for row in rows}
    alike = {name: {key: value for key, value in recipe.items() if key not in APART} for name, recipe in of.items()}
    main = [name for name in of if view_of(of[name]) == MAIN_VIEW]
    return {name: [recipe for recipe in main if alike[recipe] == alike[name]] for name in of if name not in main}


def _difference(
    change: str, row: CellToScore, other: CellToScore, metric: ModuleType, scorer: CellScorer
) -> Iterator[ViewDifference]:
    assert row.scored is not None
    assert other.scored is not None
    common = set(row.scored.ids).intersection(other.scored.ids)
    if not common:
        return
    both = [scored.only(common) for scored in (row.scored, other.scored)]
    sides = [scoring.statistic(scored, scorer.space, metric) for scored in both]
    value, against = (float(np.mean(metric.from_statistic(statistic.sum(axis=1)))) for statistic in sides)
    if not np.isfinite(value - against):
        return
    dialogues = both[0].dialogues
    ours, theirs = (sums.resampled(statistic, both[0].draws(scorer.settings), metric) for statistic in sides)
    low, high = scorer.interval(ours - theirs, dialogues, metric)
    name = metric.__name__.rpartition(".")[2]
    variants = [(row.variants, other.variants)]
    equal = at_equal_settings(variants if change == LEARNED else [], common, scorer.space, name)
    retrained = retrained_differences(variants, common, scorer.space, name)
    sd_train = spread(retrained) if retrained else None
    low_total, high_total = widened((value - against, low, high), spread((ours - theirs).tolist()), sd_train)
    floor, other_floor = (floors.floors(scored.truth, scorer.space, name, scored.least)[0] for scored in both)
    # what people score against the main label with the modality that is learned, or tested against
    modality = row.view if change == TESTED else view_of(row.settings)
    has_ceiling = change == TESTED or row.view == MAIN_VIEW
    yield ViewDifference(
        change=change,
        recipe=row.recipe,
        twin=other.recipe,
        source=row.source,
        target=row.target,
        train_view=view_of(row.settings),
        test_view=row.view,
        n=len(common),
        dialogues=dialogues,
        value=value,
        other=against,
        difference=value - against,
        low=low,
        high=high,
        sd_train=sd_train,
        low_total=low_total,
        high_total=high_total,
        equal_low=equal.low,
        equal_high=equal.high,
        floor=floor,
        other_floor=other_floor,
        ceiling=scorer.target.ceiling(scorer.space, modality, name) if has_ceiling else None,
    )
