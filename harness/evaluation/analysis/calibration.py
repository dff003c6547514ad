"""Probabilities of a cell before and after temperatures fitted on the source's dev split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import numpy as np

from harness.evaluation.analysis.recipe_on_target import RecipeOnTarget
from harness.statistics import calibration
from harness.statistics.temperature import best, fitted, tempered

MEASURES = tuple(one.name for one in fields(calibration.Calibration))
STATES = ("raw", "tempered", "oracle")
COLUMNS = ("state", *MEASURES, "temperature", "kept", "replicates", "reason")
BINS = ("state", "low", "high", "rows", "accuracy", "confidence")
RISK = ("coverage", "risk")
POINTS = 20  # of a risk-coverage curve


def lines(field: RecipeOnTarget, source: str) -> Iterator[list[Any]]:
    """Yield the measures raw, tempered, and with the best temperature for the target's own truth (a bound)."""
    scored = field.scored(source)
    count = len(scored.scores)
    yield ["raw", *_measured(scored.truth, scored.scores), 1.0, "", count, ""]
    made = _tempered(field, source)
    if made is None:
        yield ["tempered", *[None] * len(MEASURES), None, "", count, "no_labelled_dev_rows"]
    else:
        scores, temperature, kept = made
        yield ["tempered", *_measured(scored.truth, scores), temperature, kept, count, ""]
    bounds = [best(scored.truth, one.astype(np.float64)) for one in scored.scores]
    after = tempered(scored.scores, bounds)
    yield ["oracle", *_measured(scored.truth, after), float(np.mean(bounds)), "", count, ""]


def _tempered(field: RecipeOnTarget, source: str) -> tuple[Any, float, str] | None:
    """Return the tempered scores of a cell, the mean temperature, and how many models keep theirs."""
    fits = {key: fitted(*rows) for key, rows in field.dev(source).items()}
    said = field.said(source)
    if not fits or any((one.fold, one.seed) not in fits for one in said):
        return None
    changed = [
        replace(one, scores=tempered(one.scores, fits[one.fold, one.seed].temperature)[0].astype(np.float32))
        for one in said
    ]
    kept = sum(fits[one.fold, one.seed].keep for one in said)
    mean = float(np.mean([fits[one.fold, one.seed].temperature for one in said]))
    return field.aligned(source, changed).scores, mean, f"{kept} of {len(said)}"


def _measured(truth: Any, scores: Any) -> list[float]:
    found = calibration.measured(truth, scores)
    return [getattr(found, name) for name in MEASURES]


def bins(field: RecipeOnTarget, source: str) -> Iterator[list[Any]]:
    """Yield the bars of the reliability diagram, raw and tempered."""
    scored, made = field.scored(source), _tempered(field, source)
    for state, scores in (("raw", scored.scores), *([("tempered", made[0])] if made else [])):
        for one in calibration.reliability(scored.truth, scores):
            yield [state, one.low, one.high, one.rows, one.accuracy, one.confidence]


def risk(field: RecipeOnTarget, source: str) -> Iterator[list[Any]]:
    """Yield points of the risk-coverage curve, the mean over replicates."""
    scored = field.scored(source)
    coverage, found = calibration.risk_coverage(scored.truth, scored.scores)
    mean, n = found.mean(axis=0), len(coverage)
    for at in sorted({max(round(n * step / POINTS), 1) - 1 for step in range(1, POINTS + 1)}):
        yield [float(coverage[at]), float(mean[at])]
