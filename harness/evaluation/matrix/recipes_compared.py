"""Compare every two recipes of a study, per target and over all targets.

What a recipe is worth on a target is the mean over its cross-corpus cells there; two recipes are compared on the
sources and utterances that these two share, so that a third one changes nothing. Over all targets it is the mean of the
differences. Draws of dialogues are shared within a target, so that differences are paired. The permutation test
compares with one recipe that params.yaml names before anybody looks, the baseline: choosing it from the results would
flatter it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from harness.evaluation.matrix.variants import NOT_EQUAL, EqualSettings, spread
from harness.statistics.few_clusters import level_of_mean
from harness.statistics.paired_tests import farther, holm
from harness.statistics.rare_classes import COMPLETE
from harness.statistics.sums import Floats, interval
from harness.statistics.total_spread import detectable, widened

ALL = "all"  # the scope of a difference over all targets


@dataclass(frozen=True, slots=True)
class PairOnTarget:
    """First minus second on the sources and utterances of one target that both have."""

    first: str
    second: str
    target: str
    cells: int
    clusters: int
    difference: float
    resamples: Floats  # (resamples,) the difference in each
    exchanged: Floats | None = None  # (permutations,) after exchanges; None where second is not the baseline
    equal: EqualSettings = NOT_EQUAL  # the difference at equal settings
    retrained: Sequence[float] | None = None  # the difference with each resample of the train dialogues


@dataclass(frozen=True, slots=True)
class RecipePair:
    """First minus second over one target or all; p of the permutation test only where second is the baseline.

    `low` and `high` are the interval over resampled test dialogues. `sd_train` is the standard deviation of the
    difference over resampled train dialogues, and `low_total` and `high_total` the interval of both. `detectable` is
    the smallest difference that would be found with a probability of 80 %. The difference lies between `equal_low` and
    `equal_high` where both recipes have the same settings, over those that source dev leaves open for both; it is the
    mean of `equal_cells` cells.
    """

    first: str
    second: str
    scope: str
    targets: int
    cells: int
    difference: float
    low: float | None
    high: float | None
    sd_train: float | None
    low_total: float | None
    high_total: float | None
    detectable: float | None
    equal_cells: int
    equal_low: float | None
    equal_high: float | None
    p: float | None
    p_holm: float | None
    smallest_p: float | None


COLUMNS = ("space", "metric", *(field.name for field in fields(RecipePair)))


def compared(pairs: Sequence[PairOnTarget], level: float) -> list[RecipePair]:
    """Return every pair over the targets that both have, and every recipe against the baseline on each target.

    Args:
        pairs: one per two recipes and target, of one space and metric.
        level: of the intervals; with few dialogues they are widened (`level_of_mean`).
    """
    on_targets: dict[tuple[str, str], list[PairOnTarget]] = {}
    for pair in pairs:
        on_targets.setdefault((pair.first, pair.second), []).append(pair)
    overall = [_mean(ALL, of_pair, level) for of_pair in on_targets.values()]
    each = [_mean(pair.target, [pair], level) for pair in pairs if pair.exchanged is not None]
    return [*_corrected(overall), *_corrected(each)]


def _mean(scope: str, pairs: Sequence[PairOnTarget], level: float) -> RecipePair:
    """Return the mean of a difference over targets."""
    drawn = [pair.resamples for pair in pairs]
    variances = [float(np.var(known)) if len(known := of[np.isfinite(of)]) else 0.0 for of in drawn]
    wider = level_of_mean(variances, [pair.clusters for pair in pairs], level)
    low, high = (interval(np.mean(drawn, axis=0), wider, COMPLETE) if wider else None) or (None, None)
    apart = float(np.mean([pair.difference for pair in pairs]))
    p, smallest = _p(pairs)
    sd_test = spread(np.mean(drawn, axis=0).tolist())
    sd_train = spread(np.mean(retrained, axis=0).tolist()) if (retrained := _retrained(pairs)) else None
    low_total, high_total = widened((apart, low, high), sd_test, sd_train)
    equal = _equal([pair.equal for pair in pairs if pair.equal.cells])
    return RecipePair(
        first=pairs[0].first,
        second=pairs[0].second,
        scope=scope,
        targets=len(pairs),
        cells=sum(pair.cells for pair in pairs),
        difference=apart,
        low=low,
        high=high,
        sd_train=sd_train,
        low_total=low_total,
        high_total=high_total,
        detectable=detectable(sd_test, sd_train, level),
        equal_cells=equal.cells,
        equal_low=equal.low,
        equal_high=equal.high,
        p=p,
        p_holm=None,
        smallest_p=smallest,
    )


def _equal(of_targets: Sequence[EqualSettings]) -> EqualSettings:
    """Return the mean over targets of the ends of a range."""
    if not of_targets:
        return NOT_EQUAL
    low, high = (float(np.mean([of[end] for of in of_targets])) for end in (1, 2))
    return EqualSettings(sum(of.cells for of in of_targets), low, high)


def _retrained(pairs: Sequence[PairOnTarget]) -> list[Sequence[float]]:
    """Return the differences of each target with each resample of the train dialogues; empty where one has none."""
    known = [pair.retrained for pair in pairs if pair.retrained]
    return known if len(known) == len(pairs) and len({len(of) for of in known}) == 1 else []


def _p(pairs: Sequence[PairOnTarget]) -> tuple[float | None, float | None]:
    """Return p of the mean difference over targets, each exchanged on its own, and the least it can be.

    Of n dialogues there are 2^(n - 1) exchanges that differ in more than the sign.
    """
    known = [pair.exchanged for pair in pairs if pair.exchanged is not None]
    if len(known) < len(pairs):
        return None, None
    observed = float(np.mean([pair.difference for pair in pairs]))
    drawn: Floats = np.mean(known, axis=0)
    count = len(drawn)
    smallest = max(1 / (count + 1), 2.0 ** (1 - sum(pair.clusters for pair in pairs)))
    return max((farther(observed, drawn) + 1) / (count + 1), smallest), smallest


def _corrected(pairs: Sequence[RecipePair]) -> Iterator[RecipePair]:
    """Yield the same with Holm's correction over all that have a p."""
    corrected, _ = holm([pair.p for pair in pairs])
    for pair, p in zip(pairs, corrected, strict=True):
        yield replace(pair, p_holm=p)
