"""Metric values by kind of test row: agreement of modalities, scripted or improvised, gender, speaker, language.

All strata of a cell are resampled with the same draws of its dialogues, so that `comparison.paired_bootstrap` compares
two strata of one dialogue pairwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.core.plugins import find
from harness.evaluation.matrix.scoring import Floats, ScoredRows, interval, statistic
from harness.statistics import sums as statistics
from harness.statistics.rare_classes import without_rare
from harness.study.labels import ClassSpace, Space
from harness.study.metric_facts import metric_module

FEW_ROWS = 50  # under so many a recall is known to no better than +- .14
FEW_DIALOGUES = 20


@dataclass(frozen=True, slots=True)
class Stratum:
    """One metric on the test rows of one stratum; a missing number has a reason.

    It can be given to `comparison.paired_bootstrap`, which is why it keeps its replicates and resamples.
    """

    name: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    rows: int
    dialogues: int
    warnings: tuple[str, ...]
    reason: str | None
    replicates: Floats  # (replicates,)
    resamples: Floats  # (resamples,), averaged over replicates


def stratified(
    scored: ScoredRows,
    space: Space,
    metrics: Sequence[str],
    strata: Sequence[str | None],
    weights: NDArray[Any],
    level: float = 0.95,
) -> list[Stratum]:
    """Return every metric in every stratum of a cell's test rows, strata in order of name.

    A stratum is scored by the classes that have enough rows in its own truth. `recall` becomes one value per class, as
    in scoring.

    Args:
        scored: the cell.
        space: of its labels.
        metrics: names.
        strata: stratum of each row of `scored`, None for rows that belong to none.
        weights: the cell's draws, (resamples, dialogues) of `statistics.draws`.
        level: of the intervals.

    Raises:
        ValueError: the strata are not one per row, or the draws are of other dialogues.
    """
    dialogues = weights.shape[1]
    if len(strata) != len(scored.truth):
        raise ValueError(f"{len(strata)} strata are given for {len(scored.truth)} test rows")
    if len(scored.truth) and int(scored.clusters.max()) >= dialogues:
        raise ValueError(f"draws of {dialogues} dialogues, but a row has number {int(scored.clusters.max())}")
    names = sorted({stratum for stratum in strata if stratum is not None})
    if not names:
        return []
    number = np.array([-1 if stratum is None else names.index(stratum) for stratum in strata])
    kept, classes = _within(scored, number, dialogues), space.classes if isinstance(space, ClassSpace) else ()
    values = []
    for metric in metrics:
        module = find("metric", metric)
        sums = _by_stratum(statistic(kept, space, module), len(names), dialogues)
        for at, name in enumerate(names):
            own = without_rare(sums[:, at], module, scored.least)
            points = module.from_statistic(own.sum(axis=1))
            with np.errstate(invalid="ignore"):
                resamples = statistics.resampled(own, weights, module)
            clusters = scored.clusters[number == at]
            if points.ndim == 1:
                values.append(_stratum(name, metric, points, resamples, level, clusters))
            else:
                values += [
                    _stratum(name, f"{metric}/{class_name}", points[:, k], resamples[:, k], level, clusters)
                    for k, class_name in enumerate(classes)
                ]
    return values


def _within(scored: ScoredRows, number: NDArray[np.int64], dialogues: int) -> ScoredRows:
    """Return the rows that have a stratum, each dialogue split into one cluster a stratum.

    They keep classes of few rows: which are rare is told within each stratum.
    """
    rows = number >= 0
    clusters = number[rows] * dialogues + scored.clusters[rows]
    return ScoredRows(scored.truth[rows], scored.scores[:, rows], clusters, scored.asked, scored.seeds)


def _by_stratum(sums: Floats, strata: int, dialogues: int) -> Floats:
    """Return (replicates, strata, dialogues, ...) of sums over clusters, which may lack the last ones."""
    replicates, clusters, *shape = sums.shape
    whole = np.zeros((replicates, strata * dialogues, *shape))
    whole[:, :clusters] = sums
    return whole.reshape(replicates, strata, dialogues, *shape)


def _stratum(
    name: str, metric: str, points: Floats, resamples: Floats, level: float, clusters: NDArray[np.int64]
) -> Stratum:
    rows, dialogues, mean = len(clusters), len(np.unique(clusters)), float(points.mean())
    sizes = ((rows, FEW_ROWS, "rows"), (dialogues, FEW_DIALOGUES, "dialogues"))
    warnings = tuple(f"{count} {what}, fewer than {few}" for count, few, what in sizes if count < few)
    if not np.isfinite(mean):
        return Stratum(name, metric, None, None, None, rows, dialogues, warnings, "undefined", points, resamples)
    low, high = interval(resamples, dialogues, level, metric_module(metric))
    reason = "one_dialogue" if dialogues < 2 else "undefined_in_resamples" if low is None else None
    return Stratum(name, metric, mean, low, high, rows, dialogues, warnings, reason, points, resamples)
