"""Intervals of few clusters: the level at which a percentile interval covers as it says."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np


@lru_cache(maxsize=1024)  # asked for once a cell and metric
def small_sample_level(clusters: int, level: float = 0.95) -> float:
    """Return the level whose percentile interval of few clusters covers as `level` says (Hesterberg 2015).

    The bootstrap's spread is too small by sqrt((n - 1) / n), and a normal quantile stands where Student's belongs: the
    expanded percentile interval takes tails of Phi(-sqrt(n / (n - 1)) t) instead.

    Raises:
        ValueError: fewer than two clusters have no spread.
    """
    from scipy.stats import norm, t

    if clusters < 2:
        raise ValueError(f"{clusters} clusters have no spread")
    wide = (clusters / (clusters - 1)) ** 0.5 * float(t.ppf((1 + level) / 2, clusters - 1))
    return float(1 - 2 * norm.sf(wide))


def level_of_mean(variances: Sequence[float], clusters: Sequence[int], level: float = 0.95) -> float | None:
    """Return the level whose percentile interval of a mean over targets covers as `level` says, each of few clusters.

    Each target is widened as it would be alone (`small_sample_level`), so that one of few clusters counts by its share
    of the variance. Degrees of freedom as of Welch (1947) and Satterthwaite (1946) fall short here: the variance of a
    target of four clusters is known so badly that it seems to be small too often. None where a target has one cluster,
    whose spread nobody knows.

    Args:
        variances: of each target over resamples.
        clusters: of each target.
        level: between 0 and 1.
    """
    from scipy.stats import norm

    if min(clusters) < 2:
        return None
    drawn = np.asarray(variances, dtype=np.float64)
    wide = np.array([float(norm.isf((1 - small_sample_level(count, level)) / 2)) for count in clusters])
    share = drawn / drawn.sum() if drawn.any() else np.full(len(drawn), 1 / len(drawn))
    return float(1 - 2 * norm.sf((share @ wide**2) ** 0.5))
