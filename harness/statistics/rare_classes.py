"""Leave classes of very few rows out of a mean over classes, and say where a resample has lost a class.

A recall of two rows is 0, a half or 1, and a mean over seven classes moves by .07 with each of them: the two rows
decide the mean, and a bootstrap cannot tell, for it draws the same two rows. So a class with fewer rows than the least
support does not enter a metric that averages classes (`AVERAGES_CLASSES` of its file). A resample that lacks a class
that does enter has no value: over the other classes it would be the mean of something else.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST_SUPPORT = 10  # where no params.yaml says it: one row moves the mean over seven classes by .014 at most
COMPLETE, DEFINED = 0.5, 0.95  # share of the resamples that must have every class, or any value
Floats = NDArray[np.float64]


def rare(support: NDArray[Any], least: int) -> NDArray[np.bool_]:
    """Return which classes (k,) have rows, but fewer than `least`; none where that would leave one class or none.

    Args:
        support: rows of each class (k,).
        least: rows that a class needs.
    """
    few = (support > 0) & (support < least)
    some: NDArray[np.bool_] = few if ((support > 0) & ~few).sum() > 1 else np.zeros_like(few)
    return some


def averages_classes(metric: ModuleType) -> bool:
    """Tell whether a metric is a mean over classes, each counting alike."""
    return bool(getattr(metric, "AVERAGES_CLASSES", False))


def defined_share(metric: ModuleType) -> float:
    """Return the share of resamples that must have a value for an interval.

    It is a half of a mean over classes, whose interval is that of the resamples that have all classes.
    """
    return COMPLETE if averages_classes(metric) else DEFINED


def without_rare(counts: Floats, metric: ModuleType, least: int) -> Floats:
    """Return confusion counts (..., truth, predicted) without the rows of rare classes, for a mean over classes.

    Args:
        counts: of one set of rows; all but the last two axes are summed for the support, so they may be replicates,
            dialogues or both.
        metric: of any other metric they come back as they are.
        least: rows that a class needs.
    """
    if not averages_classes(metric):
        return counts
    replicates = counts.shape[0] if counts.ndim > 3 else 1
    support = counts.sum(axis=-1).reshape(-1, counts.shape[-2]).sum(axis=0) / replicates
    few = rare(support, least)
    if not few.any():
        return counts
    kept = counts.copy()
    kept[..., few, :] = 0
    return kept


def where_complete(values: Floats, drawn: Floats, metric: ModuleType) -> Floats:
    """Return the values of resamples, NaN where a resample lacks a class that others have.

    Args:
        values: (resamples,) of a metric; of one that is no mean over classes they come back as they are.
        drawn: the sums of each resample, (resamples, 3, k) of `reduced` or (resamples, truth, predicted).
        metric: a module of harness/metrics.
    """
    if not averages_classes(metric):
        return values
    rows = drawn[..., 0, :] if hasattr(metric, "reduced") else drawn.sum(axis=-1)
    there = rows > 0
    lost = (~there & there.any(axis=0)).any(axis=-1)
    return np.where(lost, np.nan, values)
