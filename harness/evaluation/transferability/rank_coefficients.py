"""Rank correlations of one series with many others at once, for permutation tests; equal to scipy's."""

from __future__ import annotations

import numpy as np

from harness.evaluation.transferability.estimate import Floats


def spearman(x: Floats, y: Floats) -> Floats:
    """Return Spearman's rho of x (n,) with each row of y (m, n), neither of them constant; ties share a rank."""
    from scipy.stats import rankdata

    a, b = (rankdata(values, axis=-1) - (len(x) + 1) / 2 for values in (x, y))
    rho: Floats = b @ a / np.sqrt((b**2).sum(axis=1) * (a**2).sum())
    return rho


def kendall(x: Floats, y: Floats) -> Floats:
    """Return Kendall's tau b of x (n,) with each row of y (m, n), neither of them constant."""
    return _tau(x, y, np.ones((1, len(x) * (len(x) - 1) // 2)))


def weighted(x: Floats, y: Floats) -> Floats:
    """Return Vigna's weighted tau of x (n,) with each row of y (m, n), neither of them constant.

    An exchange of the ranks r and s (from 0, the largest first) weighs 1 / (r + 1) + 1 / (s + 1); the mean of ranking
    by x and by y, ties broken by the other. Source: Vigna 2015; as scipy.stats.weightedtau.
    """
    xs = np.broadcast_to(x, y.shape)
    return (_tau(x, y, _weights(xs, y)) + _tau(x, y, _weights(y, xs))) / 2


def _tau(x: Floats, y: Floats, weight: Floats) -> Floats:
    """Return the weighted share of pairs in one order less that in the other, pairs that are tied in neither for 1."""
    i, j = np.triu_indices(len(x), 1)
    a, b = np.sign(x[i] - x[j]), np.sign(y[:, i] - y[:, j])
    tau: Floats = (weight * a * b).sum(axis=1) / np.sqrt((weight * a**2).sum(axis=1) * (weight * b**2).sum(axis=1))
    return tau


def _weights(first: Floats, second: Floats) -> Floats:
    """Return what each exchange weighs, (m, pairs), when rows are ranked by `first` and where that ties by `second`."""
    order = np.lexsort((second, first), axis=-1)[:, ::-1]
    signs = np.empty(first.shape)
    np.put_along_axis(signs, order, 1 / np.arange(1, first.shape[1] + 1)[None], axis=1)
    i, j = np.triu_indices(first.shape[1], 1)
    pairs: Floats = signs[:, i] + signs[:, j]
    return pairs
