"""Rank many recipes over targets: Friedman's test, Wilcoxon tests with Holm's correction.

Cells that share a target share its test rows and are not independent; the target is the block (Demsar 2006, Benavoli et
al. 2016). With four or five targets no test can be strict: every result says the smallest p that its blocks can give.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from harness.statistics.paired_tests import SLACK, holm

PERMUTATIONS = 10_000  # of ranks within targets
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Blocks:
    """The mean of each recipe on each target, over the sources that all recipes have there: (targets, recipes)."""

    recipes: tuple[str, ...]
    targets: tuple[str, ...]
    values: Floats
    cells: tuple[int, ...]  # sources that each target's mean is over
    left_out: tuple[str, ...]  # what was not counted, and why


@dataclass(frozen=True, slots=True)
class RankedPair:
    """Two recipes over all targets: mean difference, Wilcoxon's p, the same by Holm, or a reason."""

    first: str
    second: str
    difference: float
    p: float | None
    holm_p: float | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Recipes from the best average rank on, and what the tests say."""

    recipes: tuple[str, ...]
    ranks: tuple[float, ...]  # average over targets, 1 is the best
    blocks: int
    friedman: float | None
    friedman_p: float | None  # by permuting ranks within targets
    friedman_chi2_p: float | None  # by the chi-squared approximation, poor for few targets
    friedman_smallest_p: float
    pairs: tuple[RankedPair, ...]
    wilcoxon_smallest_p: float
    holm_smallest_p: float
    reason: str | None = None


def by_target(cells: Mapping[tuple[str, str, str], float | None]) -> Blocks:
    """Return the mean of every recipe on every target, over the sources for which every recipe has a value.

    Args:
        cells: (recipe, source, target) -> value of one metric, space and protocol, None where there is none. What is
            passed is counted: leave the diagonal out to compare cross-corpus values alone.
    """
    recipes = tuple(dict.fromkeys(recipe for recipe, _, _ in cells))
    pairs = dict.fromkeys((source, target) for _, source, target in cells)
    full = [pair for pair in pairs if all(cells.get((recipe, *pair)) is not None for recipe in recipes)]
    left_out = [f"{source} -> {target}: not all recipes" for source, target in pairs if (source, target) not in full]
    targets = tuple(dict.fromkeys(target for _, target in full))
    sources = {target: [source for source, other in full if other == target] for target in targets}
    numbers = {key: value for key, value in cells.items() if value is not None}
    values = [[np.mean([numbers[r, s, t] for s in sources[t]]) for r in recipes] for t in targets]
    counts = tuple(len(sources[target]) for target in targets)
    return Blocks(recipes, targets, np.array(values).reshape(len(targets), len(recipes)), counts, tuple(left_out))


def rank(blocks: Blocks, *, higher_is_better: bool = True, level: float = 0.05, seed: int = 0) -> Ranking:
    """Rank recipes within each target and test whether they differ.

    Args:
        blocks: of `by_target`.
        higher_is_better: as the metric's HIGHER_IS_BETTER.
        level: of Holm's correction.
        seed: of the 10,000 permutations of Friedman's test.
    """
    from scipy.stats import rankdata

    count, k = blocks.values.shape
    pairs_tested = k * (k - 1) // 2
    smallest = 2.0 ** (1 - count) if count else 1.0
    friedman_smallest = max(1 / factorial(k) ** max(count - 1, 0), 1 / (PERMUTATIONS + 1)) if k > 1 else 1.0
    holm_smallest = min(1.0, smallest * max(pairs_tested, 1))
    if k < 2 or count < 2:
        why = f"{k} recipes on {count} targets: two of each are needed"
        return Ranking(blocks.recipes, (), count, None, None, None, friedman_smallest, (), smallest, holm_smallest, why)
    ranks = rankdata(-blocks.values if higher_is_better else blocks.values, axis=1)
    order = np.argsort(ranks.mean(axis=0), kind="stable")
    names = tuple(blocks.recipes[at] for at in order)
    means = tuple(float(rank) for rank in ranks.mean(axis=0)[order])
    return Ranking(
        names,
        means,
        count,
        *_friedman(ranks, seed, friedman_smallest),
        friedman_smallest,
        _pairs(blocks, level),
        smallest,
        holm_smallest,
    )


def _friedman(ranks: Floats, seed: int, smallest: float) -> tuple[float | None, float | None, float | None]:
    """Return Friedman's statistic and its p, permuted within targets and by chi squared."""
    from scipy.stats import chi2

    count, k = ranks.shape
    spread = ((ranks - (k + 1) / 2) ** 2).sum()
    if spread == 0:
        return None, None, None  # all recipes tie on all targets
    centre = count * (k + 1) / 2
    scale = (k - 1) / spread
    statistic = float(scale * ((ranks.sum(axis=0) - centre) ** 2).sum())
    chance = np.random.default_rng([seed, count, k])
    order = chance.random((PERMUTATIONS, count, k)).argsort(axis=2)
    drawn = np.take_along_axis(np.broadcast_to(ranks, order.shape), order, axis=2).sum(axis=1)
    as_far = int((scale * ((drawn - centre) ** 2).sum(axis=1) >= statistic - SLACK).sum())
    p = max((as_far + 1) / (PERMUTATIONS + 1), smallest)  # what is drawn may fall below what all of them give
    return statistic, p, float(chi2.sf(statistic, k - 1))


def _pairs(blocks: Blocks, level: float) -> tuple[RankedPair, ...]:
    """Return Wilcoxon's signed-rank test, two-sided, of every two recipes over targets."""
    from scipy.stats import wilcoxon

    tests: list[tuple[str, str, float, float]] = []
    for first, other in combinations(range(len(blocks.recipes)), 2):
        apart = blocks.values[:, first] - blocks.values[:, other]
        apart = np.where(np.abs(apart) < SLACK, 0, apart)
        # recipes that never differ: scipy would divide by zero
        p = float(wilcoxon(apart).pvalue) if apart.any() else 1.0
        tests.append((blocks.recipes[first], blocks.recipes[other], float(apart.mean()), p))
    corrected, _ = holm([p for *_, p in tests], level)
    return tuple(RankedPair(*row, p) for row, p in zip(tests, corrected, strict=True))
