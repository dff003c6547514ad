"""Compare two recipes on the same test rows: bootstrap and permutation over whole dialogues, Holm's correction.

Both tests work on sums per dialogue (harness/statistics/sums.py), so that thousands of draws are one matrix product.
Cells of two recipes can be compared when they hold the same rows in the same dialogues.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import lcm
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.statistics import sums

SLACK = 1e-12  # two ways to the same difference may part in the last digits
Floats = NDArray[np.float64]


class Spread(Protocol):
    """What scoring.Value and strata.Stratum have: a metric per replicate and per resample."""

    @property
    def replicates(self) -> Floats:
        """The metric of each replicate, (replicates,)."""

    @property
    def resamples(self) -> Floats:
        """The metric of each resample, averaged over replicates, (resamples,)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric of one recipe minus that of another; a missing number has a reason.

    `opposite` is the share of resamples whose difference is zero or has the other sign.
    """

    value: float | None
    low: float | None
    high: float | None
    opposite: float | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Permutation:
    """A two-sided p of a difference, and the smallest p that so many dialogues and permutations can give."""

    value: float | None
    p: float | None
    smallest_p: float
    permutations: int
    exact: bool  # every way to exchange was tried
    reason: str | None = None


def paired_bootstrap(first: Spread, second: Spread, level: float = 0.95) -> Difference:
    """Return first minus second, with the percentile interval over the dialogue draws that both share.

    Args:
        first: a metric of one recipe, resampled with `statistics.draws` of one seed and number of dialogues.
        second: the same metric of the other recipe, resampled with the same draws.
        level: of the interval, between 0 and 1. Under 20 dialogues take `comparison_clusters.small_sample_level`: with
            eight, .95 calls two equal recipes different in 12 % of all cases.

    Raises:
        ValueError: the two were not resampled equally often.
    """
    if first.resamples.shape != second.resamples.shape or first.resamples.ndim != 1:
        shapes = f"{first.resamples.shape} and {second.resamples.shape}"
        raise ValueError(f"two recipes are compared on the same draws, one value each; their shapes are {shapes}")
    value = float(np.mean(first.replicates) - np.mean(second.replicates))
    if not np.isfinite(value):
        return Difference(None, None, None, None, "undefined")
    drawn = first.resamples - second.resamples
    spread = sums.interval(drawn, level)
    if spread is None:
        return Difference(value, None, None, None, "undefined_in_resamples")
    known = drawn[np.isfinite(drawn)]
    opposite = float(np.mean(known * np.sign(value) <= 0))
    return Difference(value, *spread, opposite)


def paired_permutation(
    first: Floats, second: Floats, metric: Any, permutations: int = 10_000, seed: int = 0
) -> Permutation:
    """Test a difference by exchanging, dialogue by dialogue, which recipe gave which predictions.

    Under the null hypothesis the two recipes' predictions of a dialogue could change places. p = (b + 1) / (m + 1) of m
    random exchanges (Phipson and Smyth 2010), or the exact share where all exchanges are no more than `permutations`.
    Permutations in which the metric is undefined count against the difference.

    Args:
        first: sums per dialogue of one recipe, (replicates, dialogues, ...), as `scoring.statistic` makes them.
        second: the same of the other recipe. Replicates are paired in order; where one recipe has more, those of the
            other are taken again, which leaves its mean as it is.
        metric: a module of harness/metrics with one value per cell.
        permutations: how many exchanges are drawn at most.
        seed: of the draws.

    Raises:
        ValueError: the two do not hold the same dialogues, or the metric has one value per class.
    """
    masks, exact = exchanges(first.shape[1], permutations, seed)
    observed, apart = exchanged(first, second, metric, masks)
    smallest = 1 / len(masks) if exact else 1 / (len(masks) + 1)
    if not np.isfinite(observed):
        return Permutation(None, None, smallest, len(masks), exact, "undefined")
    as_far = farther(observed, apart)
    p = as_far / len(masks) if exact else (as_far + 1) / (len(masks) + 1)
    return Permutation(observed, p, smallest, len(masks), exact)


def exchanged(first: Floats, second: Floats, metric: Any, masks: NDArray[np.uint8]) -> tuple[float, Floats]:
    """Return the difference of two recipes, and the same after each exchange of dialogues, (permutations,).

    Args:
        first, second, metric: as in `paired_permutation`.
        masks: (permutations, dialogues), 1 where a dialogue's predictions change places.

    Raises:
        ValueError: the two do not hold the same dialogues, or the metric has one value per class.
    """
    if first.shape[1:] != second.shape[1:]:
        raise ValueError(f"two recipes are compared on the same dialogues; sums are {first.shape} and {second.shape}")
    reduce = getattr(metric, "reduced", None)
    value = metric.from_reduced if reduce else metric.from_statistic
    ours, other = _paired(*((reduce(first), reduce(second)) if reduce else (first, second)))
    moved = sums.sums(other - ours, masks)
    ones, others = ours.sum(axis=1)[:, None], other.sum(axis=1)[:, None]
    # one replicate at a time: all of them together would leave the processor's cache
    apart: Floats = np.mean([value(a + m) - value(b - m) for a, b, m in zip(ones, others, moved, strict=True)], axis=0)
    if apart.ndim != 1:
        raise ValueError("a metric with one value per class has no single difference to test")
    return float(np.mean(value(ones[:, 0]) - value(others[:, 0]))), apart


def farther(observed: float, apart: Floats) -> int:
    """Count the exchanges whose difference is at least as large as the observed one, or undefined."""
    return int((~(np.abs(apart) < abs(observed) - SLACK)).sum())


@lru_cache(maxsize=8)
def exchanges(clusters: int, permutations: int, seed: int) -> tuple[NDArray[np.uint8], bool]:
    """Return which dialogues change places, (permutations, clusters), and whether these are all ways to do it.

    Exchanging the complement only turns the sign of a difference, so that all ways are 2^(clusters - 1): the first
    dialogue stays. They are taken where they are no more than `permutations`.
    """
    exact = 2 ** min(clusters - 1, 62) <= permutations
    if exact:
        numbers = np.arange(2 ** (clusters - 1))[:, None]
        masks = (numbers >> np.arange(clusters)[::-1] & 1).astype(np.uint8)
    else:
        masks = random_exchanges(clusters, permutations, seed)
    masks.setflags(write=False)
    return masks, exact


@lru_cache(maxsize=8)
def random_exchanges(clusters: int, permutations: int, seed: int) -> NDArray[np.uint8]:
    """Return (permutations, clusters) of 0 and 1 by chance, read-only; the same arguments, the same ones."""
    masks = np.random.default_rng([seed, clusters]).integers(0, 2, (permutations, clusters), dtype=np.uint8)
    masks.setflags(write=False)
    return masks


def _paired(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Return both with equally many replicates, each recipe's taken equally often."""
    count = lcm(len(first), len(second))
    if len(first) == len(second):
        return first, second
    return np.concatenate([first] * (count // len(first))), np.concatenate([second] * (count // len(second)))


def holm(ps: Sequence[float | None], level: float = 0.05) -> tuple[list[float | None], list[bool]]:
    """Return p values corrected for their number by Holm's step-down (1979), and whether each is at most `level`.

    A missing p stays missing, is not counted as a test, and rejects nothing.
    """
    # statsmodels' multipletests collects garbage at every call, which takes a tenth of a second and more
    known = sorted((p, at) for at, p in enumerate(ps) if p is not None)
    corrected: list[float | None] = [None] * len(ps)
    before = 0.0
    for tested, (p, at) in enumerate(known):
        before = max(before, min(1.0, p * (len(known) - tested)))
        corrected[at] = before
    return corrected, [p is not None and p <= level for p in corrected]
