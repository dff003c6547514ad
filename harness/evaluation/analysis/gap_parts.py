"""The gap of a cell as the sum of what prior, coverage and features cost (docs/decomposition.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from harness.core.plugins import find
from harness.evaluation.analysis.recipe_on_target import RecipeOnTarget
from harness.statistics.few_clusters import small_sample_level
from harness.statistics.gap_decomposition import CAUSES, GapCell, decomposed

TERMS = ("gap", *CAUSES)
COLUMNS = ("metric", "term", "value", "low", "high", "least", "most", "warnings", "reason")
METRICS = ("uar", "wf1")


def lines(field: RecipeOnTarget, source: str) -> Iterator[list[Any]]:
    """Yield the gap and its three terms for UAR and WF1; nothing for the in-domain cell."""
    home, scored = field.home(), field.scored(source)
    learned, own = field.priors(source), field.priors(field.target.name)
    if source == field.target.name or home is None or not learned or not own:
        return
    if not home.stands_on(scored):
        return
    source_prior, target_prior = (np.mean(list(one.values()), axis=0) for one in (learned, own))
    cell = GapCell(scored.truth, scored.clusters, home.scores, scored.scores, target_prior, source_prior)
    weights = field.weights(source)
    several = weights.shape[1] > 1  # one dialogue has no interval
    level = small_sample_level(weights.shape[1], field.level) if several else field.level
    weights = weights if several else weights[:0]
    for name in METRICS:
        found = decomposed(cell, find("metric", name), weights, level)
        for term in TERMS:
            one = getattr(found, term)
            numbers = [one.value, one.low, one.high, one.least, one.most] if one else [None] * 5
            yield [name, term, *numbers, "; ".join(found.warnings), found.reason or ""]
