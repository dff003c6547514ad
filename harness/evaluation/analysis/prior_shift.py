"""Prior correction of a cell by EM and BBSE, with all that tells whether to believe it.

The estimate sees the scores of the target's test rows and no label. `oracle` re-weights by the true class shares.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from harness.core.plugins import find
from harness.evaluation.analysis.recipe_on_target import RecipeOnTarget
from harness.evaluation.matrix.scoring import Floats, ScoredRows
from harness.statistics.prior_shift import Shift, adjusted, bbse, em, ratio, shares
from harness.statistics.rare_classes import without_rare
from harness.statistics.sums import confusion
from harness.statistics.temperature import bias_corrected, biased, fitted, tempered

COLUMNS = (
    *("method", "distance_source", "distance", "collapsed", "condition", "uar_before", "uar", "wf1_before", "wf1"),
    *("replicates", "warnings", "reason"),
)
METHODS = ("em", "em_tempered", "em_bcts", "bbse_soft", "oracle")
METRICS = ("uar", "wf1")


def lines(on_target: RecipeOnTarget, source: str) -> Iterator[list[Any]]:
    """Yield each method: distance from the true prior before and after, whether it collapsed, and what it yields."""
    scored = on_target.scored(source)
    if source == on_target.target.name:
        return
    replicates, dev, learned = on_target.predictions(source), on_target.dev(source), on_target.priors(source)
    if not learned or any(replicate.fold not in learned for replicate in replicates):
        return
    true = shares(scored.truth, len(on_target.space.classes))
    priors = [learned[replicate.fold] for replicate in replicates]
    for method in METHODS:
        estimates = [
            _corrected(method, scores.astype(np.float64), prior, true, dev.get((replicate.fold, replicate.seed)))
            for replicate, scores, prior in zip(replicates, scored.scores, priors, strict=True)
        ]
        cells = {"method": method, **_summary(estimates, scored, priors, true)}
        yield [cells.get(column) for column in COLUMNS]


def _corrected(method: str, p: Floats, source: Floats, true: Floats, dev: Any) -> tuple[Shift | None, Floats | None]:
    """Return the estimate of one replicate and its re-weighted scores."""
    if method == "oracle":
        return None, adjusted(p, ratio(true, source))
    if method == "em":
        shift = em(p, source, true)
    elif dev is None:
        return None, None
    elif method == "em_tempered":
        p = tempered(p, fitted(*dev).temperature)[0]
        shift = em(p, source, true)
    elif method == "em_bcts":  # calibrated on dev, the scores stand for the prior of dev
        y, rows = dev[0], np.asarray(dev[1], dtype=np.float64)
        p = biased(p, *bias_corrected(y, rows))
        shift = em(p, shares(y, p.shape[1]), true)
    else:
        shift = bbse(dev[0], dev[1], p, source, soft=True, true=true)
    return shift, None if shift.weights is None else adjusted(p, shift.weights)


def _summary(estimates: list[Any], scored: ScoredRows, sources: list[Floats], true: Floats) -> dict[str, Any]:
    """Return column -> cell of one method, without those that have nothing to say."""
    away = float(np.mean([np.abs(source - true).sum() / 2 for source in sources]))
    cells: dict[str, Any] = {f"{name}_before": _value(name, scored, scored.scores) for name in METRICS}
    cells |= {"distance_source": away, "replicates": len(estimates)}
    missing = [shift for shift, after in estimates if after is None]
    if missing:
        reasons = sorted({shift.reason or "" if shift else "no_labelled_dev_rows" for shift in missing})
        return cells | {"reason": "; ".join(reasons)}
    corrected = np.stack([after for _, after in estimates])
    cells |= {name: _value(name, scored, corrected) for name in METRICS}
    shifts = [shift for shift, _ in estimates if shift is not None]
    if not shifts:
        return cells | {"distance": 0.0}
    return cells | {
        "distance": _mean([shift.distance for shift in shifts]),
        "collapsed": f"{sum(shift.collapsed for shift in shifts)} of {len(shifts)}",
        "condition": _mean([shift.confusion.condition for shift in shifts if shift.confusion]),
        "warnings": "; ".join(sorted({text for shift in shifts for text in shift.warnings if "collapsed" not in text})),
    }


def _value(name: str, scored: ScoredRows, scores: Any) -> float:
    metric, one_cluster = find("metric", name), np.zeros(len(scored.truth), dtype=np.int64)
    counts = confusion(scored.truth, scores.argmax(axis=-1), one_cluster, scores.shape[-1])
    return float(np.mean(metric.from_statistic(without_rare(counts, metric, scored.least)[:, 0])))


def _mean(values: list[Any]) -> float | None:
    return float(np.mean(values)) if values else None
