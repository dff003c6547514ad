"""The gap of a cell as the sum of what prior, coverage and features cost (docs/decomposition.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, fields
from typing import Any

import numpy as np

from harness.core.plugins import find
from harness.evaluation.analysis.calibration import tempered_scores
from harness.evaluation.analysis.recipe_on_target import RecipeOnTarget
from harness.statistics.few_clusters import small_sample_level
from harness.statistics.gap_decomposition import CAUSES, GapCell, Term, decomposed

TERMS = ("gap", *CAUSES)
SCORES = ("raw", "tempered")  # tempered: by one temperature per model, from source dev
COLUMNS = ("scores", "metric", "term", *(number.name for number in fields(Term)), "warnings", "reason")
METRICS = ("uar", "wf1")


def lines(on_target: RecipeOnTarget, source: str) -> Iterator[list[Any]]:
    """Yield the gap and its three terms for UAR and WF1, of raw and of tempered scores; nothing for the in-domain cell.

    A model that is too sure books a part of a prior shift as feature shift (docs/decomposition.md).
    """
    own = on_target.target.name
    learned, learned_at_home = on_target.priors(source), on_target.priors(own)
    if source == own or own not in on_target.sources() or not learned or not learned_at_home:
        return
    home, scored = on_target.scored(own), on_target.scored(source)
    if not home.stands_on(scored):
        return
    source_prior, target_prior = (np.mean(list(priors.values()), axis=0) for priors in (learned, learned_at_home))
    priors = target_prior, source_prior
    weights = scored.draws(on_target.statistics)
    several = weights.shape[1] > 1  # one dialogue has no interval
    level = small_sample_level(weights.shape[1], on_target.level) if several else on_target.level
    weights = weights if several else weights[:0]
    both = {"raw": (home.scores, scored.scores)}
    ours, theirs = (tempered_scores(on_target, of) for of in (own, source))
    if ours is not None and theirs is not None:
        both["tempered"] = ours, theirs
    for scores, (inside, cross) in both.items():
        cell = GapCell(scored.truth, scored.clusters, inside, cross, *priors, least=scored.least)
        for name in METRICS:
            decomposition = decomposed(cell, find("metric", name), weights, level)
            for term in TERMS:
                part = getattr(decomposition, term)
                numbers = astuple(part) if part else [None] * len(fields(Term))
                yield [scores, name, term, *numbers, "; ".join(decomposition.warnings), decomposition.reason]
