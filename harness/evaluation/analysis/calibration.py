"""Probabilities of a cell before and after temperatures fitted on the source's dev split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, fields, replace
from typing import Any

import numpy as np

from harness.evaluation.analysis.recipe_on_target import RecipeOnTarget
from harness.statistics import calibration
from harness.statistics.temperature import best, fitted, tempered

MEASURES = tuple(measure.name for measure in fields(calibration.Calibration))
STATES = ("raw", "tempered", "oracle")
COLUMNS = ("state", *MEASURES, "temperature", "kept", "replicates", "reason")
BINS = ("state", *(column.name for column in fields(calibration.Bin)))
RISK = ("coverage", "risk")
POINTS = 20  # of a risk-coverage curve


def lines(on_target: RecipeOnTarget, source: str) -> Iterator[list[Any]]:
    """Yield the measures raw, tempered, and with the best temperature for the target's own truth (a bound)."""
    scored = on_target.scored(source)
    count = len(scored.scores)

    def measures(scores: Any) -> tuple[Any, ...]:
        return astuple(calibration.measured(scored.truth, scores, scored.clusters))

    yield ["raw", *measures(scored.scores), 1.0, "", count, ""]
    made = _tempered(on_target, source)
    if made is None:
        yield ["tempered", *[None] * len(MEASURES), None, "", count, "no_labelled_dev_rows"]
    else:
        scores, temperature, kept = made
        yield ["tempered", *measures(scores), temperature, kept, count, ""]
    bounds = [best(scored.truth, scores.astype(np.float64)) for scores in scored.scores]
    after = tempered(scored.scores, bounds)
    yield ["oracle", *measures(after), float(np.mean(bounds)), "", count, ""]


def _tempered(on_target: RecipeOnTarget, source: str) -> tuple[Any, float, str] | None:
    """Return the tempered scores of a cell, the mean temperature, and how many models keep theirs."""
    fits = {key: fitted(*rows) for key, rows in on_target.dev(source).items()}
    replicates = on_target.predictions(source)
    if not fits or any((replicate.fold, replicate.seed) not in fits for replicate in replicates):
        return None
    of_replicates = [fits[replicate.fold, replicate.seed] for replicate in replicates]
    changed = [
        replace(replicate, scores=tempered(replicate.scores, fit.temperature)[0].astype(np.float32))
        for replicate, fit in zip(replicates, of_replicates, strict=True)
    ]
    mean = float(np.mean([fit.temperature for fit in of_replicates]))
    kept = f"{sum(fit.keep for fit in of_replicates)} of {len(replicates)}"
    return on_target.aligned(source, changed).scores, mean, kept


def tempered_scores(on_target: RecipeOnTarget, source: str) -> Any:
    """Return the scores (replicates, n, classes) of a cell with temperatures of source dev, or None without dev."""
    made = _tempered(on_target, source)
    return None if made is None else made[0]


def bins(on_target: RecipeOnTarget, source: str) -> Iterator[list[Any]]:
    """Yield the bars of the reliability diagram, raw and tempered."""
    scored, made = on_target.scored(source), _tempered(on_target, source)
    for state, scores in (("raw", scored.scores), *([("tempered", made[0])] if made else [])):
        for bin_ in calibration.reliability(scored.truth, scores):
            yield [state, *astuple(bin_)]


def risk(on_target: RecipeOnTarget, source: str) -> Iterator[list[Any]]:
    """Yield points of the risk-coverage curve, the mean over replicates."""
    scored = on_target.scored(source)
    coverage, risks = calibration.risk_coverage(scored.truth, scored.scores)
    mean, n = risks.mean(axis=0), len(coverage)
    for at in sorted({max(round(n * step / POINTS), 1) - 1 for step in range(1, POINTS + 1)}):
        yield [float(coverage[at]), float(mean[at])]
