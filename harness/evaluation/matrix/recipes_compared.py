"""Compare every two recipes of a study, per target and over all targets.

What a recipe is worth on a target is the mean over its cross-corpus cells there, of the sources that all recipes have;
over all targets, the mean of these. Draws of dialogues are shared within a target, so that differences are paired. The
permutation test compares with one recipe that params.yaml names before anybody looks, the baseline: choosing it from
the results would flatter it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations

import numpy as np

from harness.evaluation.matrix.scoring import Floats, interval
from harness.statistics.paired_tests import farther, holm

ALL = "all"  # the scope of a difference over all targets


@dataclass(slots=True)
class RecipeScore:
    """One recipe on one target: the mean over its cells, resampled; and against the baseline, exchanged."""

    recipe: str
    target: str
    cells: int
    clusters: int
    value: float
    resamples: Floats  # (resamples,)
    apart: float | None = None  # from the baseline
    exchanged: Floats | None = None  # (permutations,) the same after exchanges; None for the baseline itself


@dataclass(frozen=True, slots=True)
class RecipePair:
    """First minus second over one target or all; p of the permutation test only where second is the baseline."""

    first: str
    second: str
    scope: str
    cells: int
    difference: float
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    smallest_p: float | None


COLUMNS = ("space", "metric", *(field.name for field in fields(RecipePair)))


def compared(entries: Sequence[RecipeScore], baseline: str, level: float) -> list[RecipePair]:
    """Return all pairs over all targets, and every recipe against the baseline on each target.

    Args:
        entries: one per recipe and target, of one space and metric; targets that a recipe lacks are left out for all.
        baseline: a recipe.
        level: of the intervals; with few dialogues they are widened (`small_sample_level`).
    """
    recipes = list(dict.fromkeys(entry.recipe for entry in entries))
    scores = {(entry.recipe, entry.target): entry for entry in entries}
    targets = [
        target
        for target in dict.fromkeys(entry.target for entry in entries)
        if all((recipe, target) in scores for recipe in recipes)
        and all(np.isfinite(scores[recipe, target].value) for recipe in recipes)
    ]
    if not targets or len(recipes) < 2:
        return []
    pairs = [(first, second) for second, first in combinations(recipes, 2)]
    pairs = [(first, second) if first != baseline else (second, first) for first, second in pairs]

    def difference(scope: str, pair: tuple[str, str], over: Sequence[str]) -> RecipePair:
        first, second = ([scores[recipe, target] for target in over] for recipe in pair)
        return _difference(scope, first, second, baseline, level)

    overall = [difference(ALL, pair, targets) for pair in pairs]
    others = [recipe for recipe in recipes if recipe != baseline and baseline in recipes]
    each = [difference(target, (recipe, baseline), [target]) for target in targets for recipe in others]
    return [*_corrected(overall), *_corrected(each)]


def _difference(
    scope: str, first: list[RecipeScore], second: list[RecipeScore], baseline: str, level: float
) -> RecipePair:
    apart = float(np.mean([a.value - b.value for a, b in zip(first, second, strict=True)]))
    drawn = np.mean([a.resamples - b.resamples for a, b in zip(first, second, strict=True)], axis=0)
    clusters = sum(entry.clusters for entry in first)
    low, high = interval(drawn, clusters, level)
    p = smallest = None
    if second[0].recipe == baseline:
        p, smallest = _p(first)
    cells = sum(entry.cells for entry in first)
    return RecipePair(first[0].recipe, second[0].recipe, scope, cells, apart, low, high, p, None, smallest)


def _p(entries: Sequence[RecipeScore]) -> tuple[float | None, float | None]:
    """Return p of the mean difference over targets, each exchanged on its own, and the least it can be.

    Of n dialogues there are 2^(n - 1) exchanges that differ in more than the sign.
    """
    known = [(of.apart, of.exchanged) for of in entries if of.apart is not None and of.exchanged is not None]
    if len(known) < len(entries):
        return None, None
    observed = float(np.mean([apart for apart, _ in known]))
    drawn: Floats = np.mean([exchanged for _, exchanged in known], axis=0)
    count = len(drawn)
    smallest = max(1 / (count + 1), 2.0 ** (1 - sum(entry.clusters for entry in entries)))
    return max((farther(observed, drawn) + 1) / (count + 1), smallest), smallest


def _corrected(pairs: Sequence[RecipePair]) -> Iterator[RecipePair]:
    """Yield the same with Holm's correction over all that have a p."""
    corrected, _ = holm([pair.p for pair in pairs])
    for pair, p in zip(pairs, corrected, strict=True):
        yield replace(pair, p_holm=p)
