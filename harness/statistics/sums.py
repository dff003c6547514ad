"""Sufficient statistics per dialogue, and intervals from resampling dialogues.

Every metric is a function of sums over rows (counts, moments, calibration bins). Summed per dialogue once, a
bootstrap over dialogues is one matrix product, exact and cheap.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.statistics.rare_classes import DEFINED, where_complete

BINS = 15  # of the calibration error
LEAST = 2.0**-23  # a probability under the resolution of float32 counts as this in a logarithm
DRAWN = 1000  # resamples that are drawn at a time
Floats = NDArray[np.float64]


def confusion(truth: NDArray[np.int64], predicted: NDArray[np.int64], clusters: NDArray[np.int64], k: int) -> Floats:
    """Count (replicates, clusters, truth, predicted).

    Args:
        truth: class indices (n,).
        predicted: class indices (replicates, n).
        clusters: cluster number of each row (n,), from 0.
        k: number of classes.
    """
    size = int(clusters.max()) + 1
    cell = (clusters * k + truth) * k + predicted
    counts = np.asarray(
        [np.bincount(counts_of_cells, minlength=size * k * k) for counts_of_cells in cell], dtype=np.float64
    )
    return counts.reshape(len(predicted), size, k, k)


def cut(truth: Floats, predicted: Floats, clusters: NDArray[np.int64], cuts: Sequence[float]) -> Floats:
    """Count (replicates, clusters, truth, predicted) after cutting a scale at `cuts`, each interval right-closed."""
    t, p = np.digitize(truth, cuts, right=True), np.digitize(predicted, cuts, right=True)
    return confusion(t, p, clusters, len(cuts) + 1)


def moments(truth: Floats, predicted: Floats, clusters: NDArray[np.int64]) -> Floats:
    """Sum (replicates, clusters, 7): n, t, p, t^2, p^2, t p, |t - p| of truth (n,) and predicted (replicates, n)."""
    size = int(clusters.max()) + 1

    def summed(values: Floats) -> Floats:
        return np.bincount(clusters, weights=values, minlength=size).astype(np.float64)

    rows = [
        [np.ones_like(truth), truth, p, truth**2, p**2, truth * p, np.abs(truth - p)]
        for p in np.asarray(predicted, dtype=np.float64)
    ]
    return np.asarray([[summed(values) for values in row] for row in rows]).swapaxes(1, 2)


def calibration(truth: NDArray[np.int64], probabilities: Floats, clusters: NDArray[np.int64]) -> Floats:
    """Sum (replicates, clusters, bins, 3) of truth (n,) and probabilities (replicates, n, k).

    Rows, hits minus confidence, and the square of that sum: products of a cluster with itself (`squares` of `sums`).
    """
    size = int(clusters.max()) + 1
    confidence = probabilities.max(axis=-1).astype(np.float64)
    hits = probabilities.argmax(axis=-1) == truth
    bins = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    sums = [
        [np.bincount(clusters * BINS + b, weights=w, minlength=size * BINS) for w in (np.ones_like(apart), apart)]
        for b, apart in zip(bins, hits - confidence, strict=True)
    ]
    counted = np.asarray(sums).reshape(len(probabilities), 2, size, BINS).transpose(0, 2, 3, 1)
    return np.concatenate([counted, counted[..., 1:] ** 2], axis=-1)


def probability(truth: NDArray[np.int64], probabilities: Floats, clusters: NDArray[np.int64]) -> Floats:
    """Sum (replicates, clusters, 3): rows, squared error over classes, -log of the true class' probability."""
    p = probabilities[:, np.arange(len(truth)), truth]
    squared = (probabilities**2).sum(axis=-1) - 2 * p + 1
    lost = -np.log(np.maximum(p, LEAST))
    size = int(clusters.max()) + 1
    sums = [
        [np.bincount(clusters, weights=w, minlength=size) for w in (np.ones_like(values), values, other)]
        for values, other in zip(squared, lost, strict=True)
    ]
    return np.asarray(sums, dtype=np.float64).swapaxes(1, 2)


