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

from harness.statistics.few_clusters import level_of_mean
from harness.statistics.paired_tests import farther, holm
from harness.statistics.sums import Floats, interval

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


@dataclass(frozen=True, slots=True)
class RecipePair:
    """First minus second over one target or all; p of the permutation test only where second is the baseline."""

    first: str
    second: str
    scope: str
    targets: int
    cells: int
    difference: float
    low: float | None
    high: float | None
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
    low, high = (interval(np.mean(drawn, axis=0), wider) if wider else None) or (None, None)
    apart = float(np.mean([pair.difference for pair in pairs]))
    p, smallest = _p(pairs)
    first, cells = pairs[0], sum(pair.cells for pair in pairs)
    return RecipePair(first.first, first.second, scope, len(pairs), cells, apart, low, high, p, None, smallest)


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
