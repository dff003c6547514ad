"""Macro-F1: the mean F1 over the classes that occur in the target's truth.

torchmetrics and scikit-learn average over every class that was seen in truth or prediction, so we take
torchmetrics' counts and average ourselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.metrics._margins import counted, parts, reduced

TITLE = "macro-F1"
MEANING = "mean F1 over the same classes as UAR"
KIND, STATISTIC, HIGHER_IS_BETTER = "classes", "confusion", True
AVERAGES_CLASSES = True  # so a class of very few rows is left out (harness/statistics/rare_classes.py)


def f1_per_class(margins: NDArray[Any]) -> NDArray[np.float64]:
    """Return F1 = 2 hits / (truth + predicted), (..., classes), of `reduced` matrices; 0 for a class in neither."""
    rows, predicted, hits = parts(margins)
    both = rows + predicted
    f1: NDArray[np.float64] = np.divide(2 * hits, both, out=np.zeros_like(both, dtype=np.float64), where=both > 0)
    return f1


def from_statistic(confusion: NDArray[Any]) -> NDArray[np.float64]:
    """Return macro-F1 of confusion matrices (..., truth, predicted); NaN where no row is left."""
    return from_reduced(reduced(confusion))


def from_reduced(margins: NDArray[Any]) -> NDArray[np.float64]:
    """Return the same of what `reduced` leaves of the matrices, (..., 3, classes)."""
    present = (parts(margins)[0] > 0).sum(axis=-1)  # the F1 of an absent class is 0, present or not
    with np.errstate(invalid="ignore"):
        value: NDArray[np.float64] = f1_per_class(margins).sum(axis=-1) / present
    return value


def point(truth: Any, probabilities: Any) -> NDArray[np.float64]:
    """Return macro-F1 per replicate of truth (n,) and probabilities (replicates, n, classes), by torchmetrics."""
    return from_reduced(counted(truth, probabilities))