@lru_cache(maxsize=8)  # the cells of a target, of all recipes and spaces, ask for the same ones after each other
def draws(clusters: int, resamples: int, seed: int) -> NDArray[np.uint32]:
    """Return how often each cluster is drawn, (resamples, clusters), read-only; the same arguments, the same draws.

    Cells with the same target share their draws, so that differences between them are paired.
    """
    chance = np.random.default_rng([seed, clusters])
    drawn = np.zeros((resamples, clusters), dtype=np.uint32)
    for at in range(0, resamples, DRAWN):  # counting is five times as fast as numpy's multinomial
        which = chance.integers(clusters, size=(min(DRAWN, resamples - at), clusters), dtype=np.int32)
        which += np.arange(len(which), dtype=np.int32)[:, None] * clusters
        drawn[at : at + len(which)] = np.bincount(which.ravel(), minlength=which.size).reshape(which.shape)
    drawn.setflags(write=False)
    return drawn


def sums(statistic: Floats, weights: NDArray[Any], squares: int | None = None) -> Floats:
    """Return the sums of each resample, (replicates, resamples, ...), laid out so that resamples follow each other.

    Args:
        statistic: (replicates, clusters, ...) sums.
        weights: (resamples, clusters) from `draws`.
        squares: place in the last axis of products of a cluster with itself: those of one drawn twice count four times,
            and so what is left without them are products of different clusters, in a resample as in the sample.
    """
    if squares is not None:
        drawn = sums(statistic, weights)
        drawn[..., squares] = sums(np.ascontiguousarray(statistic[..., squares]), weights.astype(np.float64) ** 2)
        return drawn
    replicates, clusters, *shape = statistic.shape
    rows = statistic.reshape(replicates, clusters, -1).swapaxes(1, 2).reshape(-1, clusters)
    linear: Floats = np.moveaxis(_product(rows, weights.T).reshape(replicates, *shape, len(weights)), -1, 1)
    return linear


def _product(rows: Floats, weights: NDArray[Any]) -> Floats:
    """Return rows @ weights; counts times counts go in float32, which is exact below 2^24 and twice as fast."""
    counts = weights.dtype.kind == "u" and bool((rows == np.rint(rows)).all())
    if counts and float(weights.max()) * len(weights) * rows.max() < 2**24:
        return (rows.astype(np.float32) @ weights.astype(np.float32)).astype(np.float64)
    product: Floats = rows @ weights.astype(np.float64)
    return product


def each(statistic: Floats, weights: NDArray[Any], metric: Any) -> Floats:
    """Return the metric of each replicate in each resample, (replicates, resamples)."""
    reduce, squares = getattr(metric, "reduced", None), getattr(metric, "SQUARES", None)
    drawn = sums(reduce(statistic), weights) if reduce else sums(statistic, weights, squares)
    value = metric.from_reduced if reduce else metric.from_statistic
    return np.stack([where_complete(value(summed), summed, metric) for summed in drawn])


def resampled(statistic: Floats, weights: NDArray[Any], metric: Any) -> Floats:
    """Return the metric of each resample of one statistic, averaged over replicates, on what the metric needs of it."""
    average: Floats = each(statistic, weights, metric).mean(axis=0)
    return average


def interval(values: Floats, level: float, defined: float = DEFINED) -> tuple[float, float] | None:
    """Return the percentile interval of the resamples in which the metric is defined, or None where these are too few.

    Args:
        values: (resamples,), NaN where the metric is undefined.
        level: between 0 and 1.
        defined: share of the resamples that must have a value.
    """
    known = values[np.isfinite(values)]
    if not len(known) or len(known) < defined * len(values):
        return None
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def majority(truth: NDArray[np.int64], k: int) -> Floats:
    """Return the confusion matrix (k, k) of always predicting the most frequent class of the truth."""
    counts = np.bincount(truth, minlength=k).astype(np.float64)
    matrix = np.zeros((k, k))
    matrix[:, counts.argmax()] = counts
    return matrix


def prior_matched(truth: NDArray[np.int64], k: int) -> Floats:
    """Return the expected confusion matrix (k, k) of guessing classes at random by their share of the truth."""
    counts = np.bincount(truth, minlength=k).astype(np.float64)
    matrix: Floats = np.outer(counts, counts) / counts.sum()
    return matrix
